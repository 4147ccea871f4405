import { ok, type Result } from "../../../base/result.ts";
import { setItems } from "../../../model/fact.ts";
import { work } from "../../containers/archive.ts";
import { readClock, readStatus, textFile } from "../../experiment/looks.ts";
import { atFdCwd, directFile, errnoOf } from "../../helper/errno.ts";
import type { Call } from "../../helper/program.ts";
import {
  type Before,
  type Facts,
  type Judgement,
  measurement,
  type ProbeRuns,
  type ProbeTarget,
} from "../../probe.ts";

type Kind = "read" | "write";
type Unit = "bps" | "iops";

interface Rate {
  readonly kind: Kind;
  readonly unit: Unit;
  readonly path: string;
  /** Bytes or operations a second. */
  readonly rate: number;
}

interface Timed {
  readonly rate: Rate;
  readonly operations: number;
  /** Bytes of each. */
  readonly size: number;
  /** Milliseconds. */
  readonly took: number;
  readonly error: string | undefined;
  /** Whether the file that was used is on the limited device; undefined where that cannot be told. */
  readonly isThere: boolean | undefined;
}

/** Milliseconds that the limit should make it take. */
const aim = 1_200;
const mostOperations = 3_000;
const mostBytes = 64 * 1024 ** 2;
const block = 4096;

/** Past the page cache (O_DIRECT), on the disk that holds the Engine's data. */
export const ioPastLimit = measurement<readonly Timed[]>({
  id: "io-past-limit",
  control: "io-limit",
  burdens: true,
  tries: "read and write the disk as fast as it goes",
  inPlace: false,
  looser: "open",
  before,
  experiment: readAndWrite,
  judge: judgeIo,
});

function ratesOf({ view }: Facts): readonly Rate[] {
  return setItems(view.blkioDeviceLimits).flatMap(({ value: { kind, path, rate } }) => {
    const [way, unit] = kind.split("-");
    return rate > 0 && (way === "read" || way === "write") && (unit === "bps" || unit === "iops")
      ? [{ kind: way, unit, path, rate }]
      : [];
  });
}

function before(facts: Facts): Before | undefined {
  const rates = ratesOf(facts);
  if (rates.length > 0) {
    return rates.some((rate) => planOf(rate) !== undefined)
      ? undefined
      : { outcome: "inconclusive", evidence: "its limits are too high to be reached in a proof" };
  }
  return facts.view.blkioWeight.state === "set" && facts.view.blkioWeight.value > 0
    ? {
        outcome: "inconclusive",
        evidence: "an I/O weight is felt only where others want the disk, too",
      }
    : { outcome: "notHeld", evidence: "it has no I/O limit, so there is nothing to hold it" };
}

/** As many operations as the limit lets through in a little more than a second. */
function planOf({ unit, rate }: Rate): { readonly operations: number; readonly size: number } | undefined {
  if (unit === "iops") {
    const operations = Math.max(3, Math.ceil((rate * aim) / 1000));
    return operations <= mostOperations ? { operations, size: block } : undefined;
  }
  const bytes = Math.max(block * 2, Math.ceil((rate * aim) / 1000));
  if (bytes > mostBytes) return undefined;
  const size = Math.min(256 * 1024, Math.max(block, Math.floor(bytes / 8 / block) * block));
  return { operations: Math.ceil(bytes / size), size };
}

async function readAndWrite(target: ProbeTarget): Promise<Result<readonly Timed[]>> {
  const table = await textFile(target, "/proc/partitions");
  if (!table.ok) return table;
  const found = await target.run(readStatus(work));
  if (!found.ok) return found;
  const device = found.value.ok ? found.value.value.device : undefined;
  const timed: Timed[] = [];
  for (const rate of ratesOf(target.facts)) {
    const plan = planOf(rate);
    if (!plan) continue;
    const made = await time(target, rate.kind, plan);
    if (!made.ok) return made;
    const isThere = device && table.value.ok ? isOn(rate.path, device, table.value.value) : undefined;
    timed.push({ rate, ...plan, ...made.value, isThere });
  }
  return ok(timed);
}

