import { execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import Driver from "better-sqlite3";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { Change } from "../../src/watch/change.ts";
import { builtCommand, runCli } from "../support/cli.ts";
import { expectDocument } from "../support/documents.ts";
import { freePort } from "../support/free-port.ts";
import { startGuard } from "../support/guard/guard-process.ts";
import { testFolder } from "../support/test-folder.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox, importImage } from "./images.ts";
import { limitFile } from "./limit-file.ts";
import { startWatchCommand } from "./running-watch.ts";
import { runNamed, testName } from "./test-container.ts";
import { until } from "./watching.ts";

interface StartOptions {
  readonly cwd?: string;
  readonly host?: string;
  /** What is loaded first. */
  readonly before?: string;
}

describeWithEngine("the command bulkhead watch", () => {
  let engine: TestEngine;
  let program: string;
  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
  });
  afterAll(async () => {
    await engine?.stop();
  });

  const run = (args: readonly string[], command?: readonly string[], on = engine) =>
    runNamed(on, testName(on, "command"), args, command);

  /** A program that is loaded before the command. */
  function preload(program: string): string {
    const path = join(testFolder(), "preload.cjs");
    writeFileSync(path, program);
    return path;
  }

  /** The database's driver is one that was not installed. */
  const hideDriver = () =>
    preload(`const M = require("node:module"), load = M._load;
      M._load = (name, ...rest) => {
        if (name === "better-sqlite3") throw new Error("no such module");
        return load(name, ...rest);
      };`);

  /** The day's clock is set back by an hour at each SIGUSR2. */
  const jumpingClock = () =>
    preload(`const Real = Date;
      let shift = 0;
      process.on("SIGUSR2", () => void (shift -= 3_600_000));
      globalThis.Date = class extends Real {
        constructor(...given) { given.length > 0 ? super(...given) : super(Real.now() + shift); }
        static now() { return Real.now() + shift; }
      };`);

  const start = (args: readonly string[], { cwd, host = engine.host, before }: StartOptions = {}) =>
    startWatchCommand({
      program,
      host,
      args: ["--cooldown", "1s", ...args],
      ...(cwd !== undefined && { cwd }),
      ...(before !== undefined && { env: { NODE_OPTIONS: `--require=${before}` } }),
    });

  /** The driver of the database is not part of the copy that is tested. */
  const cli = (args: readonly string[]) =>
    runCli(program, args, { env: { NODE_PATH: resolve("node_modules") } });

  it("counts nothing as open that was told of a container that is gone by its start", async () => {
    const history = join(testFolder(), "history.db");
    const args = ["--no-config", "--history", history, "--cooldown", "1h"];
    const first = await start(args);
    const name = await run(["--privileged"]);
    await until(() => first.stdout().includes(`privileged container:${name}`));
    await first.end();
    await engine.docker(["rm", "-f", name]);
    const second = await start(args);
    expect(second.stdout()).toContain(`container:${name}`);
    const counts = (said: string) => /socket: (.*)\n/.exec(said)?.[1];
    expect(counts(second.stderr())).toBe(counts(first.stderr()));
  });

  it("goes on for its other outputs where standard output is full", async () => {
    const at = testFolder();
    const file = join(at, "changes.jsonl");
    const args = ["watch", "--no-config", "--no-history", "--host", engine.host, "-o", file];
    const full = openSync("/dev/full", "w");
    const child = spawn(program, args, { stdio: ["ignore", full, "ignore"] });
    closeSync(full);
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const name = await run(["--privileged"]);
    const lines = () => (existsSync(file) ? readFileSync(file, "utf8") : "");
    await until(() => lines().includes(`"container:${name}"`));
    const other = await run(["--privileged"]);
    await until(() => lines().includes(`"container:${other}"`));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  });

  it("prints a line a change, keeps JSON lines and a history, and ends with 0 on SIGTERM", async () => {
    const at = testFolder();
    const history = join(at, "history.db");
    const watch = await start(["--no-config", "-o", join(at, "changes.jsonl"), "--history", history]);
    await until(() => watch.stderr().includes("within a second"));
    expect(watch.stderr()).toMatch(
      /^bulkhead: watching \d+ containers? \(\d+ running\) on unix:\/\/.*: .*open\nbulkhead: Engine events.* within a second; .* every .* s.*\n$/,
    );
    expect(watch.stdout()).toBe("");
    const name = await run(["--privileged", "-e", "SECRET=hunter2"]);
    await until(() => watch.stdout().includes(`privileged container:${name}`));
    await until(() => readFileSync(join(at, "changes.jsonl"), "utf8").includes(`"container:${name}"`));
    expect(await watch.end()).toBe(0);
    for (const line of readFileSync(join(at, "changes.jsonl"), "utf8").trim().split("\n")) {
      expect(Object.keys(JSON.parse(line))).toEqual(["time", "change", "finding", "cause"]);
      expectDocument("change", JSON.parse(line));
    }
    const shown = await cli(["history", "--history", history, "--subject", name, "--format", "json"]);
    const { findings } = JSON.parse(shown.stdout);
    expect(findings).toContainEqual(
      expect.objectContaining({ control: "privileged", subject: `container:${name}`, resolved: null }),
    );
    const csv = await cli(["history", "--history", history, "--subject", name, "--format", "csv"]);
    expect(csv.stdout.split("\r\n")[0]).toBe(
      "firstSeen,lastSeen,resolved,severity,verdict,control,subject,level,message,host",
    );
    const text = await cli(["history", "--history", history, "--subject", name, "--control", "privileged"]);
    expect(text.stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ – open +critical +privileged +container:/);
    const since = async (time: string) => {
      const { stdout } = await cli(["history", "--history", history, "--since", time, "--format", "json"]);
      return JSON.parse(stdout).findings.length;
    };
    expect(await since("1h")).toBeGreaterThan(0);
    expect((await cli(["history", "--history", history, "--since", "soon"])).status).toBe(2);
    const everything = [watch.stdout(), readFileSync(join(at, "changes.jsonl"), "utf8"), shown.stdout].join();
    expect(everything).not.toContain("hunter2");
    // What goes away while nobody watches is told by the next watch.
    await engine.docker(["rm", "-f", name]);
    const once = await cli([
      "watch",
      "--once",
      "--no-config",
      "--format",
      "jsonl",
      "-H",
      engine.host,
      "--history",
      history,
    ]);
    expect(once.status).toBe(0);
    const resolved = once.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(resolved.map(({ change, finding }) => `${change} ${finding.control}`)).toContain(
      "resolved privileged",
    );
    const again = await cli([
      "watch",
      "--once",
      "--no-config",
      "--format",
      "jsonl",
      "-H",
      engine.host,
      "--history",
      history,
    ]);
    expect(again.stdout).toBe("");
  });

  it("tells that an update raised a limit, which still is one, as a change and as no finding", async () => {
    const [at, port] = [testFolder(), await freePort()];
    const [history, lines] = [join(at, "history.db"), join(at, "changes.jsonl")];
    const name = await run(["--network=none", "--pids-limit=50", "--cpus=0.5"]);
    const watch = await start([
      ...["--no-config", "--history", history, "-o", lines, "--metrics", `127.0.0.1:${port}`],
    ]);
    const told = () => {
      const all = readFileSync(lines, "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      const ours = all.filter(
        ({ finding, cause }) => finding.subject === `container:${name}` && cause.kind === "event",
      );
      for (const change of ours) expectDocument("change", change);
      return ours.map(({ change, finding, cause }) => [
        change,
        finding.control,
        finding.verdict,
        finding.severity,
        cause.limits,
      ]);
    };
    await engine.docker(["update", "--pids-limit=100", name]);
    await until(() => told().length === 1);
    const limits = [{ field: "pids-limit", before: "50", after: "100" }];
    expect(told()).toEqual([["loosened", "pids-limit", "pass", "low", limits]]);
    await until(() =>
      watch
        .stdout()
        .includes(
          `loosened low      pids-limit container:${name} (configured): Its pids-limit was raised from 50 to 100, which is still a limit. [update of ${name}: pids-limit 50 → 100]`,
        ),
    );
    // Stricter is no news, and what is no limit any more is a finding.
    await engine.docker(["update", "--pids-limit=40", "--cpus=0.4", name]);
    await engine.docker(["update", "--pids-limit=-1", name]);
    await until(() => told().length === 2);
    expect(told()[1]?.slice(0, 3)).toEqual(["opened", "pids-limit", "fail"]);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toMatch(
      /^bulkhead_changes_total\{[^}]*control="pids-limit",severity="low",change="loosened"\} 1$/m,
    );
    await watch.end();
    const shown = await cli([
      "history",
      "--history",
      history,
      "--subject",
      name,
      "--control",
      "pids-limit",
      "--format",
      "json",
    ]);
    expect(JSON.parse(shown.stdout).findings).toMatchObject([
      {
        verdict: "pass",
        severity: "low",
        cause: { limits },
        message: expect.stringContaining("from 50 to 100"),
      },
      { verdict: "fail", resolved: null },
    ]);
  });

  it("says over a restart when a limit came apart from what the Engine says", async () => {
    const history = join(testFolder(), "history.db");
    const lines = join(testFolder(), "changes.jsonl");
    const args = ["--no-config", "--history", history, "--interval", "1s", "-o", lines];
    const name = await run(["--network=none", "--pids-limit=50", "--cpus=0.5"]);
    const pid = Number(await engine.docker(["inspect", "-f", "{{.State.Pid}}", name]));
    const first = await start(args);
    const drift = (also: string) =>
      new RegExp(`drift container:${name} .*; (changed between [^)]+)\\)${also}`);
    writeFileSync(limitFile(pid, "pids", "pids.max", "pids.max"), "100000");
    await until(() => drift("").test(first.stdout()));
    const since = drift("").exec(first.stdout())?.[1] ?? "";
    expect(since).toMatch(/^changed between \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ and \d\d:\d\d:\d\dZ$/);
    await first.end();
    // Both times are there for scripts, too.
    const told = readFileSync(lines, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    for (const change of told) expectDocument("change", change);
    const times = told.find(({ finding }) => finding.control === "drift").finding.since;
    expect(times).toEqual({ "pids-limit": { after: expect.any(String), seen: expect.any(String) } });
    const { after, seen } = times["pids-limit"];
    expect(since).toContain(`between ${after.slice(0, 19).replace("T", " ")}Z and `);
    expect(Date.parse(seen)).toBeGreaterThan(Date.parse(after));
    const shown = await cli(["history", "--history", history, "--control", "drift", "--format", "json"]);
    expect(JSON.parse(shown.stdout).findings[0].since).toEqual(times);
    const second = await start(args);
    writeFileSync(limitFile(pid, "cpu", "cpu.cfs_quota_us", "cpu.max"), "190000");
    await until(() => drift("; also cpus").test(second.stdout()));
    expect(drift("; also cpus").exec(second.stdout())?.[1]).toBe(since);
  });

  it("proposes what audit proposes, which is what fix writes", async () => {
    const image = await importImage(engine, "redis:8.0");
    const name = testName(engine, "command");
    await engine.docker(["run", "-d", "--name", name, image, "sleep", "1000"]);
    type Advised = { readonly control: string; readonly subject: string; readonly fix: unknown };
    const advice = (findings: readonly Advised[]) =>
      findings
        .filter((each) => each.subject === `container:${name}` && each.fix !== null)
        .map(({ control, fix }) => [control, fix] as const)
        .toSorted(([a], [b]) => a.localeCompare(b));
    const common = ["--severity", "low", "--no-config", "-H", engine.host];
    const watched = await cli(["watch", "--once", "--no-history", "--format", "jsonl", ...common]);
    const audited = await cli(["audit", `container:${name}`, "--format", "json", ...common]);
    const told = advice(
      watched.stdout
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { readonly finding: Advised }).finding),
    );
    expect(told).toEqual(advice((JSON.parse(audited.stdout) as { readonly findings: Advised[] }).findings));
    // The control's own starting point would be another one.
    expect(JSON.stringify(told)).toContain("8192");
  });

  it("killed at any moment, the history holds what was told a second before", async () => {
    const history = join(testFolder(), "history.db");
    const watch = await start(["--no-config", "--history", history]);
    const name = await run(["--privileged"]);
    await until(() => watch.stdout().includes(`privileged container:${name}`));
    await new Promise((pause) => setTimeout(pause, 1_000));
    await watch.end("SIGKILL");
    const shown = await cli(["history", "--history", history, "--subject", name, "--format", "json"]);
    expect(shown.stdout).toContain('"control": "privileged"');
  });

  it("goes on watching where the driver, or the room for a history, is missing, and says so", async () => {
    const without = await start(["--no-config", "--history", join(testFolder(), "h.db")], {
      before: hideDriver(),
    });
    expect(without.stderr()).toContain("no history is kept: the database driver is not installed");
    const name = await run(["--privileged"]);
    await until(() => without.stdout().includes(`privileged container:${name}`));
    expect(await without.end()).toBe(0);

    const newer = join(testFolder(), "newer.db");
    new Driver(newer).pragma("user_version = 99");
    const refusing = await start(["--no-config", "--history", newer]);
    expect(refusing.stderr()).toContain("was written by a newer bulkhead");
    expect(await refusing.end()).toBe(0);
    const unread = await cli(["history", "--history", newer]);
    expect([unread.status, unread.stdout]).toEqual([2, ""]);

    const small = join(testFolder(), "small");
    mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]);
    onTestFinished(() => void execFileSync("umount", ["-l", small]));
    const full = await start(["--no-config", "--history", join(small, "h.db")]);
    const filler = join(small, "filler");
    try {
      writeFileSync(filler, Buffer.alloc(4 * 1024 * 1024));
    } catch {
      // Full, as it is to be.
    }
    const names = [await run(["--privileged"]), await run(["--privileged"]), await run(["--privileged"])];
    for (const each of names) await until(() => full.stdout().includes(`privileged container:${each}`));
    await until(() => full.stderr().includes("the history cannot be written"));
    rmSync(filler);
    await until(() => full.stderr().includes("the history can be written again"));
    expect(await full.end()).toBe(0);
    const shown = await cli(["history", "--history", join(small, "h.db"), "--format", "json"]);
    for (const each of names) expect(shown.stdout).toContain(`"container:${each}"`);
  });

  it("goes on in time where the clock is set back by an hour", async () => {
    const history = join(testFolder(), "history.db");
    const args = ["--no-config", "--history", history, "--interval", "1s", "--cooldown", "3s"];
    const watch = await start(args, { before: jumpingClock() });
    const before = await run(["--network=none", "--privileged"]);
    await until(() => watch.stdout().includes(`privileged container:${before}`));
    // It jumps while the end of the finding waits for its cool-down.
    await engine.docker(["rm", "-f", before]);
    await new Promise((pause) => setTimeout(pause, 500));
    watch.process.kill("SIGUSR2");
    const after = await run(["--network=none", "--privileged"]);
    await until(() => watch.stdout().includes(`privileged container:${after}`));
    await until(() => new RegExp(`resolved .*privileged container:${before}`).test(watch.stdout()));
    const hours = [before, after].map((name) =>
      Number(
        new RegExp(`^\\S+T(\\d\\d):.*opened .* privileged container:${name}`, "m").exec(watch.stdout())?.[1],
      ),
    );
    expect((hours[0] ?? Number.NaN) - (hours[1] ?? Number.NaN)).toBeOneOf([1, -23]);
    expect(await watch.end()).toBe(0);
    const shown = await cli(["history", "--history", history, "--subject", before, "--format", "json"]);
    const { findings } = JSON.parse(shown.stdout);
    expect(findings).toContainEqual(
      expect.objectContaining({ control: "privileged", resolved: expect.any(String) }),
    );
  });

  it("serves metrics, and takes neither a wrong address nor a wrong time", async () => {
    const port = await freePort();
    const watch = await start(["--no-config", "--no-history", "--metrics", `127.0.0.1:${port}`]);
    await run(["--privileged"]);
    await until(() => watch.stdout().includes("privileged"));
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(text).toMatch(
      /^bulkhead_findings\{host=".*",control="privileged",severity="critical",status="fail"\} \d+$/m,
    );
    expect(text).toMatch(/^bulkhead_events_total\{host=".*",action="start"\} \d+$/m);
    expect(text).not.toMatch(/command\d+|[0-9a-f]{64}/);
    expect(await watch.end()).toBe(0);
    for (const wrong of [
      ["--metrics", "nowhere"],
      ["--interval", "soon"],
      ["--interval", "1ms"],
      ["--only", "nothing"],
    ]) {
      const ran = await cli(["watch", "--once", "--no-config", "--no-history", "-H", engine.host, ...wrong]);
      expect([ran.status, ran.stdout]).toEqual([2, ""]);
      expect(ran.stderr.split("\n").length).toBeLessThan(5);
      expect(ran.stderr).not.toContain("    at ");
    }
    const nobody = await cli([
      "watch",
      "--once",
      "--no-config",
      "--no-history",
      "-H",
      "unix:///nonexistent.sock",
    ]);
    expect(nobody.status).toBe(2);
    expect(nobody.stderr).toContain("unix:///nonexistent.sock");
    expect(nobody.stderr).not.toContain("trying again");
  });

  it("reacts as bulkhead.yaml says, once it runs, and never to what is exempt", async () => {
    const at = testFolder();
    const spared = testName(engine, "spared");
    writeFileSync(
      join(at, "bulkhead.yaml"),
      `watch:\n  evidence: ${at}/evidence\n  exempt: [${spared}]\n  reactions:\n    privileged: pause\n    host-ipc: stop\n    sensitive-host-mount: disconnect\n    docker-socket-mount: quarantine\n`,
    );
    const before = await run(["--network=none", "--privileged"]);
    const watch = await start(["--no-history"], { cwd: at });
    const state = (name: string) => engine.docker(["inspect", "-f", "{{.State.Status}}", name]);
    const reaches = async (name: string, wanted: string) => {
      for (let tries = 0; (await state(name)) !== wanted && tries < 200; tries += 1)
        await new Promise((pause) => setTimeout(pause, 50));
      expect(await state(name)).toBe(wanted);
    };
    await runNamed(engine, spared, ["--network=none", "--privileged"]);
    const privileged = await run(["--network=none", "--privileged"]);
    await reaches(privileged, "paused");
    await reaches(await run(["--network=none", "--ipc=host"]), "exited");
    const connected = await run(["-v", "/etc:/host-etc"]);
    await until(() => watch.stderr().includes(`${connected} is disconnected from bridge`));
    expect(await engine.docker(["inspect", "-f", "{{len .NetworkSettings.Networks}}", connected])).toBe("0");
    const suspect = await run(
      ["--network=none", "-v", `${engine.socketPath}:/s`, "-e", "TOKEN=hunter2", "--label=pw=hunter2"],
      ["sh", "-c", "echo hunter2 > /stolen; sleep 1000"],
    );
    await until(() => watch.stderr().includes(`${suspect} is paused, its evidence is in`));
    await reaches(suspect, "paused");
    const kept = join(at, "evidence", readdirSync(join(at, "evidence"))[0] ?? "");
    expect(readdirSync(kept).toSorted()).toEqual([
      ...["changes.json", "finding.json", "inspect.json", "mounts.txt", "processes.json"],
    ]);
    const evidence = readdirSync(kept)
      .map((name) => readFileSync(join(kept, name), "utf8"))
      .join();
    expect(evidence).not.toContain("hunter2");
    expect(evidence).toContain("/stolen");
    expect(evidence).toContain(engine.socketPath);
    // Neither what says that it is exempt, nor what was so before the watch began.
    expect(await state(spared)).toBe("running");
    expect(await state(before)).toBe("running");
    expect(watch.stderr()).toContain(`no pause, bulkhead.yaml exempts ${spared}`);
    expect(await watch.end()).toBe(0);
    await engine.docker(["unpause", privileged]);
  });

  it("names the guard's client that made the call, and says so where nobody's call is in the log", async () => {
    const at = testFolder();
    const [ci, log] = [join(at, "ci.sock"), join(at, "guard.log")];
    const config = join(at, "bulkhead.yaml");
    const clients = `{ ci: { listen: "unix://${ci}" } }`;
    writeFileSync(
      config,
      `guard: { mode: warn, clients: ${clients} }\nwatch: { guardLogs: [${log}], outputs: [{ type: file, path: ${at}/changes.jsonl }] }\n`,
    );
    const guard = await startGuard(program, engine.host, ["--config", config, "--log", log]);
    onTestFinished(() => guard.stop());
    const watch = await start(["--no-history"], { cwd: at });
    const byCi = testName(engine, "command");
    const asCi = (...args: readonly string[]) => guard.docker(args, { env: { DOCKER_HOST: `unix://${ci}` } });
    const says = (pattern: string) => until(() => new RegExp(pattern).test(watch.stdout()), watch.stdout);
    await asCi("run", "-d", "--name", byCi, "--pids-limit=50", "--privileged", busybox, "sleep", "1000");
    await says(`opened .* privileged container:${byCi} .*\\[create of ${byCi} by ci\\]`);
    await guard.docker(["update", "--pids-limit=-1", byCi]);
    await says(
      `opened .* pids-limit container:${byCi} .*\\[update of ${byCi} by default: pids-limit 50 → no limit\\]`,
    );
    const direct = await run(["--privileged"]);
    await says(`opened .* privileged container:${direct} .*\\[create of ${direct} by unknown\\]`);
    const causes = readFileSync(join(at, "changes.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Change)
      .filter(({ finding }) => finding.control === "privileged")
      .map(({ finding, cause }) => [finding.subject, cause]);
    expect(causes).toMatchObject([
      [`container:${byCi}`, { action: "create", by: { client: "ci", listener: `unix://${ci}` } }],
      [`container:${direct}`, { action: "create", by: null }],
    ]);
    expect(await watch.end()).toBe(0);
  });

  it("outlives a restart of the Engine, and knows what changed over it", async () => {
    const mine = await startEngine({ flags: ["--live-restore"] });
    onTestFinished(() => mine.stop());
    await importBusybox(mine);
    const name = await run(["--network=none", "--privileged"], ["sleep", "1000"], mine);
    const argv = readFileSync(`/proc/${mine.pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    const watch = await start(["--no-config", "--no-history", "--interval", "1s"], { host: mine.host });
    process.kill(mine.pid, "SIGTERM");
    await until(() => watch.stderr().includes("trying again until it answers"));
    await until(() => !existsSync(join(mine.folder, "pid")));
    const restarted = spawn(argv[0] ?? "dockerd", argv.slice(1), { stdio: "ignore" });
    const ended = new Promise((settle) => restarted.once("exit", settle));
    onTestFinished(async () => {
      restarted.kill("SIGTERM");
      await ended;
    });
    await until(() => watch.stderr().includes("answers again"));
    const later = await run(["--network=none", "--privileged"], ["sleep", "1000"], mine);
    await until(() => watch.stdout().includes(`privileged container:${later}`));
    // The one that ran on over it is no news.
    expect(watch.stdout()).not.toContain(`container:${name} `);
    await mine.docker(["rm", "-f", name, later]);
    await until(() => new RegExp(`resolved .*privileged container:${later}`).test(watch.stdout()));
    expect(await watch.end()).toBe(0);
  });
});
