import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { builtCommand } from "../support/cli.ts";
import { type GuardProcess, startGuard } from "../support/guard/guard-process.ts";
import { layOut, mountWhileSwapped } from "../support/guard/swaps.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { restart, untilAnswers } from "./restart.ts";

type Docker = (args: readonly string[]) => Promise<{ readonly status: number; readonly stderr: string }>;

/** What makes dockerd mount the same path again, long after it was judged. */
const triggers: Readonly<Record<string, (engine: TestEngine, docker: Docker) => Promise<unknown>>> = {
  "docker restart": (_, docker) => docker(["restart", "-t0", "victim"]),
  async "docker stop and start"(_, docker) {
    await docker(["stop", "-t0", "victim"]);
    await docker(["start", "victim"]);
  },
  "the restart policy": (engine) => killed(engine),
  "dockerd's own restart": (engine) => restart({ ...engine, pid: pidOf(engine) }),
  async "a crash after dockerd's restart with live-restore"(engine) {
    writeFileSync(join(engine.folder, "daemon.json"), '{ "live-restore": true }');
    process.kill(pidOf(engine), "SIGHUP");
    await expect
      .poll(() => engine.docker(["info", "--format", "{{.LiveRestoreEnabled}}"]), { timeout: 10_000 })
      .toBe("true");
    await restart({ ...engine, pid: pidOf(engine) });
    await untilAnswers(engine);
    await killed(engine);
  },
};

/** It has another after each restart. */
function pidOf({ folder }: TestEngine): number {
  return Number(readFileSync(join(folder, "pid"), "utf8"));
}

/** The container's first process ends as if it had crashed. */
async function killed(engine: TestEngine): Promise<void> {
  const pid = await engine.docker(["inspect", "--format", "{{.State.Pid}}", "victim"]).catch(() => "0");
  if (!(Number(pid) > 0)) return;
  // A dockerd that has just come back may not hear of the end yet: it does once it can start a program in there.
  await expect.poll(() => canStartIn(engine, "victim"), { timeout: 15_000 }).toBe(true);
  process.kill(Number(pid), "SIGKILL");
}

function canStartIn(engine: TestEngine, name: string): Promise<boolean> {
  return engine.docker(["exec", name, "true"]).then(
    () => true,
    () => false,
  );
}

describeWithEngine("a path that becomes a link after it was judged", () => {
  let folder = "";
  let engine: TestEngine;
  let guard: GuardProcess;
  let program = "";
  let swaps = "";

  beforeAll(async () => {
    program = builtCommand();
    folder = mkdtempSync(join(tmpdir(), "bulkhead-swap-"));
    mkdirSync(join(folder, "treasury"));
    writeFileSync(join(folder, "treasury/secret"), "treasure\n");
    engine = await startEngine();
    await importBusybox(engine);
    const config = join(folder, "bulkhead.yaml");
    swaps = join(folder, "swaps");
    const mounts = [`${folder}/d`, `${folder}/d/*`, `${layOut(swaps, 1000).allowed}/**`];
    const rules = JSON.stringify({ allow: { mounts }, controls: { "root-user": "off" } });
    writeFileSync(config, `guard: ${rules}\n`);
    guard = await startGuard(program, engine.host, ["--config", config]);
  });
  afterAll(async () => {
    await guard?.stop();
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const straight: Docker = (args) =>
    engine.docker(args).then(
      () => ({ status: 0, stderr: "" }),
      (error: unknown) => ({ status: 1, stderr: String(error) }),
    );
  const through: Docker = (args) => guard.docker(args);

  /** Runs both containers, swaps the folder for a link, and gives what the second start showed. */
  async function attack(docker: Docker, trigger: (typeof triggers)[string], patience: number) {
    await clear();
    mkdirSync(join(folder, "d/sub"), { recursive: true });
    const victim = ["run", "-d", "--name", "victim", "--restart=always", "-v", `${folder}/d/sub:/x`];
    const first = await docker([...victim, busybox, "sh", "-c", "cat /x/secret; sleep 1000"]);
    const writer = ["run", "-d", "--name", "neighbour", "--restart=always", "-v", `${folder}/d:/d`];
    const second = await docker([...writer, busybox, "sleep", "1000"]);
    const script = `rm -r /d/sub; ln -s ${folder}/treasury /d/sub`;
    await docker(["exec", "neighbour", "sh", "-c", script]);
    await trigger(engine, docker);
    const said = () =>
      execFileSync("docker", ["logs", "victim"], { env: environment(), stdio: "pipe" }).toString();
    const came = await expect
      .poll(() => runs() && said().includes("treasure"), { timeout: patience })
      .toBe(true)
      .then(
        () => true,
        () => false,
      );
    return { first, second, came };
  }

  const environment = () => ({ PATH: process.env.PATH ?? "", ...engine.environment });

  /** Whether dockerd is back and the container runs. */
  function runs(): boolean {
    try {
      const format = "{{.State.Running}}";
      return execFileSync("docker", ["inspect", "--format", format, "victim"], {
        env: environment(),
        stdio: "pipe",
      })
        .toString()
        .startsWith("true");
    } catch {
      return false;
    }
  }

  async function clear(): Promise<void> {
    await untilAnswers(engine);
    await engine.docker(["rm", "-f", "victim", "neighbour"]).catch(() => undefined);
    rmSync(join(folder, "d"), { recursive: true, force: true });
  }

  it.each(Object.keys(triggers))(
    "%s mounts what the link leads to, but not behind the guard",
    async (name) => {
      const trigger = triggers[name];
      if (!trigger) throw new Error("no trigger");
      expect(await attack(straight, trigger, 20_000)).toMatchObject({ came: true });
      const guarded = await attack(through, trigger, 3_000);
      expect(guarded).toMatchObject({ came: false, first: { status: 0 }, second: { status: 0 } });
    },
  );

  it("is not mounted below a folder that containers can write, where the API has no subpaths", async () => {
    await clear();
    mkdirSync(join(folder, "d/sub"), { recursive: true });
    const args = ["create", "-v", `${folder}/d/sub:/x`, busybox, "true"];
    const older = await guard.docker(args, { env: { DOCKER_API_VERSION: "1.44" } });
    expect(older.stderr).toContain("guard-writable-path");
    expect((await guard.docker(args)).stderr).toBe("");
  });

  it.each(["last", "middle", "allowed"] as const)(
    "while containers start, with the %s part of the path, loses none",
    async (part) => {
      const bare = await mountWhileSwapped(engine.socketPath, busybox, layOut(swaps, 1000), part, 12);
      expect(bare.lost, JSON.stringify(bare)).toBeGreaterThan(0);
      const stage = layOut(swaps, 1000);
      const guarded = await mountWhileSwapped(guard.socketPath, busybox, stage, part, 16);
      expect(guarded.lost, JSON.stringify(guarded)).toBe(0);
      expect(guarded.own + guarded.swaps, JSON.stringify(guarded)).toBeGreaterThan(0);
    },
  );
});
