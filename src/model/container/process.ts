import type { Fact, SetFact } from "../fact.ts";
import type { Capability } from "./capability.ts";
import type { NamespaceKind } from "./namespace.ts";

/**
 * One process of a container, as /proc shows it. Facts are `unresolved` where the entry could not be read.
 */
export interface Process {
  /** As the host (or the /proc that was read) numbers it. */
  readonly pid: number;
  /** When it started, in clock ticks since the machine did: PIDs are used again. */
  readonly started?: number;
  /** The command's name (comm), never its arguments. */
  readonly name: string;
  /**
   * `init`: the container's first process; `child`: one that descends from it. `exec`: started by an exec
   * that the Engine knows, or a descendant of one. `entered`: came in from outside (nsenter).
   */
  readonly role: "init" | "child" | "exec" | "entered";
  /** The first process of a container or an exec in which the runtime has yet to start the program. */
  readonly starting?: boolean;
  /** The effective uid inside the container's user namespace. */
  readonly uid: Fact<number>;
  readonly gid: Fact<number>;
  /** The effective uid on the host. */
  readonly hostUid: Fact<number>;
  readonly capEffective: Fact<ReadonlySet<Capability>>;
  readonly capPermitted: Fact<ReadonlySet<Capability>>;
  readonly capBounding: Fact<ReadonlySet<Capability>>;
  readonly capAmbient: Fact<ReadonlySet<Capability>>;
  /** 0 off, 1 strict, 2 filter. */
  readonly seccomp: Fact<number>;
  readonly noNewPrivs: Fact<boolean>;
  /** The label of the AppArmor or SELinux module; `unset` where the kernel runs none. */
  readonly lsmLabel: Fact<string>;
  /** True where the namespace is the host's (dockerd's) own. */
  readonly sharesHost: Readonly<Record<NamespaceKind, Fact<boolean>>>;
  /**
   * The cgroups that it was moved to, out of its container's: `memory:/, pids:/batch` (v1), `:/batch` (v2). Left out where
   * it stands in its container's, or that cannot be told.
   */
  readonly strayCgroup?: SetFact<string>;
}
