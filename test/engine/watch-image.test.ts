import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { parseDocument } from "yaml";
import { builtCommand } from "../support/cli.ts";
import { describeWithEngine } from "./describe.ts";
import { startEngine, type TestEngine } from "./engine.ts";
import { busybox, importBusybox } from "./images.ts";
import { buildPackaged, healthBy, packagedStage } from "./packaged-image.ts";
import { loosenMemory } from "./tampering.ts";

const image = "bulkhead-watch:test";

interface Service {
  readonly user: string;
  readonly cap_drop: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt: readonly string[];
  readonly read_only: boolean;
  readonly pids_limit: number;
  readonly mem_limit: string;
  readonly volumes: readonly string[];
  readonly command: readonly string[];
}

/** The flags by which `docker run` does what a service's definition says, but for its volumes. */
function flagsOf(service: Service): readonly string[] {
  return [
    `--user=${service.user}`,
    ...service.cap_drop.map((capability) => `--cap-drop=${capability}`),
    ...(service.cap_add ?? []).map((capability) => `--cap-add=${capability}`),
    ...service.security_opt.map((option) => `--security-opt=${option}`),
    ...(service.read_only ? ["--read-only"] : []),
    `--pids-limit=${service.pids_limit}`,
    `--memory=${service.mem_limit}`,
  ];
}

function watchIn(file: string): Service {
  return parseDocument(readFileSync(file, "utf8")).toJS().services.watch;
}

