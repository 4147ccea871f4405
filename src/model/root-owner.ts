import { isAtOrBelow } from "./host/path.ts";
import { compareSeverity, type Severity } from "./severity.ts";
import type { Problem } from "./verdict.ts";

/**
 * Whose root this is: who acts on the host where uid 0 acts in a container, or as the Engine. `nested`: an Engine in a container,
 * whose host is that container.
 */
export interface RootOwner {
  readonly kind: "rootful" | "userns-remap" | "rootless" | "podman-rootless" | "nested";
  /** The host's uid behind uid 0; undefined where it is not known. */
  readonly uid?: number | undefined;
  /** The account of that uid, and its folder. */
  readonly user?: string | undefined;
  readonly home?: string | undefined;
  /** Of a rootless Engine: whether its containers reach what listens on the host's loopback. Undefined: not known. */
  readonly reachesLoopback?: boolean | undefined;
}

/** What the kernel shows of a container's root. */
export type ContainerRoot = Pick<RootOwner, "uid"> & {
  /** It is another uid on the host. */
  readonly mapped: boolean;
  /** By the Engine's own user namespace, in which that lives itself. */
  readonly byEngine: boolean;
};

/** The owner of a container's root, by what its kernel shows of it and what is known of the Engine. */
export function ownerOfContainer(
  shown: ContainerRoot | undefined,
  engine: RootOwner | undefined,
  sharesHostUsers: boolean,
): RootOwner | undefined {
  const isRootless = engine?.kind === "rootless" || engine?.kind === "podman-rootless";
  if (!shown)
    return engine?.kind === "userns-remap" && sharesHostUsers ? { kind: "rootful", uid: 0 } : engine;
  if (!shown.mapped) return engine?.kind === "nested" ? engine : { kind: "rootful", uid: 0 };
  // Root of another namespace than the Engine's is nobody's account, also below a rootless one.
  if (isRootless && (shown.byEngine || shown.uid === engine.uid)) return { ...engine, uid: shown.uid };
  return { kind: "userns-remap", uid: shown.uid };
}

/** `rover (uid 1000)`, `uid 1000`. */
export function nameOwner({ uid, user }: RootOwner): string {
  if (user !== undefined) return uid === undefined ? user : `${user} (uid ${uid})`;
  return uid === undefined ? "the user who runs the Engine" : `uid ${uid}`;
}

export function isRootlessOwner(
  owner: RootOwner | undefined,
): owner is RootOwner & { readonly kind: "rootless" | "podman-rootless" } {
  return owner?.kind === "rootless" || owner?.kind === "podman-rootless";
}

interface Weight {
  readonly most: Severity;
  /** What follows from it; the sentence's last part says this in place of what root of the host could do. */
  readonly follows?: string;
  /** What is said besides, where the sentence stays as it is. */
  readonly and?: string;
}

/**
 * A problem as it weighs under this root: one function of the control, of what it found, and of who is behind uid 0. Audit, fix,
 * guard, watch, prove and serve all judge by it. Undefined owner: nothing is known, and root counts as the host's.
 */
export function underRoot(
  control: { readonly id: string; readonly severity: Severity },
  problem: Problem,
  owner: RootOwner | undefined,
): Problem {
  if (problem.amongContainers || (owner?.kind !== "userns-remap" && !isRootlessOwner(owner))) return problem;
  const weight = isRootlessOwner(owner)
    ? rootlessWeight(control.id, problem, owner)
    : remappedWeight(control.id, nameOwner(owner));
  if (!weight) return problem;
  const before = problem.severity ?? control.severity;
  const isWeaker = compareSeverity(weight.most, before) < 0;
  const isSettled =
    compareSeverity(weight.most, before) <= 0 && compareSeverity(weight.most, control.severity) < 0;
  const by = isRootlessOwner(owner) ? "rootless" : "userns-remap";
  return {
    ...problem,
    severity: isWeaker ? weight.most : problem.severity,
    message: `${reworded(problem.message, weight)}${isWeaker || isSettled ? ` (mitigated by ${by})` : ""}`,
  };
}

/** What the container of bulkhead itself needs a right for; the others weigh as anywhere. */
const ownRights: Readonly<Record<string, string>> = {
  "docker-socket-mount": "it asks the Engine through it",
  "host-pid": "it looks at the processes of every container",
  "host-proc-mount": "it looks at the processes of every container",
  "capabilities-dangerous": "with SYS_PTRACE it looks into the processes of every container",
  "sensitive-host-mount": "it reads there what the kernel enforces",
  "host-cgroup-namespace": "it finds the cgroups of the other containers by their paths",
  "apparmor-profile": "under Docker's profile it could not look into processes that stand under another one",
  "root-user": "the kernel shows the processes of other users to root alone",
};

/** A problem of the container that this bulkhead runs in: what it needs a right for, in place of what somebody else could do. */
export function ofBulkheadItself(control: string, problem: Problem): Problem {
  const need = ownRights[control];
  if (need === undefined) return problem;
  return {
    ...problem,
    severity: "info",
    message: reworded(problem.message, { most: "info", follows: need }),
  };
}

/** The last part of a message is what follows from the rest: `mounts /dev: a process in it can …`. */
function reworded(message: string, { follows, and }: Weight): string {
  if (and !== undefined) return `${message}; ${and}`;
  if (follows === undefined) return message;
  const at = message.lastIndexOf(": ");
  return `${at < 0 ? message : message.slice(0, at)}: ${follows}`;
}

