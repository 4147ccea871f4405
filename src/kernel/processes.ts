import {
  type Fact,
  mapFact,
  type SetFact,
  set,
  type UnresolvedFact,
  unresolved,
  unset,
} from "../model/fact.ts";
import type { KernelOrigin } from "../model/origin.ts";
import type { Process } from "../model/process.ts";
import { readText } from "./files.ts";
import { cleanLabel } from "./lsm.ts";
import { compareNamespaces, type Namespaces, readNamespaces } from "./namespaces.ts";
import { parseStatus, type Status } from "./status.ts";
import { isIdentity, parseIdMap, toInside } from "./uid-map.ts";

/** A process before its role among the container's is known. */
export interface ReadProcess {
  readonly process: Omit<Process, "role">;
  readonly ppid: number | undefined;
  readonly namespaces: Namespaces;
}

/** Reads one process; undefined where it has ended. */
export function readProcess(proc: string, pid: number, reference: Namespaces): ReadProcess | undefined {
  const folder = `${proc}/${pid}`;
  const read = readText(`${folder}/status`);
  if (!read.ok && read.failure === "gone") return undefined;
  const status = parseStatus(read.ok ? read.value : "");
  const field = <T>(value: T | undefined, name: string): SetFact<T> | UnresolvedFact => {
    const origin: KernelOrigin = { kernel: `${folder}/status`, field: name };
    if (value !== undefined) return set(value, origin);
    return unresolved(read.ok ? `${folder}/status has no field ${name}` : read.reason, origin);
  };
  const namespaces = readNamespaces(proc, pid);
  const shares = compareNamespaces(namespaces, reference);
  const uid = insideId(folder, "uid_map", field(status.uid, "Uid"));
  return {
    ppid: status.ppid,
    namespaces,
    process: {
      pid,
      name: status.name ?? "",
      uid: uid.fact,
      gid: insideId(folder, "gid_map", field(status.gid, "Gid")).fact,
      hostUid: field(status.uid, "Uid"),
      ...capabilityFacts(status, field),
      seccomp: field(status.seccomp, "Seccomp"),
      noNewPrivs: field(status.noNewPrivs, "NoNewPrivs"),
      lsmLabel: lsmLabel(folder),
      // A rootless engine lives in a user namespace itself: sharing that one is not sharing the host's.
      sharesHost: { ...shares, user: uid.mapped ? mapFact(shares.user, () => false) : shares.user },
    },
  };
}

function capabilityFacts(
  status: Status,
  field: <T>(value: T | undefined, name: string) => SetFact<T> | UnresolvedFact,
): Pick<Process, "capEffective" | "capPermitted" | "capBounding" | "capAmbient"> {
  return {
    capEffective: field(status.capEffective, "CapEff"),
    capPermitted: field(status.capPermitted, "CapPrm"),
    capBounding: field(status.capBounding, "CapBnd"),
    capAmbient: field(status.capAmbient, "CapAmb"),
  };
}

/** The id inside the process's user namespace, from the id that the reader sees and the map. */
function insideId(
  folder: string,
  file: "uid_map" | "gid_map",
  outside: Fact<number>,
): { readonly fact: Fact<number>; readonly mapped: boolean } {
  const path = `${folder}/${file}`;
  const read = readText(path);
  if (!read.ok) return { fact: unresolved(read.reason, { kernel: path }), mapped: false };
  const map = parseIdMap(read.value);
  const mapped = map.length > 0 && !isIdentity(map);
  if (outside.state !== "set" || !mapped) return { fact: outside, mapped };
  const inside = toInside(map, outside.value);
  const fact =
    inside === undefined
      ? unresolved(`${path} does not map the id ${outside.value}`, { kernel: path })
      : { ...outside, value: inside };
  return { fact, mapped };
}

function lsmLabel(folder: string): Fact<string> {
  const path = `${folder}/attr/current`;
  const read = readText(path);
  if (read.ok) {
    const label = cleanLabel(read.value);
    return label === "" ? unset : set(label, { kernel: path });
  }
  return read.failure === "denied" ? unresolved(read.reason, { kernel: path }) : unset;
}
