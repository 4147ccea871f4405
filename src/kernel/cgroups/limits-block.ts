import { existsSync } from "node:fs";
import type { Container } from "../../model/container.ts";
import type { BlkioDeviceLimit } from "../../model/container-values.ts";
import {
  type Fact,
  type FactList,
  mapFact,
  type SetFact,
  set,
  type UnresolvedFact,
  unresolved,
  unset,
} from "../../model/fact.ts";
import { readLink } from "../files.ts";
import type { CgroupTree, Hierarchy } from "./tree.ts";

export type BlockFacts = Pick<Container, "blkioWeight" | "blkioDeviceLimits">;
type Rate = Pick<BlkioDeviceLimit, "kind" | "rate"> & { readonly device: string };

/**
 * I/O weights and throttles: blkio.* in v1, io.* in v2. `sysDev` is /sys/dev, which tells a device's name
 * from its numbers.
 */
export function readBlockLimits(tree: CgroupTree, where: Hierarchy | undefined, sysDev: string): BlockFacts {
  if (!where)
    return unresolvedBlock(unresolved("the kernel has no blkio or io controller that is visible here"));
  const own = where.levels[0] ?? "";
  if (!existsSync(own)) {
    return unresolvedBlock(unresolved(`the cgroup ${own} is not visible here`, { kernel: own }));
  }
  const denied: UnresolvedFact[] = [];
  const tightestOf = new Map<string, SetFact<Rate>>();
  for (const level of where.levels) {
    for (const { name, parse } of where.version === 1 ? v1Files : v2Files) {
      const path = `${level}/${name}`;
      const read = tree.read(path);
      if (!read.ok && read.failure === "denied") denied.push(unresolved(read.reason, { kernel: path }));
      for (const rate of read.ok ? parse(read.value) : []) {
        const key = `${rate.kind} ${rate.device}`;
        const before = tightestOf.get(key);
        if (!before || rate.rate < before.value.rate) tightestOf.set(key, set(rate, { kernel: path }));
      }
    }
  }
  const limits: FactList<BlkioDeviceLimit> = [...tightestOf.values()].map((fact) => ({
    ...fact,
    value: {
      kind: fact.value.kind,
      path: deviceName(sysDev, fact.value.device),
      rate: fact.value.rate,
    },
  }));
  return { blkioWeight: weight(tree, where), blkioDeviceLimits: [...limits, ...denied.slice(0, 1)] };
}

export function unresolvedBlock(fact: UnresolvedFact): BlockFacts {
  return { blkioWeight: fact, blkioDeviceLimits: [fact] };
}

/** The default weight of each scheduler's file, which restricts nobody: reported as 0, Docker's "not set". */
const weightFiles = {
  1: [
    { name: "blkio.bfq.weight", usual: 100, toDocker: (value: number) => value },
    { name: "blkio.weight", usual: 500, toDocker: (value: number) => value },
  ],
  2: [
    { name: "io.bfq.weight", usual: 100, toDocker: (value: number) => value },
    // runc turns Docker's 10–1000 into 1–10000.
    {
      name: "io.weight",
      usual: 100,
      toDocker: (value: number) => Math.round(10 + ((value - 1) * 990) / 9999),
    },
  ],
} as const;

function weight(tree: CgroupTree, where: Hierarchy): Fact<number> {
  let found: Fact<number> = unset;
  for (const { name, usual, toDocker } of weightFiles[where.version]) {
    const fact = ownValue(tree, where, { name, parse: parseWeight });
    if (fact.state === "unset") continue;
    const docker = mapFact(fact, (value) => (value === usual ? 0 : toDocker(value)));
    if (docker.state === "set" && docker.value !== 0) return docker;
    if (found.state === "unset") found = docker;
  }
  if (found.state !== "unset") return found;
  // Without a scheduler that knows weights there is no such file: the caps beside it tell that nothing is limited.
  const caps = `${where.levels[0]}/${where.version === 1 ? "blkio.throttle.write_bps_device" : "io.max"}`;
  return tree.read(caps).ok ? set(0, { kernel: caps }) : unset;
}

/** `100` in v1, `default 100` and a line a device in v2. */
export function parseWeight(text: string): number | undefined {
  const match = /^(?:default )?(\d{1,5})$/m.exec(text);
  return match ? Number(match[1]) : undefined;
}

