import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";
import { expectDocument } from "../support/documents.ts";
import { freePort } from "../support/free-port.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { startWatchCommand } from "./running-watch.ts";
import { runNamed, testName } from "./test-container.ts";
import { until, watching } from "./watching.ts";

describeWithEngine("what somebody acknowledges and silences", () => {
  let engine: TestEngine;
  let program: string;
  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine();
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const cli = async (...args: readonly string[]) =>
    await runCli(program, args, { env: { NODE_PATH: resolve("node_modules") } });

  async function start(...more: readonly string[]) {
    const at = testFolder();
    const history = join(at, "history.db");
    const file = join(at, "changes.jsonl");
    const port = await freePort();
    const run = () =>
      startWatchCommand({
        program,
        host: engine.host,
        args: [
          ...["--no-config", "--cooldown", "0s", "--only", "privileged,host-pid", "--history", history],
          ...["-o", file, "--metrics", `127.0.0.1:${port}`, ...more],
        ],
      });
    const told = () => {
      if (!existsSync(file)) return [];
      const lines = readFileSync(file, "utf8").trim().split("\n").filter(Boolean);
      return lines.map((line) => JSON.parse(line)).filter(({ cause }) => cause.kind !== "start");
    };
    const words = (name: string) =>
      told()
        .filter(({ finding }) => finding.subject === `container:${name}`)
        .map(({ change, finding }) => `${change} ${finding.control}`);
    const metrics = async () => await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return { history, run, told, words, metrics };
  }

  const privileged = (name: string) => runNamed(engine, name, ["--network=none", "--privileged"]);

  it("is kept from the outputs until its time is over, over a kill -9, and goes out then", async () => {
    const { history, run, told, words, metrics } = await start();
    const first = await run();
    const name = testName(engine, "silence");
    const silence = (control: string, subject: string, time: string) =>
      cli(
        "history",
        "silence",
        control,
        subject,
        "--until",
        time,
        "--reason",
        "a nightly build",
        "--history",
        history,
      );
    expect(await silence("privileged", name, "1h")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^silenced: privileged on .* until .* \(number 1\)\n$/),
    });
    await privileged(name);
    const other = testName(engine, "loud");
    await privileged(other);
    await until(() => words(other).includes("opened privileged"));
    expect(words(name)).toEqual([]);
    expect(first.stdout()).not.toContain(`container:${name} `);
    const scrape = await metrics();
    expect(scrape).toMatch(/bulkhead_silenced_changes_total\{.*control="privileged".*change="opened"\} 1/);
    expect(scrape).toMatch(/bulkhead_findings\{.*control="privileged".*status="silenced"\} 1/);
    // It is in the history, with who silenced it and why.
    const shown = await cli("history", "--subject", name, "--history", history);
    expect(shown.stdout).toMatch(/open .*privileged.*\(silenced by .*; why: a nightly build\)/);
    const listed = await cli("history", "silences", "--history", history, "--format", "json");
    expect(JSON.parse(listed.stdout).silences).toMatchObject([
      { id: 1, reason: "a nightly build", ended: null },
    ]);
    await first.end("SIGKILL");
    const second = await run();
    expect(second.stderr()).toContain("acknowledged or silenced");
    expect(words(name)).toEqual([]);
    expect((await cli("history", "end", "1", "--history", history)).stdout).toBe("ended: number 1\n");
    await until(() => words(name).includes("opened privileged"));
    for (const line of told()) expectDocument("change", line);
    expect((await cli("history", "end", "1", "--history", history)).status).toBe(2);
    await engine.docker(["rm", "-f", name]);
    await until(() => words(name).includes("resolved privileged"));
    expect(words(name)).toEqual(["opened privileged", "resolved privileged"]);
    expect(await second.end()).toBe(0);
  });

  it("that came and went in a silence goes to nobody, and stays in the history", async () => {
    const { history, run, words } = await start();
    const watch = await run();
    const name = testName(engine, "short");
    await cli("history", "silence", "*", name, "--until", "1h", "--reason", "a test", "--history", history);
    await privileged(name);
    await engine.docker(["rm", "-f", name]);
    await until(() => watch.stderr().includes("watching"));
    const seen = async () =>
      (await cli("history", "--subject", name, "--history", history, "--format", "json")).stdout;
    for (let tries = 0; !/"resolved": "/.test(await seen()) && tries < 50; tries += 1)
      await new Promise((pause) => setTimeout(pause, 100));
    await cli("history", "end", "1", "--history", history);
    const after = testName(engine, "after");
    await privileged(after);
    await until(() => words(after).includes("opened privileged"));
    expect(words(name)).toEqual([]);
    expect(await seen()).toContain('"control": "privileged"');
    await watch.end();
  });

  it("an acknowledgement ends with the end of its finding, which goes out", async () => {
    const { history, run, words, metrics } = await start();
    const watch = await run();
    const name = testName(engine, "acknowledged");
    const ack = (subject: string) =>
      cli("history", "ack", "privileged", subject, "--reason", "a GPU", "--history", history);
    await privileged(name);
    await until(() => words(name).includes("opened privileged"));
    expect(await ack("nobody")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("nobody has no open finding of privileged"),
    });
    let acknowledged = await ack(name);
    for (let tries = 0; acknowledged.status !== 0 && tries < 20; tries += 1) acknowledged = await ack(name);
    expect(acknowledged.stdout).toContain(
      `acknowledged: privileged on container:${name}, until it is resolved`,
    );
    expect(await metrics()).toMatch(/bulkhead_findings\{.*control="privileged".*status="acknowledged"\} 1/);
    await engine.docker(["rm", "-f", name]);
    await until(() => words(name).includes("resolved privileged"));
    const all = await cli("history", "silences", "--all", "--history", history);
    expect(all.stdout).toMatch(/acknowledged .* ended .* \(it was resolved\)/);
    expect((await cli("history", "silences", "--history", history)).stdout).toBe(
      "nothing is acknowledged or silenced\n",
    );
    await watch.end();
  });

  it("wrong use is one line, and makes no history", async () => {
    const missing = join(testFolder(), "history.db");
    for (const [args, why] of [
      [["silence", "privilegd", "web", "--until", "1h", "--reason", "x"], "there is no control"],
      [["silence", "*", "web", "--until", "soon", "--reason", "x"], "--until soon is not a time"],
      [["silence", "*", "web", "--until", "2020-01-01", "--reason", "x"], "is over"],
      [["silence", "*", "web", "--until", "1h", "--reason", " "], "--reason is empty"],
      [["silence", "*", "web", "--until", "1h"], "--reason"],
      [["ack", "privileged", "*", "--reason", "x"], "ack is for one finding"],
      [["ack", "privileged", "web", "--reason", "x"], "bulkhead watch writes it"],
      [["end", "one"], "one is not a number"],
    ] as const) {
      const ran = await cli("history", ...args, "--history", missing);
      expect([ran.status, ran.stdout]).toEqual([2, ""]);
      expect(ran.stderr).toContain(why);
      expect(ran.stderr.trim().split("\n")).toHaveLength(1);
    }
    expect(existsSync(missing)).toBe(false);
  });

  it("the unit that started dockerd is looked at by each sweep: who may write it, and what it starts next time", async () => {
    const unit = `bulkhead-test-${process.pid}.service`;
    const hierarchy = existsSync("/sys/fs/cgroup/systemd") ? "/sys/fs/cgroup/systemd" : "/sys/fs/cgroup";
    const group = `${hierarchy}/system.slice/${unit}`;
    const file = `/run/systemd/system/${unit}`;
    const before = join(
      hierarchy,
      /^(?:0::|\d+:name=systemd:)(.*)$/m.exec(readFileSync(`/proc/${engine.pid}/cgroup`, "utf8"))?.[1] ?? "",
    );
    mkdirSync(group, { recursive: true });
    mkdirSync("/run/systemd/system", { recursive: true });
    onTestFinished(() => {
      writeFileSync(`${before}/cgroup.procs`, String(engine.pid));
      rmSync(file, { force: true });
      rmSync(`${file}.d`, { recursive: true, force: true });
    });
    writeFileSync(`${group}/cgroup.procs`, String(engine.pid));
    const running = readFileSync(`/proc/${engine.pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    writeFileSync(file, `[Service]\nExecStart=${running.map((word) => `"${word}"`).join(" ")}\n`, {
      mode: 0o644,
    });
    const watched = await watching(engine, { interval: 300, cooldown: 0 });
    const found = () => watched.watch.open().find(({ control }) => control === "engine-unit-files");
    const sweeps = watched.sweeps();
    await until(() => watched.sweeps() > sweeps + 1);
    expect(found()).toBeUndefined();
    mkdirSync(`${file}.d`);
    writeFileSync(
      `${file}.d/override.conf`,
      `[Service]\nExecStart=\nExecStart=${running.map((word) => `"${word}"`).join(" ")} -H tcp://0.0.0.0:2375\n`,
    );
    await until(() => found()?.message.includes("-H tcp://0.0.0.0:2375") ?? false);
    expect(found()?.severity).toBe("medium");
    rmSync(`${file}.d`, { recursive: true });
    await until(() => found() === undefined);
    writeFileSync(file, readFileSync(file), { mode: 0o666 });
    chmodSync(file, 0o666);
    await until(() => found()?.message.includes("lets everybody write") ?? false);
    expect(found()?.severity).toBe("high");
  });
});