async function time(
  target: ProbeTarget,
  kind: Kind,
  { operations, size }: { readonly operations: number; readonly size: number },
): Promise<Result<Pick<Timed, "took" | "error">>> {
  const path = `${work}/io`;
  const prepared = await target.run((builder) => {
    const file = builder.call("openat", atFdCwd, builder.text(path), directFile, 0o600);
    // Blocks that were never written are not read from the disk; eight are enough.
    const filled = builder.call("pwrite64", file, builder.space(size, block), size, 0);
    builder.call("close", file);
    return (ran) => errnoOf(ran.result(file) ?? -1) ?? errnoOf(ran.result(filled) ?? -1);
  });
  if (!prepared.ok) return prepared;
  if (prepared.value !== undefined) return ok({ took: 0, error: prepared.value });
  return await target.run((builder) => {
    const text = builder.text(path);
    const file = builder.call("openat", atFdCwd, text, directFile, 0o600);
    const memory = builder.space(size, block);
    const begun = readClock(builder);
    const calls: Call[] = [];
    for (let count = 0; count < operations; count += 1) {
      calls.push(builder.call(kind === "read" ? "pread64" : "pwrite64", file, memory, size, 0));
    }
    const ended = readClock(builder);
    builder.call("unlinkat", atFdCwd, text, 0);
    builder.call("close", file);
    return (ran) => ({
      took: ended(ran) - begun(ran),
      error: calls.map((call) => errnoOf(ran.result(call) ?? -1)).find((error) => error !== undefined),
    });
  });
}

/** Whether a file's device is the one of that name, or a partition of it (/proc/partitions). */
export function isOn(
  path: string,
  [major, minor]: readonly [number, number],
  partitions: string,
): boolean | undefined {
  const name = path.replace(/^.*\//, "");
  const rows = [...partitions.matchAll(/^\s*(\d+)\s+(\d+)\s+\d+\s+(\S+)\s*$/gm)];
  const own = rows.find((row) => Number(row[1]) === major && Number(row[2]) === minor)?.[3];
  return own === undefined ? undefined : own === name || own.replace(/p?\d+$/, "") === name;
}

function judgeIo({ subject, control }: ProbeRuns<readonly Timed[]>): Judgement {
  const broken = subject.find(({ error }) => error !== undefined);
  if (broken) return { outcome: "inconclusive", evidence: `${broken.rate.kind}: ${broken.error}` };
  const fast = subject.filter(
    ({ took, rate, operations, size }) => took < dueFor(rate, operations, size) / 2,
  );
  const missed = fast.find(({ isThere }) => isThere !== false);
  if (missed) {
    return {
      outcome: "notHeld",
      evidence: `${say(missed)}, faster than its limit of ${missed.rate.rate} ${unitOf(missed.rate)} on ${missed.rate.path}`,
    };
  }
  const elsewhere = fast[0];
  if (elsewhere) {
    return {
      outcome: "inconclusive",
      evidence: `its limit is on ${elsewhere.rate.path}, and the Engine's data are on another disk`,
    };
  }
  if (!control.ok) return { outcome: "inconclusive", evidence: `no looser container: ${control.reason}` };
  const slow = control.value.find(
    ({ error, took }, index) => error !== undefined || took > (subject[index]?.took ?? 0) / 2,
  );
  if (slow) {
    return {
      outcome: "inconclusive",
      evidence: `${subject.map(say).join("; ")}, but without a limit ${slow.error ?? `${Math.round(slow.took)} ms, too`}`,
    };
  }
  const free = control.value.map(({ took }) => `${Math.round(took)} ms`).join(", ");
  return { outcome: "held", evidence: `${subject.map(say).join("; ")}; without a limit ${free}` };
}

/** Milliseconds that the limit should make them take. */
function dueFor({ unit, rate }: Rate, operations: number, size: number): number {
  return ((unit === "iops" ? operations : operations * size) / rate) * 1000;
}

function say({ rate, operations, size, took }: Timed): string {
  return `${operations} ${rate.kind}s of ${size / 1024} KiB take ${Math.round(took)} ms`;
}

function unitOf({ unit }: Rate): string {
  return unit === "iops" ? "operations a second" : "bytes a second";
}
