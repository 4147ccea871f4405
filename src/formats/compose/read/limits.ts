import type { BlkioDeviceLimit, Ulimit } from "../../../model/container-values.ts";
import { type FactList, set, unresolved } from "../../../model/fact.ts";
import { entriesOf, get, itemsOf, type Node, originOf } from "../yaml/node.ts";
import { missingReason, parseNumber, parseSize, scalar } from "./facts.ts";

/** The limits of devices in `blkio_config`. */
export function readBlkioDevices(blkio: Node | undefined): FactList<BlkioDeviceLimit> {
  return deviceKinds.flatMap(([key, kind]) => readDeviceLimits(get(blkio, key), kind));
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

export function readUlimits(node: Node | undefined): FactList<Ulimit> {
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
