import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { importBusybox } from "./images.ts";
import { limitFile } from "./limit-file.ts";
import { buildPackaged, packagedStage } from "./packaged-image.ts";
import { runNamed } from "./test-container.ts";

interface Finding {
  readonly control: string;
  readonly subject: string;
  readonly severity: string;
  readonly verdict: string;
  readonly level: string;
  readonly message: string;
}

/** The flags of the one command that docs/containers.md gives. */
function documentedFlags(): readonly string[] {
  const text = readFileSync("docs/containers.md", "utf8");
  const command = /```sh\n(docker run [^`]*?bulkhead:0\.1\.0) audit engine\n```/.exec(text)?.[1] ?? "";
  return command.replaceAll("\\\n", " ").split(/\s+/).slice(2, -1);
}

describeWithEngine("bulkhead in a container", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-inside-"));
  const own = ["bulkhead-inside"];
  let engine: TestEngine;
  let program = "";

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine();
    await importBusybox(engine);
    await buildPackaged(engine, folder, {
      tag: "bulkhead:test",
      dockerfile: packagedStage("audit"),
      program,
      fill: (context) => mkdirSync(join(context, "work")),
    });
    await runNamed(engine, "plain", []);
    await runNamed(engine, "limited", ["--memory", "64m", "--pids-limit", "50"]);
    await runNamed(engine, "privileged", ["--privileged"]);
  });

  afterAll(async () => {
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function inside(flags: readonly string[], args: readonly string[]): Promise<string> {
    const socket = ["-v", `${engine.socketPath}:/var/run/docker.sock`, "--user", "0", "--network", "none"];
    return await engine.docker([
      "run",
      "--rm",
      "--name",
      ...own,
      ...socket,
      ...flags,
      "bulkhead:test",
      ...args,
    ]);
  }

  const audit = ["audit", "engine", "--format", "json", "--fail-on", "none"];
  const findingsIn = (text: string) => (JSON.parse(text) as { findings: readonly Finding[] }).findings;

  const withSocket = () =>
    documentedFlags().map((word) =>
      word.startsWith("/var/run/docker.sock:") ? `${engine.socketPath}:/var/run/docker.sock` : word,
    );

  it("finds with the documented rights what it finds on the host", async () => {
    const flags = withSocket();
    expect(flags).not.toContain("--privileged");
    const there = findingsIn(
      await engine.docker(["run", "--name", ...own, ...flags, "bulkhead:test", ...audit]),
    );
    await engine.docker(["rm", "-f", ...own]);
    const here = findingsIn((await runCli(program, audit, { env: engine.environment })).stdout);
    const names = ["engine", "container:plain", "container:limited", "container:privileged"];
    const told = (findings: readonly Finding[]) =>
      findings
        .filter(({ subject }) => names.includes(subject))
        // How much of the CPU each gets depends on how many containers run.
        .map(
          ({ message, ...each }) =>
            `${each.subject} ${each.control} ${each.severity} ${each.verdict} ${each.level} ${message.replace(/\([\d.]+ %[^)]*\)/, "")}`,
        )
        .toSorted();
    // No program in the image reads ACLs: where the socket's group may write it, somebody else may, too.
    const isSocket = ({ control }: Finding) => control === "engine-socket-permissions";
    expect(there.find(isSocket)).toMatchObject({ verdict: "unknown" });
    expect(told(there.filter((each) => !isSocket(each)))).toEqual(
      told(here.filter((each) => !isSocket(each))),
    );
    const itself = there.filter(({ subject }) => subject === `container:${own[0]}`);
    expect(itself.find(({ control }) => control === "docker-socket-mount")).toMatchObject({
      severity: "info",
    });
  });

  it("proves with the documented rights what it proves on the host", async () => {
    const prove = ["prove", "limited", "--format", "json"];
    // Its exit status says that something did not hold, and `docker run` would then give no output.
    const script = `const r=require('child_process').spawnSync(process.execPath,['--','/opt/bulkhead/bulkhead.cjs',${prove.map((word) => `'${word}'`).join()}]);process.stdout.write(r.stdout)`;
    const entry = ["--entrypoint", "/nodejs/bin/node", "bulkhead:test", "-e", script];
    const there = await engine.docker(["run", "--rm", ...withSocket(), ...entry]);
    const here = await runCli(program, prove, { env: engine.environment });
    const outcomes = (text: string) => {
      const { probes } = JSON.parse(text) as {
        readonly probes: readonly { readonly probe: string; readonly outcome: string }[];
      };
      return Object.fromEntries(probes.map(({ probe, outcome }) => [probe, outcome]));
    };
    expect(Object.values(outcomes(here.stdout))).toContain("held");
    expect(outcomes(there)).toEqual(outcomes(here.stdout));
  });

  it("watches with the documented rights: a limit that somebody lifts by hand", async () => {
    const watch = ["watch", "--format", "jsonl", "--no-history", "--interval", "1s"];
    await engine.docker(["run", "-d", "--name", ...own, ...withSocket(), "bulkhead:test", ...watch]);
    const logs = async () => await engine.docker(["logs", ...own]);
    const has = async (pattern: RegExp) => {
      await vi.waitFor(async () => expect(await logs()).toMatch(pattern), { timeout: 30_000, interval: 300 });
    };
    await has(/"container:limited"/);
    const pid = Number(await engine.docker(["inspect", "-f", "{{.State.Pid}}", "limited"]));
    const file = limitFile(pid, "pids", "pids.max", "pids.max");
    const before = readFileSync(file, "utf8");
    writeFileSync(file, "30000");
    await has(/"control":"drift"[^\n]*"container:limited"[^\n]*the kernel says: 30000/);
    writeFileSync(file, before);
    await engine.docker(["rm", "-f", ...own]);
  });

  it("says with the socket alone that the kernel was not seen, in the text and in the document", async () => {
    const text = (await inside([], ["audit", "engine", "--fail-on", "none"])).replaceAll(/\s+/g, " ");
    await engine.docker(["rm", "-f", ...own]);
    const { looked, findings } = JSON.parse(await inside([], audit)) as {
      readonly looked: readonly string[];
      readonly findings: readonly Finding[];
    };
    await engine.docker(["rm", "-f", ...own]);
    expect(findings.filter(({ level }) => level === "effective")).toEqual([]);
    const sentence = "the kernel is not seen from this container (bulkhead doctor says what that needs)";
    for (const each of [text, looked.join()]) expect(each).toContain(sentence);
  });

  it("does not take its own cgroup for another container's, nor count one that is privileged twice", async () => {
    const found = findingsIn(await inside(["--pid", "host"], audit)).filter(
      ({ verdict }) => verdict === "fail",
    );
    const of = (name: string) => found.filter(({ subject }) => subject === `container:${name}`);
    expect(
      of("limited").filter(({ control }) => /^(?:drift|memory-limit|pids-limit)$/.test(control)),
    ).toEqual([]);
    const grave = of("privileged").filter(({ severity }) => /high|critical/.test(severity));
    expect(grave.map(({ control }) => control)).toEqual(["privileged"]);
  });

  it("doctor names what is missing, and never --privileged", async () => {
    // Its exit status is 1, and `docker run` would then give no output: another process starts it.
    const script =
      "const r=require('child_process').spawnSync(process.execPath,['--','/opt/bulkhead/bulkhead.cjs','doctor']);console.log(String(r.stdout))";
    const socket = ["-v", `${engine.socketPath}:/var/run/docker.sock`, "--user", "0"];
    const doctor = async (flags: readonly string[]) => {
      const run = [
        "run",
        "--rm",
        ...flags,
        "--entrypoint",
        "/nodejs/bin/node",
        "bulkhead:test",
        "-e",
        script,
      ];
      return (await engine.docker(run)).replaceAll(/\s+/g, " ");
    };
    const text = await doctor(socket);
    expect(text).toContain("! host's files not in sight of this container");
    expect(text).toContain("--pid host");
    for (const right of [
      ...["-v /sys/fs/cgroup:/sys/fs/cgroup:ro", "--cgroupns host", "--cap-add SYS_PTRACE"],
      ...["-v /:/host:ro", "--host-root /host"],
    ])
      expect(text).toContain(right);
    expect(text).not.toMatch(/--privileged|all capabilities|can read all/);
    expect(await doctor(withSocket())).toMatch(/✓ host's files seen at \/proc\/\d+\/root/);
  });
});