describeWithEngine("bulkhead watch in a container of its own", () => {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-watch-image-"));
  let engine: TestEngine;
  let program: string;

  beforeAll(async () => {
    program = builtCommand();
    engine = await startEngine({ bridge: true });
    await importBusybox(engine);
    await buildPackaged(engine, folder, {
      tag: image,
      dockerfile: packagedStage("watch"),
      program,
      fill(context) {
        mkdirSync(join(context, "lib/bulkhead"), { recursive: true });
        for (const name of ["better-sqlite3", "bindings", "file-uri-to-path"])
          cpSync(join("node_modules", name), join(context, "node_modules", name), { recursive: true });
        execFileSync("chmod", ["-R", "a+rX", context]);
        execFileSync("chmod", ["0770", join(context, "lib/bulkhead")]);
      },
    });
  });

  afterAll(async () => {
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(name: string, flags: readonly string[], command: readonly string[]): Promise<void> {
    onTestFinished(async () => void (await engine.docker(["rm", "-f", "-v", name]).catch(() => "")));
    await engine.docker(["run", "-d", "--name", name, ...flags, ...command]);
  }

  const logsOf = (name: string) => engine.docker(["logs", name]);

  async function logged(name: string, is: (change: { change: string; finding: Finding }) => boolean) {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const changes = (await logsOf(name))
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line));
      const found = changes.find(is);
      if (found) return found;
      if (Date.now() > deadline)
        throw new Error(
          `it did not tell: ${execFileSync("sh", ["-c", `docker logs ${name} 2>&1 | tail -n 20`], { env: { PATH: process.env.PATH ?? "", ...engine.environment }, encoding: "utf8" })}`,
        );
      await pause(100);
    }
  }

  const health = (name: string) => healthBy(engine, packagedStage("watch"), name);

  /** Its standard error. */
  function saidBy(name: string): string {
    return execFileSync("sh", ["-c", `docker logs ${name} 2>&1 >/dev/null`], {
      env: { PATH: process.env.PATH ?? "", ...engine.environment },
      encoding: "utf8",
    });
  }

  it("behind the guard, as nobody and without a right, tells what the Engine says, and is refused nothing", async () => {
    const service = watchIn("packaging/watch/compose.yaml");
    const sockets = join(folder, "sockets");
    mkdirSync(sockets, { recursive: true });
    const log = join(folder, "guard.log");
    const socket = join(sockets, "watch.sock");
    const guard = spawn(
      process.execPath,
      [
        ...[program, "guard", "proxy", "--no-config", "--preset", "read-only", "--log", log],
        ...["--listen", `unix://${socket},mode=0666`, "--host", engine.host],
      ],
      { stdio: ["ignore", "ignore", "pipe"], env: { PATH: process.env.PATH ?? "", HOME: "/nonexistent" } },
    );
    onTestFinished(() => void guard.kill("SIGKILL"));
    let said = "";
    guard.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    const deadline = Date.now() + 30_000;
    while (!execFileSync("ls", [sockets], { encoding: "utf8" }).includes("watch.sock")) {
      if (Date.now() > deadline || guard.exitCode !== null) throw new Error(`no guard: ${said}`);
      await pause(50);
    }
    expect(service.volumes.slice(0, 2)).toEqual(["sockets:/run/bulkhead:ro", "state:/var/lib/bulkhead"]);
    await run(
      "watch",
      [...flagsOf(service), "-v", `${sockets}:/run/bulkhead:ro`, "-v", "watch-state:/var/lib/bulkhead"],
      [image, ...service.command],
    );
    await run("bad", ["--privileged", "--memory=64m"], [busybox, "sleep", "1000"]);
    const told = await logged(
      "watch",
      ({ finding }) => finding.control === "privileged" && finding.subject === "container:bad",
    );
    expect(told).toMatchObject({ change: "opened", finding: { level: "configured" } });
    expect(await health("watch")).toBe("healthy");
    const pid = await engine.docker(["inspect", "--format={{.State.Pid}}", "watch"]);
    expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(/^CapEff:\t0{16}$/m);
    const verdicts = readFileSync(log, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(verdicts.length).toBeGreaterThan(5);
    expect(verdicts.filter(({ verdict }) => verdict !== "allow")).toEqual([]);
    expect(saidBy("watch")).toMatch(
      /^bulkhead: watching \d+ containers.*\nbulkhead: Engine events within a second; .*\n$/,
    );
    // What was told is remembered over a restart.
    await engine.docker(["stop", "-t", "10", "watch"]);
    expect(await engine.docker(["inspect", "--format={{.State.ExitCode}}", "watch"])).toBe("0");
    await engine.docker(["rm", "-f", "bad"]);
    await engine.docker(["start", "watch"]);
    expect(
      await logged(
        "watch",
        ({ change, finding }) => change === "resolved" && finding.subject === "container:bad",
      ),
    ).toMatchObject({ cause: { kind: "start" } });
  });

  it("with the host's /proc tells what the kernel says, by one capability and without the host's namespaces", async () => {
    const service = watchIn("packaging/watch/kernel/compose.yaml");
    expect(service.cap_add).toEqual(["SYS_PTRACE"]);
    expect(service).not.toHaveProperty("pid");
    expect(service).not.toHaveProperty("network_mode");
    await run("limited", ["--memory=64m", "--memory-swap=64m"], [busybox, "sleep", "1000"]);
    await run(
      "kernel",
      [
        ...flagsOf(service),
        // The test Engine's socket is where no other Engine's is.
        ...["-v", `${engine.socketPath}:${engine.socketPath}:ro`],
        ...service.volumes.slice(1, 3).flatMap((volume) => ["-v", volume]),
        ...["-v", "kernel-state:/var/lib/bulkhead"],
      ],
      [image, ...service.command, "--host", engine.host, "--interval", "1s"],
    );
    // Cgroups are watched from then on.
    await expect
      .poll(() => saidBy("kernel"), { timeout: 60_000, interval: 100 })
      .toContain("bulkhead: watching");
    const isMemory = ({ control, subject }: Finding) =>
      control === "memory-limit" && subject === "container:limited";
    await logged(
      "kernel",
      ({ finding }) => finding.subject === "container:limited" && finding.level === "effective",
    );
    expect(
      (await logsOf("kernel"))
        .split("\n")
        .some((line) => line.startsWith("{") && isMemory(JSON.parse(line).finding)),
    ).toBe(false);
    expect(loosenMemory(await engine.docker(["inspect", "--format={{.Id}}", "limited"]))).toBeGreaterThan(0);
    expect(await logged("kernel", ({ finding }) => isMemory(finding))).toMatchObject({
      change: "opened",
      finding: { level: "effective", verdict: "fail" },
      cause: { kind: "file" },
    });
    // What it sees behind the Engine it reports at the second look. This runs after the first, which found the memory.
    await run("entered", ["--network=none"], [busybox, "sleep", "1000"]);
    const pid = await engine.docker(["inspect", "--format={{.State.Pid}}", "entered"]);
    const enter = ["-t", pid, "-a", "/bin/busybox", "sleep", "1000"];
    const intruder = spawn("nsenter", enter, { detached: true, stdio: "ignore" });
    onTestFinished(() => void (intruder.pid && process.kill(-intruder.pid, "SIGKILL")));
    const behind = ["kernel-file-system", "privileged-exec"];
    await logged("kernel", ({ finding }) => behind.includes(finding.control));
    const subjects = (await logsOf("kernel"))
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line): Finding => JSON.parse(line).finding)
      .filter(({ control }) => behind.includes(control))
      .map(({ control, subject }) => `${control} ${subject}`);
    expect(subjects).toEqual(["privileged-exec container:entered"]);
    expect(await health("kernel")).toBe("healthy");
    expect(saidBy("kernel")).toMatch(
      /^bulkhead: watching .*\nbulkhead: Engine events.* within a second; .*\n$/,
    );
  });
});

interface Finding {
  readonly control: string;
  readonly subject: string;
  readonly level: string;
}
