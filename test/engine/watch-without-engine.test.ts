import { execFileSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { Change } from "../../src/watch/change.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { hang } from "./hang.ts";
import { busybox, importBusybox } from "./images.ts";
import { loosenMemory } from "./tampering.ts";
import { until, type Watching, watching } from "./watching.ts";

const hardened = [
  ...["--network=none", "--read-only", "--user=1000", "--cap-drop=ALL", "--security-opt=no-new-privileges"],
  ...["--memory=64m", "--memory-swap=64m", "--pids-limit=50", "--cpus=0.5"],
];

async function newEngine(): Promise<TestEngine> {
  const engine = await startEngine();
  onTestFinished(() => engine.stop());
  await importBusybox(engine);
  return engine;
}

const opens = (control: string) => (change: Change) =>
  change.change !== "resolved" && change.finding.control === control && change.finding.verdict === "fail";

async function twoSweeps(watched: Watching): Promise<void> {
  const before = watched.sweeps();
  await until(() => watched.sweeps() > before + 1);
}

describeWithEngine("what sweeps see of the Engine itself", () => {
  it("goes on sweeping while dockerd is dead, and finds nothing that is not so", async () => {
    const engine = await newEngine();
    await engine.docker(["run", "-d", "--name", "web", ...hardened, busybox, "sleep", "1000"]);
    const id = await engine.docker(["inspect", "-f", "{{.Id}}", "web"]);
    const pid = await engine.docker(["inspect", "-f", "{{.State.Pid}}", "web"]);
    onTestFinished(() => process.kill(Number(pid), "SIGKILL") && undefined);
    const watched = await watching(engine, { interval: 300, cooldown: 0 });
    await twoSweeps(watched);
    expect(watched.watch.status()).toMatchObject({ connected: true, running: 1, seesKernel: true });
    const from = watched.changes.length;
    process.kill(engine.pid, "SIGKILL");
    await until(() => !watched.watch.status().connected);
    await twoSweeps(watched);
    expect(watched.changes.slice(from)).toEqual([]);
    expect(watched.watch.status()).toMatchObject({ connected: false, running: 1, seesKernel: true });
    loosenMemory(id);
    expect(await watched.change(opens("memory-limit"), from)).toMatchObject({
      finding: { subject: "container:web", level: "effective" },
      cause: { kind: "sweep" },
    });
    execFileSync("nsenter", ["-t", pid, "-m", "-p", "/bin/busybox", "mount", "-o", "remount,rw", "/"]);
    await watched.change(opens("read-only-rootfs"), from);
  });

  it("goes on sweeping while dockerd takes connections and answers nothing", async () => {
    const engine = await newEngine();
    await engine.docker(["run", "-d", "--name", "web", ...hardened, busybox, "sleep", "1000"]);
    const id = await engine.docker(["inspect", "-f", "{{.Id}}", "web"]);
    const watched = await watching(engine, { interval: 300, cooldown: 0 });
    const from = watched.changes.length;
    await hang(engine);
    try {
      await twoSweeps(watched);
      loosenMemory(id);
      expect(await watched.change(opens("memory-limit"), from)).toMatchObject({ cause: { kind: "sweep" } });
      // Nobody has given dockerd up yet.
      expect(watched.said).toEqual([]);
    } finally {
      process.kill(engine.pid, "SIGCONT");
    }
    await watched.change(opens("drift"), from);
  });

  it("sees at a sweep that the Engine's socket is open to all, and another daemon.json", async () => {
    const engine = await newEngine();
    const watched = await watching(engine, { interval: 300, cooldown: 0 });
    const from = watched.changes.length;
    chmodSync(engine.socketPath, 0o666);
    expect(await watched.change(opens("engine-socket-permissions"), from)).toMatchObject({
      finding: { subject: "engine" },
      cause: { kind: "sweep" },
    });
    chmodSync(engine.socketPath, 0o600);
    await watched.change(({ change, finding }) => {
      return change === "resolved" && finding.control === "engine-socket-permissions";
    }, from);
    writeFileSync(
      join(engine.folder, "daemon.json"),
      JSON.stringify({ hosts: ["tcp://0.0.0.0:2375"], "insecure-registries": ["0.0.0.0/0"] }),
    );
    expect(await watched.change(opens("engine-insecure-registry"), from)).toMatchObject({
      cause: { kind: "sweep" },
    });
  });
});
