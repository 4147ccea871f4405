import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { profileOf, profileText } from "../../src/learn/seccomp/profile.ts";
import { builtCommand, type Ran, runCli } from "../support/cli.ts";
import { expectDocument } from "../support/documents.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importImage } from "./images.ts";

/** Serves until it is stopped, at once where that is asked for. */
const forever = 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done';

describeWithEngine("bulkhead learn", () => {
  let engine: TestEngine;
  let program: string;

  beforeAll(async () => {
    program = builtCommand();
    temporary = mkdtempSync(join(tmpdir(), "bulkhead-learn-"));
    engine = await startEngine({ bridge: true });
    const images = {
      "app:1": { "/app": `#!/bin/sh\n${forever}\n` },
      // Changes an owner, keeps a pid file and a cache, and needs no other capability.
      "chowner:1": {
        "/app": `#!/bin/sh\nmkdir -p /run/app && echo $$ >/run/app/pid || exit 4\nchown 1000 /data || exit 1\ndate >/data/file\n${forever}\n`,
        "/data/keep": "",
        "/run/keep": "",
      },
      // Starts as root, and serves as another user.
      "dropper:1": {
        "/app": `#!/bin/sh\nif [ "$(id -u)" = 0 ]; then exec su -s /bin/sh app -c "exec $0"; fi\n${forever}\n`,
        "/etc/passwd": "root:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n",
        "/etc/group": "root:x:0:\napp:x:1000:\n",
      },
      "keeper:1": { "/app": `#!/bin/sh\ndate >>/srv/state || exit 3\n${forever}\n`, "/srv/keep": "" },
      "blank:1": {
        "/app": `#!/bin/sh\nmkdir -p /srv/own && date >>/srv/own/state || exit 3\n${forever}\n`,
        "/srv/x": "",
      },
    };
    for (const [name, files] of Object.entries(images)) {
      await importImage(engine, name, { changes: ['CMD ["/app"]'], files });
    }
  });
  afterAll(async () => {
    await engine?.stop();
    rmSync(temporary, { recursive: true, force: true });
  });

  function project(text: string): string {
    const file = join(testFolder(), "compose.yaml");
    writeFileSync(file, text);
    return file;
  }

  const learnIn = (
    more: Readonly<Record<string, string>>,
    file: string,
    ...words: readonly string[]
  ): Promise<Ran> =>
    runCli(program, ["learn", "--no-config", "--settle", "1", ...words, file], {
      env: { ...engine.environment, TMPDIR: temporary, ...more },
    });
  const learn = (file: string, ...words: readonly string[]): Promise<Ran> => learnIn({}, file, ...words);
  const learnt = ({ stdout, stderr }: Ran) => {
    if (!stdout.startsWith("{")) throw new Error(`no document: ${stdout}${stderr}`);
    const document = JSON.parse(stdout);
    expectDocument("learn", document);
    return document.workloads[0];
  };
  const left = async () =>
    [
      await engine.docker(["ps", "-aq", "--filter", "label=bulkhead.try"]),
      await engine.docker(["volume", "ls", "-q", "--filter", "label=bulkhead.try"]),
      await engine.docker(["network", "ls", "-q", "--filter", "label=bulkhead.try"]),
    ].join("");
  /** Other commands of this machine have their own. */
  let temporary = "";
  const folders = () => readdirSync(temporary);
  /** How many traces the kernel keeps for a process of this machine. */
  const tracesOf = (pid: number | undefined): number => {
    const script = 'mount -t tracefs nodev "$1" && ls "$1/instances"';
    const words = ["--mount", "sh", "-c", script, "sh", temporary];
    const names = execFileSync("unshare", words, { encoding: "utf8" }).split("\n");
    return names.filter((name) => name.includes(`_${pid}_`)).length;
  };

  it("finds the one capability that is needed, the scratch folder and the silence, and writes what it ran", async () => {
    const file = project(
      "services:\n  web:\n    image: chowner:1   # ours\n    volumes: [data:/data]\nvolumes: {data: {}}\n",
    );
    const ran = await learn(file, "--format", "json", "--apply");
    expect(learnt(ran)).toMatchObject({
      verified: true,
      capabilities: {
        traced: true,
        used: expect.arrayContaining(["CHOWN", "DAC_OVERRIDE"]),
        needed: [
          { name: "CHOWN", reason: expect.stringMatching(/^chown\(\/data.*\) refused: CHOWN is dropped$/) },
          // The folder is another user's by then.
          { name: "DAC_OVERRIDE", reason: expect.stringMatching(/^openat\(\/data\/file.* DAC_OVERRIDE/) },
        ],
      },
      files: { scratch: [{ path: "/run", mode: "755" }], data: [], amongTheImages: [] },
      network: { listens: [], peers: [], silent: true },
      limits: { headRoom: { pids: 4 }, pids: 64 },
    });
    expect(readFileSync(file, "utf8")).toBe(`services:
  web:
    image: chowner:1   # ours
    volumes: [data:/data]
    cap_drop: [ALL]
    cap_add: [CHOWN, DAC_OVERRIDE]
    read_only: true
    tmpfs: ["/run:size=16m,mode=755"]
    network_mode: none
    pids_limit: 8192
    blkio_config:
      weight: 300
    security_opt: [seccomp=seccomp/web.json, no-new-privileges:true]
volumes: {data: {}}
`);
    const profile = JSON.parse(readFileSync(join(file, "../seccomp/web.json"), "utf8"));
    expect(profile.syscalls[0].names).toEqual(expect.arrayContaining(["execve", "fchownat", "openat"]));
    expect(profile.syscalls[0].names).not.toContain("bind");
    const { seccomp } = learnt(ran);
    expect(seccomp.calls.some((name: string) => /chown/.test(name))).toBe(true);
    expect(await left()).toBe("");
    expect(folders()).toEqual([]);
    expect(readFileSync("/proc/mounts", "utf8")).not.toContain(" tracefs ");
  });

  it("writes a profile that the kernel enforces", async () => {
    const text = "services:\n  web:\n    image: app:1\n";
    const file = project(text);
    const state = testFolder();
    await learnIn({ XDG_STATE_HOME: state }, file, "--apply");
    const compose = (...words: string[]) =>
      engine.docker(["compose", "-p", "enforced", "-f", file, ...words]);
    await compose("up", "-d");
    await expect(engine.docker(["exec", "enforced-web-1", "renice", "-n", "1", "-p", "1"])).rejects.toThrow(
      "Operation not permitted",
    );
    await compose("down", "--timeout", "2");
    // runc calls more between the filter and the program where there is no no-new-privileges.
    const profile = `seccomp=${join(dirname(file), "seccomp/web.json")}`;
    await engine.docker(["run", "-d", "--name", "rising", "--security-opt", profile, "app:1"]);
    expect(await engine.docker(["exec", "rising", "grep", "NoNewPrivs", "/proc/1/status"])).toMatch(/\t0$/);
    await engine.docker(["rm", "-f", "rising"]);
    const undone = await runCli(program, ["fix", "--undo"], {
      cwd: dirname(file),
      env: { XDG_STATE_HOME: state },
    });
    expect(undone).toMatchObject({ status: 0 });
    expect(undone.stderr).toContain("bulkhead: seccomp is removed: --apply had made it\n");
    expect(readdirSync(dirname(file))).toEqual(["compose.yaml"]);
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("what runc calls itself is in every profile, however the container starts and whatever it does", async () => {
    const file = join(testFolder(), "nothing-seen.json");
    writeFileSync(file, profileText(profileOf([])));
    const ways: readonly (readonly string[])[] = [
      [],
      ["-t"],
      ["--user", "1000:1000", "--group-add", "5", "--workdir", "/srv"],
      ["--cap-drop", "ALL", "--read-only", "--tmpfs", "/tmp", "--ulimit", "nofile=64:64"],
    ].flatMap((flags) => [flags, [...flags, "--security-opt", "no-new-privileges"]]);
    const refused = await Promise.all(
      ways.map(async (flags) => {
        const all = ["run", "--rm", "--network=none", ...flags, "--security-opt", `seccomp=${file}`];
        return await engine.docker([...all, "keeper:1", "/bin/busybox", "true"]).catch(String);
      }),
    );
    expect(refused.filter((said) => said !== "")).toEqual([]);
    const line = ["run", "-d", "--name", "bare", "--security-opt", `seccomp=${file}`, "keeper:1"];
    await engine.docker([...line, "/bin/busybox", "sleep", "1000"]);
    for (const flags of [[], ["-u", "1000", "-w", "/srv"], ["--privileged"]])
      expect(await engine.docker(["exec", ...flags, "bare", "/bin/busybox", "true"])).toBe("");
    await engine.docker(["rm", "-f", "bare"]);
  });

  it("starts as the user that it ends as, with no capability left", async () => {
    const file = project("services:\n  web:\n    image: dropper:1\n");
    const found = learnt(await learn(file, "--format", "json"));
    expect(found).toMatchObject({
      user: { startsAs: "", endsAs: { uid: 1000, gid: 1000 }, canStartAsIt: true },
      capabilities: { needed: [] },
    });
  });

  it("leaves the root writable where data lies among the image's files, and offers a volume where it does not", async () => {
    const among = learnt(
      await learn(project("services:\n  web:\n    image: keeper:1\n"), "--format", "json"),
    );
    expect(among.files).toEqual({ scratch: [], data: [], amongTheImages: ["/srv/state"] });
    expect(
      among.steps.find(({ controls }: { controls: string[] }) => controls[0] === "read-only-rootfs"),
    ).toMatchObject({
      ...{
        outcome: "breaks",
        reason: expect.stringMatching(/^openat\(\/srv\/state.*\) refused by the read-only root$/),
      },
    });
    const file = project("services:\n  web:\n    image: blank:1\n");
    expect(learnt(await learn(file, "--format", "json"))).toMatchObject({
      ...{ verified: true, files: { data: [{ path: "/srv/own" }] } },
      volumes: { works: true, mounts: [{ name: "web-srv-own", target: "/srv/own" }] },
    });
  });

  it("sets limits of memory and disks from a load, and the load must succeed", async () => {
    const file = project(
      "services:\n  web:\n    image: app:1\n    volumes: [data:/data]\nvolumes: {data: {}}\n",
    );
    const controls = ({ steps }: { steps: { controls: string[] }[] }) =>
      steps.map((step) => step.controls[0]);
    // Of cgroup v1's disk figures, Linux counts none until some cgroup has a limit for the disk (blk-throttle.c).
    const name = readFileSync("/proc/partitions", "utf8").match(/^\s*\d+\s+\d+\s+\d+\s+(\w+)$/m)?.[1];
    await engine.docker(["run", "--rm", "--device-read-bps", `/dev/${name}:1tb`, "app:1", "true"]);
    const load =
      'docker exec "$BULKHEAD_CONTAINER_WEB" dd if=/dev/zero of=/data/file bs=1M count=4 conv=fsync';
    const loaded = learnt(await learn(file, "--format", "json", "--while", load, "--disk-limits", "--apply"));
    expect(loaded).toMatchObject({ verified: true, reason: null });
    expect(controls(loaded)).toContain("memory-limit");
    expect(loaded.limits.memory).toBe(64 * 1024 ** 2);
    const [disk] = loaded.limits.peaks.disks;
    expect(disk.writtenBytes).toBeGreaterThanOrEqual(4 * 1024 ** 2);
    expect(
      loaded.steps.filter(({ controls: [own] }: { controls: string[] }) => own === "io-limit"),
    ).toMatchObject([{ outcome: "holds", summary: expect.stringContaining(`written to ${disk.path} `) }]);
    const compose = (...words: string[]) => engine.docker(["compose", "-p", "disks", "-f", file, ...words]);
    await compose("up", "-d");
    const limits = await engine.docker([
      "inspect",
      "-f",
      "{{json .HostConfig.BlkioDeviceWriteBps}}",
      "disks-web-1",
    ]);
    const [limit] = JSON.parse(limits);
    expect(limit.Path).toBe(disk.path);
    expect(limit.Rate).toBeGreaterThanOrEqual(Math.max(16 * 1024 ** 2, 2 * disk.writeRate));
    await compose("down", "--volumes", "--timeout", "2");
    const failing = await learn(file, "--while", "echo no >&2; exit 3");
    expect(failing.status).toBe(2);
    expect(failing.stdout).toContain("the --while command failed: exit status 3: no");
    const unused = await learn(file, "--disk-limits");
    expect(unused).toMatchObject({ status: 2, stdout: "" });
    expect(unused.stderr).toContain("--disk-limits needs a load");
  });

  it("says in a line what it cannot learn from", async () => {
    const file = project("services:\n  web:\n    image: app:1\n    network_mode: host\n");
    const blocked = await learn(file);
    expect(blocked).toMatchObject({ status: 2 });
    expect(blocked.stdout).toContain("it uses the host's network; --allow host-network starts it anyway");
    const nobody = await learn(`${file}#db`);
    expect(nobody).toMatchObject({ status: 2, stdout: "" });
    expect(nobody.stderr).toContain("has no service db; it has web");
  });

  it("takes everything away when it is interrupted, and after it was killed at the next start", async () => {
    const file = project(
      "services:\n  web:\n    image: chowner:1\n    volumes: [data:/data]\nvolumes: {data: {}}\n",
    );
    const before = readFileSync(file, "utf8");
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const words = [program, "learn", "--no-config", "--apply", "--settle", "1", file];
      const child = spawn(process.execPath, words, {
        env: { ...process.env, ...engine.environment, TMPDIR: temporary },
        stdio: ["ignore", "ignore", "pipe"],
      });
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      while ((await left()) === "" && child.exitCode === null) await pause(20);
      await pause(1_000);
      child.kill(signal);
      const status = await ended;
      if (signal === "SIGINT") {
        expect(status).toBe(2);
        expect(await left()).toBe("");
        expect(folders()).toEqual([]);
        expect(tracesOf(child.pid)).toBe(0);
      } else {
        expect(tracesOf(child.pid)).toBeGreaterThan(0);
        // docker compose, which it had started, may still come to its end.
        await pause(1_500);
        const words = [
          "fix",
          "--verify",
          "--no-config",
          "--settle",
          "1",
          "--only",
          "no-new-privileges",
          file,
        ];
        await runCli(program, words, { env: { ...engine.environment, TMPDIR: temporary } });
        expect(await left()).toBe("");
        expect(folders()).toEqual([]);
        expect(tracesOf(child.pid)).toBe(0);
      }
    }
    expect(readFileSync(file, "utf8")).toBe(before);
  });
});
