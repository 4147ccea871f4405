import { type NamespaceKind, type NamespaceMode, namespaceKinds } from "../../model/container/namespace.ts";
import type { Container } from "../../model/container.ts";
import { type Fact, set, unresolved } from "../../model/fact.ts";
import { readLink } from "../files.ts";

/** What each link under /proc/PID/ns says (`net:[4026531833]`): equal text is the same namespace. */
export type Namespaces = Readonly<Record<NamespaceKind, Fact<string>>>;

/** Reads the links below a /proc/PID. A process that ended, or may not be looked at, gives unresolved facts. */
export function readNamespaces(folder: string): Namespaces {
  const link = (kind: NamespaceKind): Fact<string> => {
    const path = `${folder}/ns/${kind}`;
    const read = readLink(path);
    return read.ok ? set(read.value, { kernel: path }) : unresolved(read.reason, { kernel: path });
  };
  return forEachKind(link);
}

/** The reference for "the host's": dockerd's own. Without it nothing can be told. */
export function readReference(engine: Namespaces | undefined): Namespaces {
  if (engine) return engine;
  const nobody = unresolved(
    "the engine's own process is not visible here, so there is nothing to compare with",
  );
  return forEachKind(() => nobody);
}

/** For each kind whether it is the reference's. An unreadable side is unresolved, never "not shared". */
export function compareNamespaces(
  own: Namespaces,
  reference: Namespaces,
): Record<NamespaceKind, Fact<boolean>> {
  return forEachKind((kind) => {
    const mine = own[kind];
    const theirs = reference[kind];
    if (mine.state !== "set") return mine;
    if (theirs.state !== "set") return theirs;
    return { ...mine, value: mine.value === theirs.value };
  });
}

function forEachKind<T>(make: (kind: NamespaceKind) => T): Record<NamespaceKind, T> {
  const [net, pid, ipc, uts, cgroup, user, mnt] = namespaceKinds;
  return {
    net: make(net),
    pid: make(pid),
    ipc: make(ipc),
    uts: make(uts),
    cgroup: make(cgroup),
    user: make(user),
    mnt: make(mnt),
  };
}

/** One container among those that may share namespaces with one another. */
export interface NamespaceMember {
  readonly id: string;
  readonly name: string;
  readonly namespaces: Namespaces;
  readonly sharesHost: Readonly<Record<NamespaceKind, Fact<boolean>>>;
  /** Its user namespace is neither the host's nor the Engine's: a rootless Engine lives in the one of its containers. */
  readonly ownsUser: boolean;
  /** When its first process started, in clock ticks since boot: who joins came later. */
  readonly started: number;
}

type ModeFacts = Pick<
  Container,
  "networkMode" | "pidMode" | "ipcMode" | "utsMode" | "cgroupnsMode" | "usernsMode"
>;

/** Who is in which namespace, the first to have been there first. */
export type Sharers = ReadonlyMap<string, readonly NamespaceMember[]>;

export function groupByNamespace(all: readonly NamespaceMember[]): Sharers {
  const groups = new Map<string, NamespaceMember[]>();
  for (const member of [...all].sort((a, b) => a.started - b.started)) {
    for (const link of Object.values(member.namespaces)) {
      if (link.state !== "set") continue;
      const group = groups.get(link.value);
      if (group) group.push(member);
      else groups.set(link.value, [member]);
    }
  }
  return groups;
}

/** How a container is placed in each kind of namespace, among all that are looked at. */
export function namespaceModes(member: NamespaceMember, sharers: Sharers): ModeFacts {
  const mode = (kind: NamespaceKind) => modeOf(kind, member, sharers);
  return {
    networkMode: mode("net"),
    pidMode: mode("pid"),
    ipcMode: mode("ipc"),
    utsMode: mode("uts"),
    cgroupnsMode: mode("cgroup"),
    usernsMode: mode("user"),
  };
}

function modeOf(kind: NamespaceKind, member: NamespaceMember, sharers: Sharers): Fact<NamespaceMode> {
  const own = member.namespaces[kind];
  const shares = member.sharesHost[kind];
  if (own.state !== "set") return own;
  if (shares.state !== "set") return shares;
  if (shares.value) return { ...own, value: { mode: "host" } };
  // Nobody joins a user namespace by itself: a rootless engine has one for all its containers.
  if (kind === "user") return { ...own, value: { mode: "private" } };
  const [first = member, ...joined] = sharers.get(own.value) ?? [];
  if (first.id !== member.id) {
    return { ...own, value: { mode: "container", target: first.name, by: "container" } };
  }
  return { ...own, value: { mode: kind === "ipc" && joined.length > 0 ? "shareable" : "private" } };
}
