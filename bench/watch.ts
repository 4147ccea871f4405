// npm run bench:watch: with 100 containers present, from `docker run` of a container with a socket mount to the alert; what a sweep
// of the kernel takes, also beside a process that calls itself runc's; what the watch takes while nothing happens; how fast it hears
// of an entry, a remount, a setuid program and a limit that is written by hand, also beside a container that starts programs
// without end, and what a thousand programs that start each second cost it. ONLY=kernel,alerts chooses some. Starts its own Engine (as root on Linux).
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { engineAvailable, startEngine, type TestEngine } from "../test/engine/engine.ts";
import { importBusybox } from "../test/engine/images.ts";
import { limitFile } from "../test/engine/limit-file.ts";

const containers = Number(process.env.CONTAINERS ?? 100);
const rounds = Number(process.env.ROUNDS ?? 100);
const idleSeconds = Number(process.env.IDLE ?? 90);
const program = resolve("dist/bulkhead.cjs");

/** What somebody does to a hardened container by hand, with sweeps a minute apart, and the control that tells. */
const acts: readonly {
  readonly what: string;
  readonly control: string;
  readonly flags: readonly string[];
  readonly command: readonly string[];
  act(on: TestEngine, name: string, pid: string): void;
}[] = [
  {
    what: "a remount by nsenter",
    control: "read-only-rootfs",
    flags: ["--read-only"],
    command: ["sleep", "3600"],
    act: (_, __, pid) =>
      void spawn("nsenter", ["-t", pid, "-m", "-p", "/bin/busybox", "mount", "-o", "remount,rw", "/"]),
  },
  {
    what: "an entry by nsenter",
    control: "privileged-exec",
    flags: ["--cap-drop", "ALL"],
    command: ["sleep", "3600"],
    act: (_, __, pid) => void spawn("nsenter", ["-t", pid, "-a", "/bin/busybox", "sleep", "3600"]),
  },
  {
    what: "a setuid program",
    control: "root-user",
    flags: ["--user", "1000", "--tmpfs", "/tmp"],
    command: ["sh", "-c", "until [ -e /tmp/go ]; do sleep 0.02; done; su root -c 'sleep 3600'"],
    act: (_, __, pid) =>
      void spawn("sh", ["-c", `chmod 4755 /proc/${pid}/root/bin/busybox; touch /proc/${pid}/root/tmp/go`]),
  },
  {
    what: "a limit that is written by hand",
    control: "drift",
    flags: ["--pids-limit", "64"],
    command: ["sleep", "3600"],
    act: (_, __, pid) => writeFileSync(limitFile(Number(pid), "pids", "pids.max", "pids.max"), "max"),
  },
];

const available = engineAvailable();
if (!available.ok) {
  console.error(`not measured: ${available.reason}`);
  process.exit(2);
}
const engine = await startEngine();
try {
  const image = await importBusybox(engine);
  await fill(engine, image);
  console.log(`${containers} containers, ${rounds} rounds, load ${loadavg()[0]?.toFixed(1)}\n`);
  const parts = {
    kernel: () => benchKernelEvents(engine, image),
    neighbour: () => benchNeighbour(engine, image),
    programs: () => benchPrograms(engine, image),
    alerts: () => benchAlerts(engine, image),
    sweeps: () => benchSweeps(engine, image),
    idle: () => benchIdle(engine),
  };
  const chosen = process.env.ONLY?.split(",");
  for (const [name, measure] of Object.entries(parts)) if (chosen?.includes(name) !== false) await measure();
} finally {
  await engine.stop();
}

async function fill(on: TestEngine, image: string): Promise<void> {
  const names = Array.from({ length: containers }, (_, index) => `present-${index}`);
  for (let at = 0; at < names.length; at += 4) {
    await Promise.all(
      names
        .slice(at, at + 4)
        .map((name) => on.docker(["run", "-d", "--name", name, "--network", "none", image, "sleep", "3600"])),
    );
  }
}

interface Watcher {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Resolves with the moment (performance.now) at which a line about it came. */
  alert(subject: string, control: string): Promise<number>;
  stop(): Promise<void>;
}

