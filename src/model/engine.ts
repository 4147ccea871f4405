import type { NameValue, Ulimit } from "./container-values.ts";
import type { WrittenCredential } from "./credentials/find.ts";
import type { Fact, FactList } from "./fact.ts";
import { unset } from "./fact.ts";
import type { Opens } from "./kernel-interfaces/standing.ts";
import type { Level } from "./level.ts";
import type { RootOwner } from "./root-owner.ts";

/** An address that dockerd listens on, with what protects it. */
export interface ListenAddress {
  /** As written: `unix:///var/run/docker.sock`, `tcp://0.0.0.0:2375`, `fd://`. */
  readonly address: string;
  /** `none`; `server`: encrypted, but any client may come; `mutual`: client certificates are verified. */
  readonly tls: "none" | "server" | "mutual";
}

export interface SocketFile {
  readonly path: string;
  /** Permission bits: 0o660. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** A folder above it that only its owner may enter, so that its mode lets nobody else in. */
  readonly closedBy?: string | undefined;
  /** Whom a script, the group or an ACL lets in beside root: `bob (in the group docker)`, `uid 1001 (by its ACL)`. */
  readonly openTo?: string | undefined;
  /** Its group may write it, and so may whom an ACL names. Left out where that is known. */
  readonly acl?: "unread" | "unknown" | undefined;
}

/** A program that the host's kernel starts as root, as one of its settings names it. */
export interface KernelProgram {
  /** `kernel.core_pattern`, `binfmt_misc qemu-arm`, the path of a release_agent. */
  readonly setting: string;
  /** All that the setting says. */
  readonly value: string;
  /** The program, and files among its arguments. */
  readonly paths: readonly string[];
  /** Those of these files that are there, where links lead, and every folder on the way: who writes one of them decides what runs. */
  readonly files: readonly SocketFile[];
}

/** A file or folder of a systemd unit. */
export type UnitFile = SocketFile;

/** Docker's systemd units on the engine's host. */
export interface Units {
  /** The units, their drop-ins, and the folders of these. */
  readonly files: readonly UnitFile[];
  /** How dockerd's next start differs from the running one; left out where it does not, or systemd did not start it. */
  readonly next?:
    | { readonly unit: string; readonly gains: readonly string[]; readonly loses: readonly string[] }
    | { readonly unit: string; readonly unknown: string };
}

/** How a rootless Engine stands on its host. What cannot be seen is left out. */
export interface RootlessHost {
  /** rootlesskit's: `slirp4netns`, `pasta`, `host`. */
  readonly networkDriver?: string | undefined;
  /** rootlesskit's: `builtin` hides the address of who connects to a published port. */
  readonly portDriver?: string | undefined;
  /** Containers reach what listens on the host's loopback. */
  readonly loopbackOpen?: boolean | undefined;
  /** Lines of /etc/subuid and /etc/subgid that give its user ids of others, in words. */
  readonly overlaps?: readonly string[] | undefined;
  /** False where systemd ends the user's processes with the session. */
  readonly lingers?: boolean | undefined;
  /** The pid of a dockerd that runs as the host's root beside it. */
  readonly rootfulBeside?: number | undefined;
  /** kernel.apparmor_restrict_unprivileged_userns: only programs with a profile make user namespaces. */
  readonly apparmorRestricts?: boolean | undefined;
  /** Debian's kernel.unprivileged_userns_clone: false closes user namespaces to users. */
  readonly cloneAllowed?: boolean | undefined;
}

export interface EngineScalars {
  /** `docker`, `podman` or another that speaks the API. */
  readonly product: string;
  readonly version: string;
  readonly rootless: boolean;
  /** Who is behind uid 0 of it and of its containers. */
  readonly rootOwner: RootOwner;
  /** The limits that it cannot set here, as Docker names them: `memory`, `pids`, `cpus`. */
  readonly limitsNotInForce: readonly string[];
  /** What only a rootless Engine has. */
  readonly rootlessHost: RootlessHost;
  /** `default` or `user:group`; "" is off. */
  readonly usernsRemap: string;
  readonly noNewPrivileges: boolean;
  /** `builtin`, `unconfined`, or a path. */
  readonly seccompProfile: string;
  /**
   * Whether the file that `seccompProfile` names stops no system call. Filled in where the audit sees that file; unset where it
   * does not.
   */
  readonly seccompAllowsAll: boolean;
  /** The questions to the kernel that this file lets through. */
  readonly seccompOpens: Opens;
  /** Modules that the kernel neither has nor could load, by the name that it asks modprobe for: `net-pf-38`. */
  readonly absentModules: readonly string[];
  /** False where the kernel lacks seccomp, so that no profile can hold. */
  readonly seccompSupported: boolean;
  /** The security modules that the kernel runs: `apparmor`, `selinux`, `capability`, … */
  readonly kernelLsm: readonly string[];
  readonly apparmorEnabled: boolean;
  readonly selinuxEnabled: boolean;
  readonly selinuxMode: "enforcing" | "permissive" | "disabled";
  readonly storageDriver: string;
  /** `extfs`, `xfs`, … */
  readonly backingFilesystem: string;
  /** Whether the driver on this file system can limit a container's writable layer. */
  readonly storageQuotaSupported: boolean;
  readonly logDriver: string;
  /** Inter-container communication on the default bridge. */
  readonly icc: boolean;
  readonly liveRestore: boolean;
  readonly swarmActive: boolean;
  readonly cgroupVersion: number;
  readonly cgroupParent: string;
  readonly defaultCgroupnsMode: string;
  readonly defaultIpcMode: string;
  /** Bytes. */
  readonly memoryTotal: number;
  readonly cpus: number;
  readonly swapTotal: number;
  readonly kernelVersion: string;
  /** The engine's data root. */
  readonly dataRoot: string;
  readonly defaultRuntime: string;
  readonly units: Units;
  readonly kernelPrograms: readonly KernelProgram[];
}

