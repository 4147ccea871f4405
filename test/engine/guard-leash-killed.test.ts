import { spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { hostName } from "../../src/guard/leash/cgroup.ts";
import { builtCommand } from "../support/cli.ts";
import { type KillingDoor, openKillingDoor } from "../support/guard/killing-door.ts";
import { type LeashedRun, type Leashes, openLeashes, user } from "../support/guard/leash-process.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { untilAnswers } from "./restart.ts";

/** So many of its requests are kill points, apart from each other; BULKHEAD_KILL_POINTS=999 takes each. */
const points = Number(process.env.BULKHEAD_KILL_POINTS ?? 5);

const life = `
  docker volume create data; docker network create net
  docker run -d --name web --network net -v data:/d -v "$PWD:/x" ${busybox} sleep 1d
  docker run -d -u "$(id -u)" -v /anonymous -v "$PWD:/x" --restart always ${busybox} sleep 1d
  printf 'FROM ${busybox}\\nRUN echo hi > /hi\\n' | docker build -q -t app:1 -
  docker commit web snap:1; docker tag ${busybox} own:1; docker rm -f web; exit 0`;

/** Whatever is killed, and when: `guard run --clean` takes all of that leash away, and nothing else. */
describeWithEngine("a leash that is killed", () => {
  let engine: TestEngine;
  let door: KillingDoor;
  let leashes: Leashes;
  let others: Leashes;
  let living: readonly LeashedRun[];
  let before: unknown;
  const env = () => ({ DOCKER_HOST: `unix://${engine.folder}/door.sock` });

  beforeAll(async () => {
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
    const program = builtCommand();
    leashes = openLeashes(program, engine.host);
    others = openLeashes(program, engine.host, undefined, user + 1);
    chmodSync(engine.socketPath, 0o666);
    door = await openKillingDoor(join(engine.folder, "door.sock"), engine.socketPath);
    chownSync(join(engine.folder, "door.sock"), user, user);
    await engine.docker(["run", "-d", "--name", "operators", "-v", "operators:/d", busybox, "sleep", "1d"]);
    await engine.docker(["tag", busybox, "operators/app:1"]);
    const stays = `docker run -d --name web -v data:/d -v "$PWD:/x" ${busybox} sleep 1d; docker network create net; docker tag ${busybox} own:1; echo ready; exec sleep 1d`;
    living = [leashes, others].map((each) => each.start(["--name", "lives", "--", "sh", "-c", stays]));
    await Promise.all(living.map((each) => each.until("ready")));
    before = await state();
  });
  afterAll(async () => {
    for (const each of living ?? []) each.child.kill("SIGTERM");
    await Promise.all((living ?? []).map(({ ended }) => ended));
    door?.close();
    leashes?.remove();
    others?.remove();
    await engine?.stop();
  });

  const names = new Set<string>();
  /** Keeps the name that a leash has on the host: its record goes when it is cleaned. */
  function noteName(): void {
    const record = join(leashes.state, "cut/leash.json");
    if (existsSync(record)) names.add(hostName(JSON.parse(readFileSync(record, "utf8")).value));
  }

  /** Everything of everyone: on the Engine, and among the host's mounts and cgroups. */
  async function state() {
    const lines = async (...args: string[]) => (await engine.docker(args)).split("\n").toSorted();
    const hierarchies = ["", ...readdirSync("/sys/fs/cgroup")].map((each) => join("/sys/fs/cgroup", each));
    const cgroups = hierarchies.flatMap((each) => [...names].map((name) => join(each, name)));
    const views = readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => [leashes, others].some(({ folder }) => line.includes(` ${folder} /run/bulkhead`)));
    return {
      containers: await lines("ps", "-a", "--no-trunc", "--format", "{{.ID}} {{.Names}}"),
      volumes: await lines("volume", "ls", "-q"),
      networks: await lines("network", "ls", "--format", "{{.Name}}"),
      images: await lines("images", "-a", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"),
      views: views.length,
      cgroups: cgroups.filter((path) => existsSync(path)),
    };
  }

  const start = (line = life) => leashes.start(["--name", "cut", "--", "sh", "-c", line], { env: env() });

  const timeout = 400_000 + Math.min(points, 300) * 30_000;
  it("at a request that it makes of dockerd", { timeout }, async () => {
    door.at(0, () => undefined);
    const whole = start();
    expect(await whole.ended, whole.said()).toBe(0);
    const steps = door.asked.length;
    expect(steps).toBeGreaterThan(60);
    expect(await state()).toEqual(before);
    const apart = Math.max(1, steps / points);
    const wrong: unknown[] = [];
    console.log(`${steps} requests, each ${apart.toFixed(1)}th is a kill point`);
    for (let step = 1; step <= steps; step += apart) {
      let run: LeashedRun | undefined;
      door.at(Math.floor(step), () => run?.child.kill("SIGKILL"));
      run = start();
      await run.ended;
      noteName();
      const asked = door.asked.at(-1);
      const cleaned = await leashes.run(["--clean"]);
      const after = await state();
      if (cleaned.status !== 0 || JSON.stringify(after) !== JSON.stringify(before))
        wrong.push({ step, asked, said: cleaned.said, after });
    }
    expect(wrong).toEqual([]);
    expect(names.size).toBeGreaterThan(0);
  });

  it("by its command's end, by a signal that nothing can hold", async () => {
    const run = start(life.replace("exit 0", "kill -9 $$$$"));
    expect(await run.ended).toBe(137);
    expect(await state()).toEqual(before);
  });

  it("with dockerd, and with the whole machine", async () => {
    const run = start(`${life.replace("exit 0", "echo all is there")}; exec sleep 1d`);
    await run.until("all is there");
    noteName();
    const pid = Number(readFileSync(join(engine.folder, "pid"), "utf8"));
    const [command = "", ...words] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    process.kill(pid, "SIGKILL");
    run.child.kill("SIGKILL");
    await run.ended;
    expect((await leashes.run(["--clean"])).status).toBe(1);
    spawn(command, words, { stdio: "ignore", detached: true }).unref();
    await untilAnswers(engine);
    chmodSync(engine.socketPath, 0o666);
    // After a reboot its process is another's.
    const lock = join(leashes.state, "cut/lock");
    const mark = { ...JSON.parse(readFileSync(join(leashes.state, "lives/lock"), "utf8")), boot: "before" };
    writeFileSync(lock, JSON.stringify(mark));
    expect(await leashes.run(["--clean"])).toMatchObject({ status: 0 });
    expect(await state()).toEqual(before);
    process.kill(Number(readFileSync(join(engine.folder, "pid"), "utf8")), "SIGTERM");
  });
});
