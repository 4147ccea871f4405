import type { Process } from "../../model/container/process.ts";
import {
  type Fact,
  mapFact,
  type SetFact,
  set,
  type UnresolvedFact,
  unresolved,
  unset,
} from "../../model/fact.ts";
import type { KernelOrigin } from "../../model/origin.ts";
import { listFolder, readLink, readText } from "../files.ts";
import type { IdReader } from "./ids.ts";
import { compareNamespaces, type Namespaces, readNamespaces } from "./namespaces.ts";
import { parseStat, parseStatus, type Status } from "./status.ts";

/** A process before its role among the container's is known. */
export interface ReadProcess {
  readonly process: Omit<Process, "role">;
  readonly ppid: number | undefined;
  /** In clock ticks since boot; infinity where that cannot be read. */
  readonly started: number;
  /** It runs the program of the process that forked it. */
  readonly forkedOnly: boolean;
  readonly namespaces: Namespaces;
  /** The outer ids behind uid and gid 0 of its user namespace, and whether that is another one than the host's. */
  readonly root: {
    readonly uid: number | undefined;
    readonly gid: number | undefined;
    readonly mapped: boolean;
    readonly hasHostRoot: boolean | undefined;
  };
}

/** What a process is compared with. */
export interface ProcessSources {
  readonly proc: string;
  /** dockerd's namespaces. */
  readonly reference: Namespaces;
  readonly ids: IdReader;
  /** Whether the kernel labels processes at all: without a security module asking costs as much as an answer. */
  readonly labelled: boolean;
}

/** Reads one process; undefined where it has ended, or ends meanwhile. */
export function readProcess(pid: number, sources: ProcessSources): ReadProcess | undefined {
  const live = findLive(`${sources.proc}/${pid}`);
  if (!live) return undefined;
  const { folder, started, forkedOnly } = live;
  const read = readText(`${folder}/status`);
  if (!read.ok && read.failure === "gone") return undefined;
  const status = parseStatus(read.ok ? read.value : "");
  const namespaces = readNamespaces(folder);
  const hasHole = Object.values(namespaces).some(({ state }) => state !== "set");
  if (hasHole && (!findLive(folder) || isLeaving(folder, namespaces))) return undefined;
  const field = <T>(value: T | undefined, name: string): SetFact<T> | UnresolvedFact => {
    const origin: KernelOrigin = { kernel: `${folder}/status`, field: name };
    if (value !== undefined) return set(value, origin);
    return unresolved(read.ok ? `${folder}/status has no field ${name}` : read.reason, origin);
  };
  const shares = compareNamespaces(namespaces, sources.reference);
  const user = namespaces.user.state === "set" ? namespaces.user.value : undefined;
  const uid = sources.ids.read("uid_map", field(status.uid, "Uid"), folder, user);
  const gid = sources.ids.read("gid_map", field(status.gid, "Gid"), folder, user);
  return {
    ppid: status.ppid,
    started,
    forkedOnly,
    namespaces,
    root: { uid: uid.zero, gid: gid.zero, mapped: uid.mapped, hasHostRoot: uid.hasHostRoot },
    process: {
      pid,
      started,
      name: status.name ?? "",
      uid: uid.inside,
      gid: gid.inside,
      hostUid: uid.outside,
      ...capabilityFacts(status, field),
      seccomp: field(status.seccomp, "Seccomp"),
      noNewPrivs: field(status.noNewPrivs, "NoNewPrivs"),
      lsmLabel: sources.labelled ? lsmLabel(folder) : unset,
      // A rootless engine lives in a user namespace itself: sharing that one is not sharing the host's.
      sharesHost: { ...shares, user: uid.mapped ? mapFact(shares.user, () => false) : shares.user },
    },
  };
}

/**
 * A process that exits gives most of its namespaces back some time before it is a zombie, and keeps that of its user: while
 * it lives it has one for its mounts, too.
 */
function isLeaving(folder: string, { user }: Namespaces): boolean {
  const link = readLink(`${folder}/ns/mnt`);
  return user.state === "set" && !link.ok && link.failure === "gone";
}

/** Whether a process is there and is not about to end: what was read of it before that holds. */
export function isAlive(folder: string): boolean {
  return findLive(folder) !== undefined;
}

/**
 * Where to read a process: its own folder, or a thread's where its first thread has ended (the process then
 * looks like a zombie, and its other threads go on). Undefined where nothing of it is left.
 */
function findLive(
  folder: string,
): (Pick<ReadProcess, "started" | "forkedOnly"> & { readonly folder: string }) | undefined {
  const read = readText(`${folder}/stat`);
  if (!read.ok)
    return read.failure === "gone"
      ? undefined
      : { folder, started: Number.POSITIVE_INFINITY, forkedOnly: false };
  const { started, ended, forkedOnly } = parseStat(read.value);
  if (!ended) return { folder, started, forkedOnly };
  const threads = listFolder(`${folder}/task`);
  const live = (threads.ok ? threads.value : []).find((thread) => {
    const stat = readText(`${folder}/task/${thread}/stat`);
    return stat.ok && !parseStat(stat.value).ended;
  });
  return live === undefined ? undefined : { folder: `${folder}/task/${live}`, started, forkedOnly };
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

/** The kernel answers EINVAL where no security module labels processes. */
function lsmLabel(folder: string): Fact<string> {
  const path = `${folder}/attr/current`;
  const read = readText(path);
  if (read.ok) {
    const label = cleanLabel(read.value);
    return label === "" ? unset : set(label, { kernel: path });
  }
  return read.failure === "denied" ? unresolved(read.reason, { kernel: path }) : unset;
}

/** What /proc/PID/attr/current says, by the security module that spells it so. */
type LsmLabel =
  | { readonly module: "apparmor"; readonly profile: string; readonly mode: string | undefined }
  | {
      readonly module: "selinux";
      readonly user: string;
      readonly role: string;
      readonly type: string;
      readonly level: string | undefined;
    }
  | { readonly module: "other"; readonly label: string };

/**
 * Reads a label: AppArmor's `docker-default (enforce)` and `unconfined`, SELinux's
 * `system_u:system_r:container_t:s0:c100,c200`. Undefined where there is none.
 */
export function parseLsmLabel(text: string): LsmLabel | undefined {
  const label = cleanLabel(text);
  if (label === "") return undefined;
  const moded = /^(.*) \(([a-z]+)\)$/s.exec(label);
  if (moded) return { module: "apparmor", profile: moded[1] ?? "", mode: moded[2] };
  if (label === "unconfined") return { module: "apparmor", profile: label, mode: undefined };
  const context = /^([^:\s]+):([^:\s]+):([^:\s]+)(?::(\S+))?$/.exec(label);
  if (context) {
    const [, user = "", role = "", type = "", level] = context;
    return { module: "selinux", user, role, type, level };
  }
  return { module: "other", label };
}

/** The kernel ends the label with a newline or a NUL. */
export function cleanLabel(text: string): string {
  return text.replace(/[\0\n]+$/, "");
}
