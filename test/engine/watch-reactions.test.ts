import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { statFields } from "../../src/base/stat-fields.ts";
import { openReactions, type ReactionOptions } from "../../src/watch/reactions/reactions.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { runNamed, testName } from "./test-container.ts";
import { until, type Watching, watching } from "./watching.ts";

describeWithEngine("reactions of the watch", () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const run = (...flags: readonly string[]) => runNamed(engine, testName(engine, "reacted"), flags);

  /** The file by which the kernel holds a container's processes, and what lets them go on. */
  async function freezerOf(name: string): Promise<{ readonly path: string; readonly open: string }> {
    const pid = await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]);
    const own = readFileSync(`/proc/${pid}/cgroup`, "utf8");
    const old = /^\d+:freezer:(.*)$/m.exec(own)?.[1];
    return old === undefined
      ? { path: `/sys/fs/cgroup${/^0::(.*)$/m.exec(own)?.[1]}/cgroup.freeze`, open: "0" }
      : { path: `/sys/fs/cgroup/freezer${old}/freezer.state`, open: "THAWED" };
  }

  const state = (name: string) => engine.docker(["inspect", "-f", "{{.State.Status}}", name]);

  /** Watches, and reacts to what the watch tells. Gives what is logged. */
  async function reacting(
    reactions: ReactionOptions["reactions"],
    { own, exempt = [], interval }: { own?: string; exempt?: readonly string[]; interval?: number } = {},
  ): Promise<readonly string[]> {
    const evidence = testFolder();
    const said: string[] = [];
    let watched: Watching | undefined;
    const container = (name: string) => {
      const live = watched?.watch.container(name);
      return live && name === own ? { ...live, subject: { ...live.subject, isBulkhead: true } } : live;
    };
    const opened = openReactions({
      ...{ reactions, exempt, atStart: false, evidence, container, grace: 3 },
      ...{ proc: "/proc", cgroup: "/sys/fs/cgroup" },
      connect: { host: engine.host, environment: {}, home: "/nonexistent" },
      processes: (id) => watched?.watch.processes(id) ?? [],
      say: (text) => said.push(text),
    });
    watched = await watching(engine, {
      listener: opened,
      ...(interval !== undefined && { interval, kernelEvents: true }),
    });
    onTestFinished(() => opened.close());
    return said;
  }

  it("never touch the container that bulkhead runs in", async () => {
    const own = await run("--network=none");
    const said = await reacting({ "pids-limit": "stop", "privileged-exec": "pause" }, { own });
    await engine.docker(["exec", "-d", "--privileged", own, "sleep", "1000"]);
    await until(() => said.length > 0);
    expect(said[0]).toMatch(
      new RegExp(`^reaction to privileged-exec in exec:${own}/.*: no pause, bulkhead runs in it$`),
    );
    expect(await state(own)).toBe("running");
  });

  it("spare what bulkhead.yaml names, and nothing that says so of itself", async () => {
    const spared = testName(engine, "spared");
    const said = await reacting({ privileged: "pause" }, { exempt: ["spared*"] });
    await runNamed(engine, spared, ["--network=none", "--privileged"]);
    const labelled = await run("--network=none", "--privileged", "--label=bulkhead.exempt=true");
    await until(() => said.some((text) => text.endsWith(`${labelled} is paused`)));
    expect(said).toContain(
      `reaction to privileged in container:${spared}: no pause, bulkhead.yaml exempts spared*`,
    );
    expect(await state(spared)).toBe("running");
  });

  it("pause again what somebody let go on, by the Engine or by hand", async () => {
    const name = await run("--network=none");
    const said = await reacting({ "privileged-exec": "pause" });
    await engine.docker(["exec", "-d", "--privileged", name, "sleep", "1000"]);
    await until(() => said.length === 1);
    await engine.docker(["unpause", name]);
    await until(() => said.length === 2);
    expect(said[1]).toMatch(
      new RegExp(
        `^reaction to privileged-exec in exec:${name}/.*: it was undone, and again ${name} is paused$`,
      ),
    );
    const freezer = await freezerOf(name);
    writeFileSync(freezer.path, freezer.open);
    await until(() => said.length === 3);
    expect(said[2]).toContain(`it was undone, and again ${name} is paused`);
    expect(await state(name)).toBe("paused");
    expect(readFileSync(freezer.path, "utf8").trim()).not.toBe(freezer.open);
  });

  it("end a stop that does not come, and hold up no other container meanwhile", async () => {
    const deaf = testName(engine, "deaf");
    const said = await reacting({ privileged: "stop", "host-ipc": "pause" });
    await runNamed(
      engine,
      deaf,
      ["--network=none", "--privileged", "--stop-timeout=-1"],
      ["sh", "-c", "trap '' TERM; while true; do sleep 1; done"],
    );
    const other = await run("--network=none", "--ipc=host");
    await until(() => said.length === 2);
    expect(said[0]).toContain(`${other} is paused`);
    expect(said[1]).toContain(`${deaf} is stopped`);
    expect(await state(deaf)).toBe("exited");
  });

  it("stop who came in from outside, whom a pause does not hold", async () => {
    const name = await run("--network=none");
    const said = await reacting({ "privileged-exec": "pause" }, { interval: 500 });
    const pid = await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]);
    const intruder = spawn("nsenter", [
      "-t",
      pid,
      "-m",
      "-n",
      "-i",
      "-u",
      "sh",
      "-c",
      "sleep 999 & sleep 1000",
    ]);
    onTestFinished(() => void intruder.kill("SIGKILL"));
    await until(() => said.length > 0);
    expect(said[0]).toContain(`${name} is paused; `);
    expect(said[0]).toContain(`(PID ${intruder.pid}), which a pause does not hold, is stopped by SIGSTOP`);
    const children = readFileSync(`/proc/${intruder.pid}/task/${intruder.pid}/children`, "utf8");
    for (const each of [String(intruder.pid), ...children.trim().split(" ")]) {
      expect(statFields(readFileSync(`/proc/${each}/stat`, "utf8"))[3]).toBe("T");
      onTestFinished(() => void process.kill(Number(each), "SIGKILL"));
    }
    expect(children.trim()).not.toBe("");
  });

  it("to an exec, pause the container that it runs in", async () => {
    const name = await run("--network=none");
    const said = await reacting({ "privileged-exec": "pause" });
    await engine.docker(["exec", "-d", "--privileged", name, "sleep", "1000"]);
    await until(() => said.length > 0);
    expect(said[0]).toMatch(
      new RegExp(`^reaction to privileged-exec in exec:${name}/.*: ${name} is paused$`),
    );
    expect(await state(name)).toBe("paused");
  });

  it("stop again what starts again with what it was stopped for", async () => {
    const said = await reacting({ privileged: "stop" });
    const name = await run("--network=none", "--privileged", "--stop-timeout=1");
    await until(() => said.filter((text) => text.endsWith(`${name} is stopped`)).length === 1);
    await engine.docker(["start", name]);
    await until(() => said.filter((text) => text.endsWith(`${name} is stopped`)).length === 2);
    expect(await state(name)).toBe("exited");
  });

  it("say what could not be done", async () => {
    const said = await reacting({ "host-network": "disconnect" });
    const name = await run("--network=host");
    await until(() => said.length > 0);
    expect(said).toEqual([
      `reaction to host-network in container:${name}: disconnect of ${name} failed: it uses the host's network, and cannot be disconnected from it`,
    ]);
  });
});
