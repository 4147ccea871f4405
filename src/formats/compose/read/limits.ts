import type { Container } from "../../../model/container.ts";
import type { BlkioDeviceLimit, Ulimit } from "../../../model/container-values.ts";
import { type Fact, type FactList, mapFact, set, unresolved } from "../../../model/fact.ts";
import { at, entriesOf, get, itemsOf, type Node, originOf } from "../yaml/node.ts";
import {
  bytesFact,
  microsecondsFact,
  missingReason,
  numberFact,
  parseNumber,
  parseSize,
  scalar,
  textFact,
} from "./facts.ts";

type Limits = Pick<
  Container,
  | "nanoCpus"
  | "cpuPeriod"
  | "cpuQuota"
  | "cpuShares"
  | "cpusetCpus"
  | "memory"
  | "memorySwap"
  | "memoryReservation"
  | "pidsLimit"
  | "blkioWeight"
  | "cpuRealtimeRuntime"
  | "blkioDeviceLimits"
  | "ulimits"
>;

/** What a service may use. `deploy.resources` wins over the older keys beside it, where it says anything. */
export function readLimits(service: Node): Limits {
  const limits = at(service, "deploy", "resources", "limits");
  const reservations = at(service, "deploy", "resources", "reservations");
  const blkio = get(service, "blkio_config");
  return {
    nanoCpus: mapFact(either(numberFact(get(limits, "cpus")), numberFact(get(service, "cpus"))), (cpus) =>
      Math.round(cpus * 1e9),
    ),
    cpuPeriod: numberFact(get(service, "cpu_period")),
    cpuQuota: numberFact(get(service, "cpu_quota")),
    cpuShares: numberFact(get(service, "cpu_shares")),
    cpuRealtimeRuntime: microsecondsFact(get(service, "cpu_rt_runtime")),
    cpusetCpus: textFact(get(service, "cpuset")),
    memory: either(bytesFact(get(limits, "memory")), bytesFact(get(service, "mem_limit"))),
    memorySwap: bytesFact(get(service, "memswap_limit")),
    memoryReservation: either(
      bytesFact(get(reservations, "memory")),
      bytesFact(get(service, "mem_reservation")),
    ),
    pidsLimit: either(numberFact(get(limits, "pids")), numberFact(get(service, "pids_limit"))),
    blkioWeight: numberFact(get(blkio, "weight")),
    blkioDeviceLimits: deviceKinds.flatMap(([key, kind]) => readDeviceLimits(get(blkio, key), kind)),
    ulimits: readUlimits(get(service, "ulimits")),
  };
}

/** docker compose takes a 0 under `deploy` for nothing said (docker/compose: pkg/compose/create.go, setLimits). */
function either(first: Fact<number>, second: Fact<number>): Fact<number> {
  const silent = first.state === "unset" || (first.state === "set" && first.value === 0);
  return silent && second.state !== "unset" ? second : first;
}

const deviceKinds = [
  ["weight_device", "weight"],
  ["device_read_bps", "read-bps"],
  ["device_write_bps", "write-bps"],
  ["device_read_iops", "read-iops"],
  ["device_write_iops", "write-iops"],
] as const satisfies readonly (readonly [string, BlkioDeviceLimit["kind"]])[];

function readDeviceLimits(
  node: Node | undefined,
  kind: BlkioDeviceLimit["kind"],
): FactList<BlkioDeviceLimit> {
  return itemsOf(node).map((each) => {
    const path = scalar(get(each, "path"));
    const rate = scalar(get(each, kind === "weight" ? "weight" : "rate"));
    const missing = (path && missingReason(path)) ?? (rate && missingReason(rate));
    if (missing !== undefined) return unresolved(missing, originOf(each));
    const value = rate && (kind.endsWith("bps") ? parseSize(rate.text, rate) : parseNumber(rate.text, rate));
    if (!path || value === undefined)
      return unresolved("a path and a rate are expected here", originOf(each));
    return set({ kind, path: path.text, rate: value }, originOf(each));
  });
}

function readUlimits(node: Node | undefined): FactList<Ulimit> {
  return entriesOf(node).map(({ name, value }) => {
    const soft = scalar(value.kind === "map" ? get(value, "soft") : value);
    const hard = scalar(value.kind === "map" ? get(value, "hard") : value);
    const missing = (soft && missingReason(soft)) ?? (hard && missingReason(hard));
    if (missing !== undefined) return unresolved(missing, originOf(value));
    const limits = [soft, hard].map((each) => each && parseNumber(each.text, each));
    const [softLimit, hardLimit] = limits;
    if (softLimit === undefined || hardLimit === undefined) {
      return unresolved("a number, or soft and hard, is expected here", originOf(value));
    }
    return set({ name, soft: softLimit, hard: hardLimit }, originOf(value));
  });
}
