// tsx bench/watch-soak.ts [MINUTES] [PAUSE]: containers come, run a privileged exec, change their limits and go, with PAUSE
// milliseconds between two rounds (0), beside twenty that stay; and whether the watch's memory, and the CPU that a container's life takes, stay level over it, and its files are at
// rest again after it. Exit status 1 if not, or if anything drifted.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startEngine } from "../test/engine/engine.ts";
import { importBusybox } from "../test/engine/images.ts";

const minutes = Number(process.argv[2] ?? 60);
const between = Number(process.argv[3] ?? 0);
/** Mebibytes that it may have more in the last quarter than in the second, by the least of each: heaps breathe. */
const slack = 16;
/** How many times the CPU for each container that it may take in the last quarter, compared with the second. */
const dearer = 1.5;

interface Size {
  readonly files: number;
  /** Mebibytes. */
  readonly memory: number;
  /** Milliseconds of CPU since its start. */
  readonly cpu: number;
}

const engine = await startEngine();
const folder = mkdtempSync(join(tmpdir(), "bulkhead-soak-"));
const image = await importBusybox(engine);
const options = ["--network", "none", "--memory", "64m"];
for (let index = 0; index < 20; index += 1) {
  await engine.docker(["run", "-d", "--name", `stays-${index}`, ...options, image, "sleep", "100000"]);
}
const watch = spawn(
  process.execPath,
  [
    ...[
      "dist/bulkhead.cjs",
      "watch",
      "--no-config",
      "--format",
      "jsonl",
      "--cooldown",
      "1s",
      "--interval",
      "5s",
    ],
    ...["--history", join(folder, "history.db"), "-H", engine.host],
  ],
  { stdio: ["ignore", "pipe", "inherit"] },
);
let changes = 0;
/** Changes that say the kernel differs from the Engine: nobody tampers here, so each one is false. */
let drifts = 0;
let failures = 0;
watch.stdout.on("data", (chunk: Buffer) => {
  changes += chunk.toString().split("\n").length - 1;
  drifts += chunk.toString().split('"control":"drift"').length - 1;
});

try {
  const first = await atRest();
  const started = Date.now();
  const elapsed = () => (Date.now() - started) / 60_000;
  let rounds = 0;
  const quarters: Size[][] = [[], [], [], []];
  let reported = 0;
  while (elapsed() < minutes) {
    await Promise.all([0, 1, 2].map((lane) => live(`comes-${rounds}-${lane}`)));
    await pause(between);
    rounds += 1;
    quarters[Math.min(3, Math.floor((elapsed() / minutes) * 4))]?.push(size());
    if (elapsed() < reported) continue;
    reported += minutes / 10;
    console.log(`${elapsed().toFixed(1)} min, ${rounds * 3} containers, ${changes} changes: ${show(size())}`);
  }
  const [, before, , after] = quarters.map(least);
  const [, cpuBefore = 0, , cpuAfter = 0] = quarters.map(cpuOfEach);
  if (before === undefined || after === undefined) throw new Error("too few minutes to tell");
  if (failures * 100 > rounds) throw new Error(`${failures} containers could not live`);
  const last = await atRest();
  console.log(
    `least in the second quarter: ${before.toFixed(0)} MiB; in the last, ${rounds * 3} containers: ${after.toFixed(0)} MiB`,
  );
  console.log(
    `CPU for each container, in the second quarter: ${cpuBefore.toFixed(1)} ms; in the last: ${cpuAfter.toFixed(1)} ms`,
  );
  console.log(`at rest, before: ${show(first)}; after: ${show(last)}`);
  if (drifts > 0) console.log(`${drifts} false changes: drift, where nobody tampered`);
  const isLevel =
    drifts === 0 &&
    last.files <= first.files + 2 &&
    after <= before + slack &&
    cpuAfter <= cpuBefore * dearer;
  console.log(isLevel ? "level" : "it grows, or was wrong");
  process.exitCode = isLevel ? 0 : 1;
} finally {
  watch.kill("SIGKILL");
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** A container's life. One that Docker cannot start under all this is none, and is counted. */
async function live(name: string): Promise<void> {
  try {
    await lived(name);
  } catch (error) {
    failures += 1;
    console.log(String(error));
    await engine.docker(["rm", "-f", name]).catch(() => undefined);
  }
}

async function lived(name: string): Promise<void> {
  await engine.docker([
    "run",
    "-d",
    "--name",
    name,
    ...options,
    "-v",
    `${engine.socketPath}:/s`,
    image,
    "sleep",
    "1000",
  ]);
  await engine.docker(["exec", "--privileged", name, "true"]);
  await engine.docker(["update", "--memory", "128m", "--memory-swap", "128m", name]);
  await engine.docker(["rm", "-f", name]);
}

function least(sizes: readonly Size[]): number | undefined {
  return sizes.length === 0 ? undefined : Math.min(...sizes.map(({ memory }) => memory));
}

/** Milliseconds that a container's life takes, three at a time. */
function cpuOfEach(sizes: readonly Size[]): number {
  const [first, last] = [sizes[0], sizes.at(-1)];
  return first && last ? (last.cpu - first.cpu) / Math.max(1, (sizes.length - 1) * 3) : 0;
}

/** Connections to the Engine come and go with what there is to ask: a dozen at most, and few once nothing happens. */
async function atRest(): Promise<Size> {
  await pause(20_000);
  return size();
}

function size(): Size {
  const status = readFileSync(`/proc/${watch.pid}/status`, "utf8");
  // proc_pid_stat(5), fields 14 and 15; a tick is 10 ms.
  const fields = readFileSync(`/proc/${watch.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) * 10,
    files: readdirSync(`/proc/${watch.pid}/fd`).length,
    memory: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024,
  };
}

function show({ files, memory }: Size): string {
  return `${files} files, ${memory.toFixed(0)} MiB`;
}