export interface EngineLists {
  readonly listenAddresses: ListenAddress;
  readonly socketFiles: SocketFile;
  readonly storageOptions: NameValue;
  /** Options that have no fact of their own, a value each: `log-level`, `iptables`, `runtimes` with `name=/path`. */
  readonly furtherOptions: NameValue;
  /** Credentials that are written out. */
  readonly credentials: WrittenCredential;
  readonly logOptions: NameValue;
  readonly defaultUlimits: Ulimit;
  /** Host names, addresses or CIDRs. */
  readonly insecureRegistries: string;
  readonly authorizationPlugins: string;
  /** What it works with, by the name that it gives it (`containerd`, `runc`), with its version. */
  readonly components: NameValue;
}

/** A Docker Engine as one source sees it: a daemon.json, a dockerd command line, or the live engine. */
export type Engine = {
  readonly [K in keyof EngineScalars]: Fact<EngineScalars[K]>;
} & {
  readonly [K in keyof EngineLists]: FactList<EngineLists[K]>;
} & { readonly kind: "engine"; readonly level: Level };

const emptyEngine: Engine = {
  kind: "engine",
  level: "declared",
  product: unset,
  version: unset,
  rootless: unset,
  rootOwner: unset,
  limitsNotInForce: unset,
  rootlessHost: unset,
  usernsRemap: unset,
  noNewPrivileges: unset,
  seccompProfile: unset,
  seccompAllowsAll: unset,
  seccompOpens: unset,
  absentModules: unset,
  seccompSupported: unset,
  kernelLsm: unset,
  apparmorEnabled: unset,
  selinuxEnabled: unset,
  selinuxMode: unset,
  storageDriver: unset,
  backingFilesystem: unset,
  storageQuotaSupported: unset,
  logDriver: unset,
  icc: unset,
  liveRestore: unset,
  swarmActive: unset,
  cgroupVersion: unset,
  cgroupParent: unset,
  defaultCgroupnsMode: unset,
  defaultIpcMode: unset,
  memoryTotal: unset,
  cpus: unset,
  swapTotal: unset,
  kernelVersion: unset,
  dataRoot: unset,
  defaultRuntime: unset,
  units: unset,
  kernelPrograms: unset,
  listenAddresses: [],
  socketFiles: [],
  storageOptions: [],
  furtherOptions: [],
  credentials: [],
  logOptions: [],
  defaultUlimits: [],
  insecureRegistries: [],
  authorizationPlugins: [],
  components: [],
};

/** An engine of which nothing is said but what is given. */
export function engine(level: Level, facts: Partial<Engine> = {}): Engine {
  return { ...emptyEngine, ...facts, level };
}

/**
 * The address at which a command hands on an Engine's socket (`socat TCP-LISTEN:2375,fork UNIX-CONNECT:/var/run/docker.sock`);
 * undefined for any other command.
 */
export function forwardedSocket(words: readonly string[]): string | undefined {
  if (!/(?:^|\/)socat$/.test(words[0] ?? "")) return undefined;
  const isSocket = words.some((word) =>
    /^unix(?:-(?:connect|client))?:\S*(?:docker|podman|containerd)(?:\.raw)?\.sock\b/i.test(word),
  );
  const listen = words.find((word) => /^tcp[46]?-l(?:isten)?:/i.test(word));
  if (!isSocket || listen === undefined) return undefined;
  const [, port = "2375", options = ""] = /^[^:]+:(\w+)(.*)$/.exec(listen) ?? [];
  return `tcp://${/,bind=([^,]+)/i.exec(options)?.[1] ?? "0.0.0.0"}:${port}`;
}
