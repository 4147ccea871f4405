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
import { isIdentity, parseIdMap, toInside, toOutside } from "./uid-map.ts";

/** A process before its role among the container's is known. */
export interface ReadProcess {
  readonly process: Omit<Process, "role">;
  readonly ppid: number | undefined;
  readonly namespaces: Namespaces;
}

/** What a process is compared with. */
export interface ProcessScene {
  readonly proc: string;
  /** dockerd's namespaces. */
  readonly reference: Namespaces;
  /** The user namespace of this very program: the kernel writes its ids in it. */
  readonly readersUserNamespace: string | undefined;
}

/** Reads one process; undefined where it has ended. */
export function readProcess(pid: number, scene: ProcessScene): ReadProcess | undefined {
  const { proc, reference, readersUserNamespace } = scene;
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
  const { user } = namespaces;
  const sameUser = user.state === "set" && user.value === readersUserNamespace;
  const uid = idOf(`${folder}/uid_map`, field(status.uid, "Uid"), sameUser);
  return {
    ppid: status.ppid,
    namespaces,
    process: {
      pid,
      name: status.name ?? "",
      uid: uid.inside,
      gid: idOf(`${folder}/gid_map`, field(status.gid, "Gid"), sameUser).inside,
      hostUid: uid.outside,
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

interface Id {
  readonly inside: Fact<number>;
  readonly outside: Fact<number>;
  /** Whether the process's user namespace gives ids another meaning than the host's. */
  readonly mapped: boolean;
}

/**
 * An id inside and outside of the process's user namespace. `status` shows it in the reader's namespace: the
 * outer one, unless the reader is in the same (user_namespaces(7)).
 */
function idOf(path: string, shown: Fact<number>, sameNamespace: boolean): Id {
  const read = readText(path);
  if (!read.ok) return { inside: unresolved(read.reason, { kernel: path }), outside: shown, mapped: false };
  const map = parseIdMap(read.value);
  const mapped = map.length > 0 && !isIdentity(map);
  if (shown.state !== "set" || !mapped) return { inside: shown, outside: shown, mapped };
  const other = sameNamespace ? toOutside(map, shown.value) : toInside(map, shown.value);
  const fact =
    other === undefined
      ? unresolved(`${path} does not map the id ${shown.value}`, { kernel: path })
      : { ...shown, value: other };
  return sameNamespace ? { inside: shown, outside: fact, mapped } : { inside: fact, outside: shown, mapped };
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