/** Lines of `8:0 1048576`. */
export function parseDeviceRates(kind: BlkioDeviceLimit["kind"], text: string): readonly Rate[] {
  // Nearly every one is empty.
  if (text === "") return [];
  return text.split("\n").flatMap((line) => {
    const match = /^(\d+:\d+) (\d{1,20})$/.exec(line.trim());
    return match ? { kind, device: match[1] ?? "", rate: Number(match[2]) } : [];
  });
}

const ioMaxKeys = { rbps: "read-bps", wbps: "write-bps", riops: "read-iops", wiops: "write-iops" } as const;

/** io.max: `8:0 rbps=1048576 wbps=max riops=max wiops=max`. */
export function parseIoMax(text: string): readonly Rate[] {
  return text.split("\n").flatMap((line) => {
    const [device = "", ...pairs] = line.trim().split(/\s+/);
    if (!/^\d+:\d+$/.test(device)) return [];
    return Object.entries(ioMaxKeys).flatMap(([key, kind]) => {
      const value = pairs.find((pair) => pair.startsWith(`${key}=`))?.slice(key.length + 1) ?? "";
      return /^\d{1,20}$/.test(value) ? { kind, device, rate: Number(value) } : [];
    });
  });
}

const v1Files = [
  rates("blkio.throttle.read_bps_device", "read-bps"),
  rates("blkio.throttle.write_bps_device", "write-bps"),
  rates("blkio.throttle.read_iops_device", "read-iops"),
  rates("blkio.throttle.write_iops_device", "write-iops"),
  rates("blkio.weight_device", "weight"),
  rates("blkio.bfq.weight_device", "weight"),
];

const v2Files = [
  { name: "io.max", parse: parseIoMax },
  rates("io.bfq.weight", "weight"),
  rates("io.weight", "weight"),
];

function rates(name: string, kind: BlkioDeviceLimit["kind"]) {
  return { name, parse: (text: string) => parseDeviceRates(kind, text) };
}

function deviceName(sysDev: string, numbers: string): string {
  const link = readLink(`${sysDev}/block/${numbers}`);
  return link.ok ? `/dev/${link.value.split("/").at(-1)}` : numbers;
}

export interface LimitFile<T> {
  readonly name: string;
  /** Undefined for a text that is not of the file's shape. `level` is the folder it stands in. */
  readonly parse: (text: string, level: string) => T | undefined;
}

/**
 * The smallest value on the way from the cgroup to the root: cgroup limits are hierarchical, so the tightest
 * holds. Its origin is the file that has it. Where no level has the file, the controller is off and nothing
 * is limited: `none`, at the own file's place; undefined means that nothing can be told then (unset).
 */
export function tightest<T>(
  tree: CgroupTree,
  where: Hierarchy,
  file: LimitFile<T>,
  none: T | undefined,
  size: (value: T) => number,
): Fact<T> {
  let best: { readonly value: T; readonly path: string } | undefined;
  for (const level of where.levels) {
    const path = `${level}/${file.name}`;
    const read = tree.read(path);
    if (!read.ok) {
      if (read.failure === "denied") return unresolved(read.reason, { kernel: path });
      continue;
    }
    const value = file.parse(read.value, level);
    if (value === undefined) return unresolved(`${path} holds something unexpected`, { kernel: path });
    if (!best || size(value) < size(best.value)) best = { value, path };
  }
  if (best) return set(best.value, { kernel: best.path });
  const own = where.levels[0] ?? "";
  if (!existsSync(own)) return unresolved(`the cgroup ${own} is not visible here`, { kernel: own });
  return none === undefined ? unset : set(none, { kernel: `${own}/${file.name}` });
}

/** The value of the cgroup's own file: for what is no limit (a weight, a switch). */
export function ownValue<T>(tree: CgroupTree, where: Hierarchy, file: LimitFile<T>): Fact<T> {
  const level = where.levels[0] ?? "";
  const path = `${level}/${file.name}`;
  const read = tree.read(path);
  if (!read.ok) return read.failure === "denied" ? unresolved(read.reason, { kernel: path }) : unset;
  const value = file.parse(read.value, level);
  if (value === undefined) return unresolved(`${path} holds something unexpected`, { kernel: path });
  return set(value, { kernel: path });
}
