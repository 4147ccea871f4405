import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { availableParallelism } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { Change } from "../../src/watch/change.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { limitFile } from "./limit-file.ts";
import { provingOn } from "./proving.ts";
import { runNamed, testName } from "./test-container.ts";
import { sayChange, until, watching } from "./watching.ts";

const hardened = [
  ...["--network=none", "--read-only", "--user=1000", "--cap-drop=ALL", "--security-opt=no-new-privileges"],
  ...["--memory=64m", "--memory-swap=64m", "--pids-limit=50", "--cpus=0.5"],
];

/** More of them by hand: UPDATES=200. */
const updates = Number(process.env.UPDATES ?? 40);

/** What a hardened container can only be said to lack by mistake. */
const false_ = [
  "drift",
  "device-access",
  "memory-limit",
  "memory-swap-limit",
  "pids-limit",
  "cpu-limit",
  "privileged-exec",
];

describeWithEngine("what is nobody's doing is no change", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const wrong = (changes: readonly Change[]) =>
    changes
      .filter(({ finding }) => false_.includes(finding.control) && finding.verdict === "fail")
      .map(sayChange);

  it("a burst of containers that live for a moment, and one that restarts again and again", {
    timeout: 300_000,
  }, async () => {
    const watched = await watching(engine, { interval: 20 });
    await engine.docker([
      ...[
        "run",
        "-d",
        "--name",
        "loop",
        "--restart",
        "always",
        ...hardened,
        busybox,
        "sh",
        "-c",
        "sleep 0.05",
      ],
    ]);
    const runs = Array.from({ length: 60 }, (_, index) => index);
    const runner = async () => {
      while (runs.pop() !== undefined)
        await engine.docker(["run", "--rm", ...hardened, busybox, "sh", "-c", "sleep 0.1 & wait"]);
    };
    await Promise.all([runner(), runner(), runner(), runner()]);
    await engine.docker(["rm", "-f", "loop"]);
    const sweeps = watched.sweeps();
    await until(() => watched.sweeps() > sweeps + 1);
    expect(wrong(watched.changes)).toEqual([]);
  });
});

describeWithEngine("docker update on a busy host", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  it("is no drift, to and fro, and what is written by hand beside it is", { timeout: 900_000 }, async () => {
    const name = await runNamed(engine, testName(engine, "updated"), hardened);
    const pid = await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]);
    const watched = await watching(engine, { interval: 200 });
    const from = watched.changes.length;
    const drifts = () => watched.changes.slice(from).filter(({ finding }) => finding.control === "drift");
    const burn = () => spawn("sh", ["-c", "while :; do :; done"], { stdio: "ignore" });
    const burning = Array.from({ length: availableParallelism() * 10 }, burn);
    onTestFinished(() => {
      for (const each of burning) each.kill("SIGKILL");
    });
    for (let round = 0; round < updates; round += 1) {
      const memory = round % 2 === 0 ? "128m" : "64m";
      await engine.docker(["update", `--memory=${memory}`, `--memory-swap=${memory}`, name]);
    }
    // Read again after the last update.
    await pause(5_000);
    expect(drifts().map(sayChange)).toEqual([]);
    for (const each of burning) each.kill("SIGKILL");
    const written = performance.now();
    writeFileSync(limitFile(Number(pid), "pids", "pids.max", "pids.max"), "100000");
    const { finding } = await watched.change(({ finding }) => finding.control === "drift", from);
    expect(finding.message).toContain("pids-limit");
    // Ten seconds is what it would wait for an update.
    expect(performance.now() - written).toBeLessThan(9_000);
  });
});

describeWithEngine("bulkhead prove, beside a watch", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
  });
  afterAll(async () => {
    await engine?.stop();
  });

  it("sets off no change: its twins are loose on purpose; a container that only bears their name and label does", async () => {
    const proving = await provingOn(engine);
    await proving.start("web", ...hardened);
    const watched = await watching(engine, { interval: 200 });
    // Debian's build of the Engine: what is unknown is reported once it stayed so for a moment.
    await until(() => watched.changes.some(({ finding }) => finding.control === "engine-version"));
    const from = watched.changes.length;
    await proving.prove("web", "--only", "mount,host-pid,docker-socket-mount,pids-limit");
    const twins = watched.events.filter(
      ({ action, name }) => action === "start" && name?.startsWith("bulkhead-prove-"),
    );
    expect(twins.length).toBeGreaterThan(2);
    const sweeps = watched.sweeps();
    await until(() => watched.sweeps() > sweeps + 1);
    expect(watched.changes.slice(from).map(sayChange)).toEqual([]);
    const name = twins[0]?.name ?? "";
    await engine.docker([
      "run",
      "-d",
      "--name",
      name,
      "-l",
      "bulkhead.prove=x",
      "--privileged",
      busybox,
      "sleep",
      "60",
    ]);
    await watched.change(
      ({ finding }) => finding.control === "privileged" && finding.subject === `container:${name}`,
      from,
    );
  });
});

function fetchVolumes(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path: "/volumes" }, (response) => {
      response.resume();
      response.once("end", resolve);
    });
    call.once("error", reject);
    call.end();
  });
}

describeWithEngine("an Engine with a plugin that is gone", () => {
  it("tells of a container with a volume at once, though GET /volumes takes 15 seconds", async () => {
    const engine = await startEngine({ ownPlugins: true });
    try {
      await importBusybox(engine);
      await engine.docker(["volume", "create", "data"]);
      const driver = ["-o", "type=none", "-o", "o=bind", "-o", `device=${engine.socketPath}`];
      await engine.docker(["volume", "create", ...driver, "sock"]);
      const watched = await watching(engine);
      // A socket that nobody answers at: its program was killed.
      const path = `/proc/${engine.pid}/root/run/docker/plugins/gone.sock`;
      const plugin = spawn(process.execPath, ["-e", `require("net").createServer().listen("${path}")`]);
      await until(() => existsSync(path));
      plugin.kill("SIGKILL");
      let isListed = false;
      const list = fetchVolumes(engine.socketPath).finally(() => {
        isListed = true;
      });
      await engine.docker(["create", "--name", "agent", "-v", "data:/data", "-v", "sock:/s", busybox]);
      await watched.change(({ finding }) => finding.control === "docker-socket-mount");
      expect(isListed).toBe(false);
      // Told to end, dockerd would wait for the plugin, too.
      process.kill(engine.pid, "SIGKILL");
      await list.catch(() => undefined);
    } finally {
      await engine.stop();
    }
  });
});