async function startWatcher(on: TestEngine, args: readonly string[] = []): Promise<Watcher> {
  const child = spawn(
    process.execPath,
    [program, "watch", "--format", "jsonl", "--no-config", "--no-history", "-H", on.host, ...args],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const waiting = new Map<string, (at: number) => void>();
  const came = new Map<string, number>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    const at = performance.now();
    const { change, finding } = JSON.parse(line);
    if (change !== "opened") return;
    const key = `${finding.subject} ${finding.control}`;
    came.set(key, at);
    waiting.get(key)?.(at);
  });
  await new Promise<void>((ready, fail) => {
    child.once("exit", (status) => fail(new Error(`bulkhead watch ended with ${status}`)));
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (line.includes("watching")) ready();
      else console.error(line);
    });
  });
  return {
    process: child,
    pid: child.pid ?? 0,
    alert: (subject, control) =>
      new Promise((settle, fail) => {
        const key = `${subject} ${control}`;
        const before = came.get(key);
        if (before !== undefined) return settle(before);
        waiting.set(key, settle);
        setTimeout(() => fail(new Error(`nothing was told of ${key}`)), 120_000).unref();
      }),
    stop: () =>
      new Promise((ended) => {
        child.removeAllListeners("exit");
        child.once("exit", () => ended());
        child.kill("SIGTERM");
      }),
  };
}

async function benchAlerts(on: TestEngine, image: string): Promise<void> {
  const watcher = await startWatcher(on);
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const name = `mounted-${round}`;
    const started = performance.now();
    const running = on.docker([
      ...["run", "-d", "--name", name, "--network", "none", "-v", `${on.socketPath}:/docker.sock`],
      ...[image, "sleep", "3600"],
    ]);
    took.push((await watcher.alert(`container:${name}`, "docker-socket-mount")) - started);
    await running;
    await on.docker(["rm", "-f", name]);
  }
  await watcher.stop();
  console.log("from docker run with a socket mount to the alert   (bound: p99 under 500 ms)");
  console.log(`  ${shares(took)}\n`);
}

async function benchKernelEvents(on: TestEngine, image: string): Promise<void> {
  const watcher = await startWatcher(on, ["--interval", "60s"]);
  console.log("from the act to the line   (bound: p99 500 ms; of a limit 1 s)");
  console.log(`  meanwhile ${await costOf(watcher, () => benchActs(on, image, watcher, "alone"))}`);
  await watcher.stop();
  console.log("");
}

/** As fast as a shell can, in one container, while somebody acts in another. */
async function benchNeighbour(on: TestEngine, image: string): Promise<void> {
  // setresuid(-1, -1, -1), which changes nothing.
  const call = `perl -e 'syscall(${process.arch === "arm64" ? 147 : 117}, -1, -1, -1) while 1'`;
  const storms = [
    { what: "starts programs without end", inside: ["sh", "-c", "while :; do /bin/busybox true; done"] },
    { what: "makes one system call without end", inside: ["chroot", "/host", "sh", "-c", call] },
  ];
  for (const [index, { what, inside }] of storms.entries()) {
    const watcher = await startWatcher(on, ["--interval", "60s"]);
    const host = ["-v", "/:/host:ro"];
    await on.docker(["run", "-d", "--name", "storm", "--network", "none", ...host, image, ...inside]);
    console.log(`the same beside a container that ${what}   (bound: p99 1 s)`);
    console.log(
      `  meanwhile ${await costOf(watcher, () => benchActs(on, image, watcher, `beside${index}`))}`,
    );
    console.log(`  then ${await costOf(watcher, () => pause(60_000))}\n`);
    await on.docker(["rm", "-f", "storm"]);
    await watcher.stop();
  }
}

async function benchActs(on: TestEngine, image: string, watcher: Watcher, prefix: string): Promise<void> {
  for (const [index, { what, control, flags, command, act }] of acts.entries()) {
    const took: number[] = [];
    for (let round = 0; round < Math.min(rounds, 30); round += 1) {
      const name = `${prefix}-${index}-${round}`;
      await on.docker(["run", "-d", "--name", name, "--network", "none", ...flags, image, ...command]);
      const pid = await on.docker(["inspect", "-f", "{{.State.Pid}}", name]);
      // For a root without a password, whom su lets in.
      const passwd = `/proc/${pid}/root/etc/passwd`;
      if (control === "root-user")
        writeFileSync(passwd, readFileSync(passwd, "utf8").replace("root:x:", "root::"));
      await pause(1_000);
      const started = performance.now();
      act(on, name, pid);
      took.push((await watcher.alert(`container:${name}`, control)) - started);
      await on.docker(["rm", "-f", name]);
    }
    console.log(`  ${what}: ${shares(took)}`);
  }
}

