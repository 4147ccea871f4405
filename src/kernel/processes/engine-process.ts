import type { Capability } from "../../model/container/capability.ts";
import { readLink, readText } from "../files.ts";
import { type Namespaces, readNamespaces } from "./namespaces.ts";
import { parseStat, parseStatus } from "./status.ts";

/** The Engine's process, which is what "the host's" means. */
export interface EngineProcess {
  /** Where to read its mounts and files: `/proc/PID`, while it does not run of another process with the same mounts. */
  readonly folder: string;
  /** Its own number and start, in clock ticks since boot: another process may get the number later. */
  readonly pid: number;
  readonly started: number;
  readonly namespaces: Namespaces;
  readonly bounding: ReadonlySet<Capability> | undefined;
}

/**
 * Reads the Engine's process. Once that has ended, namespaces and capabilities stay as they were `before`, and a process
 * that has the same mounts stands in for its files: the shim of one of the `members`, or PID 1. Undefined where nobody does.
 */
export function findEngineProcess(
  proc: string,
  pid: number,
  before: EngineProcess | undefined,
  members: readonly number[],
): EngineProcess | undefined {
  const folder = `${proc}/${pid}`;
  const stat = readText(`${folder}/stat`);
  const { ended, started } = parseStat(stat.ok ? stat.value : "");
  const isAnother = before?.pid === pid && before.started !== started;
  if (stat.ok && !ended && !isAnother) {
    const status = readText(`${folder}/status`);
    const bounding = status.ok ? parseStatus(status.value).capBounding : undefined;
    return { folder, pid, started, namespaces: readNamespaces(folder), bounding };
  }
  const mounts = before?.namespaces.mnt;
  if (!before || mounts?.state !== "set") return undefined;
  const candidates = [...members.map((each) => parentOf(`${proc}/${each}`)), 1];
  const standIn = candidates.find((each) => {
    const read = each === undefined ? undefined : readLink(`${proc}/${each}/ns/mnt`);
    return read?.ok === true && read.value === mounts.value;
  });
  return standIn === undefined ? undefined : { ...before, folder: `${proc}/${standIn}` };
}

function parentOf(folder: string): number | undefined {
  const read = readText(`${folder}/status`);
  return read.ok ? parseStatus(read.value).ppid : undefined;
}