function rootlessWeight(control: string, problem: Problem, owner: RootOwner): Weight | undefined {
  const who = nameOwner(owner);
  if (control === "sensitive-host-mount" || control === "read-only-volume")
    return placeWeight(problem.place ?? "/", owner);
  if (control === "host-network" && owner.kind === "podman-rootless") return podmanNetwork(who);
  if (control === "host-network" && owner.reachesLoopback !== false) return undefined;
  const row = rootlessRows[control];
  return row && { most: row.most, ...row.says(who) };
}

/** Podman has no rootlesskit: `--network host` is the host's own network, over which the user's namespace has no rights. */
function podmanNetwork(who: string): Weight {
  return {
    most: "high",
    follows: `a process in it can reach every service on the host's loopback and listen on the ports that ${who} may, and changes nothing of that network`,
  };
}

/** What the user's account owns stays as it is; the rest of the host is closed to it, as to the user. */
function placeWeight(path: string, owner: RootOwner): Weight | undefined {
  const who = nameOwner(owner);
  const own = [
    owner.home ?? "/home",
    ...(owner.uid === undefined ? ["/run/user"] : [`/run/user/${owner.uid}`]),
  ];
  if (own.some((folder) => isAtOrBelow(path, folder))) return undefined;
  if (own.some((folder) => isAtOrBelow(folder, path)))
    return {
      most: "high",
      follows: `a process in it can read and change every file of ${who}, and what that account may of the others`,
    };
  return { most: "low", follows: `a process in it can read and change there what ${who} may, and no more` };
}

interface Row {
  readonly most: Severity;
  readonly says: (who: string) => Pick<Weight, "follows" | "and">;
}

const then = (most: Severity, words: (who: string) => string): Row => ({
  most,
  says: (who) => ({ follows: words(who) }),
});
const and = (most: Severity, words: (who: string) => string): Row => ({
  most,
  says: (who) => ({ and: words(who) }),
});

/** By control: tried on a rootless Engine, as root in a container. */
const rootlessRows: Readonly<Record<string, Row>> = {
  privileged: then(
    "high",
    (who) =>
      `a process in it has every capability of a user namespace, which opens more of the kernel to attack; if it escapes, it has the account and files of ${who}, not root`,
  ),
  "privileged-exec": and("medium", (who) => `these rights hold in the user namespace of ${who} alone`),
  "docker-socket-mount": then(
    "high",
    (who) =>
      `a process in it controls this Engine's containers, and has the account and files of ${who}, not root`,
  ),
  "docker-socket-proxy": then(
    "high",
    (who) => `everyone who reaches it has the account and files of ${who}, not root`,
  ),
  "host-proc-mount": then(
    "medium",
    (who) =>
      `a process in it can see the processes of the host, and read of them what ${who} may; the kernel's settings are closed to it`,
  ),
  "host-dev-mount": then(
    "medium",
    (who) => `a process in it can open the devices that ${who} may, and no disk`,
  ),
  "device-access": then(
    "low",
    (who) => `a process in it can open it only where its owner and mode let ${who}`,
  ),
  "kernel-file-system": then(
    "low",
    (who) => `root in it is ${who} there, and the host's settings are closed to it`,
  ),
  "masked-paths": then(
    "low",
    (who) => `root in it is ${who} there, and the host's settings are closed to it`,
  ),
  "unsafe-sysctl": then("low", (who) => `${who} may not change it`),
  "volume-options": and(
    "medium",
    (who) => `on this Engine root is ${who}, and may mount no more than a user namespace may`,
  ),
  "capabilities-dangerous": and(
    "medium",
    (who) => `in the user namespace of ${who} alone, not over the host`,
  ),
  "mount-propagation": and("low", () => "rootlesskit receives the host's mounts and hands none back"),
  "supplementary-groups": and("low", () => "the number stands for a group of the user's own range"),
  "host-pid": then(
    "medium",
    (who) => `a process in it can see every process of the host and signal those of ${who}`,
  ),
  "host-network": then(
    "medium",
    () =>
      "that is rootlesskit's: a process in it can reach the ports of every container of this Engine, and not the host's own loopback",
  ),
  "host-ipc": then("medium", (who) => `a process in it can read and change the shared memory of ${who}`),
  "host-uts": then("low", () => "a process in it can see the name, and may not change the host's"),
  "host-user-namespace": then("low", (who) => `root in it is ${who}`),
  "host-cgroup-namespace": and("low", () => "what it sees there it may not change"),
  "shared-namespace": and("medium", (who) => `on this Engine root is ${who}`),
  "root-user": then("low", (who) => `if it escapes, it is ${who}, not root`),
  "image-root-user": then("low", (who) => `if it escapes, it is ${who}, not root`),
  "engine-network-socket": then(
    "critical",
    (who) => `anyone who reaches that address has the account and files of ${who}`,
  ),
  "engine-socket-permissions": then("high", (who) => `every user of the host can act as ${who}`),
};

/** Root that is remapped owns nothing on the host. Its sockets and namespaces stay what they are. */
function remappedWeight(control: string, who: string): Weight | undefined {
  const most = remappedRows[control];
  if (most === undefined) return undefined;
  return { most, follows: `root in it is ${who} on the host, and may there what everybody may` };
}

const remappedRows: Readonly<Record<string, Severity>> = {
  "host-proc-mount": "medium",
  "host-dev-mount": "medium",
  "sensitive-host-mount": "medium",
  "kernel-file-system": "low",
  "unsafe-sysctl": "low",
};