/** The watch's CPU while programs start on the host, and in a container, beside what it takes while none does. */
async function benchPrograms(on: TestEngine, image: string): Promise<void> {
  const watcher = await startWatcher(on, ["--interval", "60s"]);
  await on.docker(["run", "-d", "--name", "storm", "--network", "none", image, "sleep", "3600"]);
  // Until all code is compiled.
  await pause(30_000);
  // As long as the pause between two sweeps: each has one.
  const cpuOfMinute = () => costOf(watcher, () => pause(60_000));
  const many = "while :; do for i in 1 2 3 4 5 6 7 8 9 10; do /bin/true; done; sleep 0.005; done";
  console.log("programs that start   (bound: 1 % of a CPU at 1,000 a second)");
  console.log(`  none: ${await cpuOfMinute()}`);
  const storm = spawn("sh", ["-c", many]);
  console.log(`  on the host: ${await cpuOfMinute()}`);
  storm.kill("SIGKILL");
  await on.docker(["exec", "-d", "storm", "sh", "-c", many.replace("/bin/true", "/bin/busybox true")]);
  console.log(`  in a container: ${await cpuOfMinute()}\n`);
  await on.docker(["rm", "-f", "storm"]);
  await watcher.stop();
}

async function costOf({ pid }: Watcher, run: () => Promise<unknown>): Promise<string> {
  const before = { cpu: cpuOf(pid), forks: forks(), at: performance.now() };
  await run();
  const time = performance.now() - before.at;
  const started = (forks() - before.forks) / (time / 1_000);
  const percent = ((cpuOf(pid) - before.cpu) / time) * 100;
  return `${percent.toFixed(2)} % of a CPU at ${started.toFixed(0)} programs a second`;
}

function shares(took: readonly number[]): string {
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return `median ${at(0.5).toFixed(0)} ms   p90 ${at(0.9).toFixed(0)} ms   p99 ${at(0.99).toFixed(0)} ms   max ${at(1).toFixed(0)} ms`;
}

/** Processes that were started since boot (proc_stat(5)). */
function forks(): number {
  return Number(/^processes (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
}

async function benchSweeps(on: TestEngine, image: string): Promise<void> {
  console.log(`a sweep of ${containers} containers   (bound: under 100 ms of CPU)`);
  console.log(`  ${await costOfSweeps(on)}`);
  // As runc calls itself for a moment, before it becomes what it is to run.
  const name = 'echo "runc:[2:INIT]" >/proc/self/comm; while :; do sleep 3600; done';
  await on.docker(["run", "-d", "--name", "pretender", "--network", "none", image, "sh", "-c", name]);
  console.log(`  ${await costOfSweeps(on)}, with a process that calls itself runc:[2:INIT]\n`);
  await on.docker(["rm", "-f", "pretender"]);
}

async function costOfSweeps(on: TestEngine): Promise<string> {
  const metrics = "127.0.0.1:19317";
  const watcher = await startWatcher(on, ["--interval", "1s", "--metrics", metrics]);
  const count = async () => {
    const text = await (await fetch(`http://${metrics}/metrics`)).text();
    return Number(/^bulkhead_scan_duration_seconds_count\{.*scan="sweep"\} (\d+)$/m.exec(text)?.[1] ?? 0);
  };
  await pause(6_000);
  const before = { sweeps: await count(), cpu: cpuOf(watcher.pid) };
  await pause(30_000);
  const sweeps = (await count()) - before.sweeps;
  const cpu = cpuOf(watcher.pid) - before.cpu;
  await watcher.stop();
  return `${(cpu / sweeps).toFixed(0)} ms of CPU, ${sweeps} sweeps`;
}

async function benchIdle(on: TestEngine): Promise<void> {
  const watcher = await startWatcher(on);
  await pause(30_000);
  const before = cpuOf(watcher.pid);
  await pause(idleSeconds * 1_000);
  const cpu = cpuOf(watcher.pid) - before;
  const memory = rssOf(watcher.pid);
  await watcher.stop();
  console.log("while nothing happens   (bounds: under 0.5 % of a CPU, 100 MiB)");
  console.log(
    `  ${(cpu / idleSeconds / 10).toFixed(2)} % of a CPU over ${idleSeconds} s, ${memory.toFixed(0)} MiB`,
  );
}

/** Milliseconds of user and system time (proc_pid_stat(5), fields 14 and 15; a tick is 10 ms). */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Mebibytes. */
function rssOf(pid: number): number {
  const kibi = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kibi) / 1024;
}
