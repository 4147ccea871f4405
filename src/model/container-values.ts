import type { Opens } from "./kernel-interfaces/standing.ts";
import type { Origin } from "./origin.ts";

export interface NameValue {
  readonly name: string;
  readonly value: string;
}

export interface EnvironmentVariable {
  readonly name: string;
  /** Undefined where the variable is only passed through (`-e NAME`). May be a secret: never print it. */
  readonly value: string | undefined;
  /** True where the image sets it to this very value. */
  readonly isFromImage?: boolean;
}

/** A container that somebody removes soon after it began. */
export interface ShortLived {
  /** Who removes it and when, as a clause: `the runner removes it after the job`. */
  readonly why: string;
  /** True where a CI starts it for one job, with nothing from before and nothing that stays. */
  readonly isOfCi: boolean;
}

export interface BuildReference {
  /** The folder, absolute; or a URL as written. */
  readonly context: string;
  /** The Dockerfile, absolute; undefined where it is inline or remote. */
  readonly dockerfile: string | undefined;
  readonly dockerfileInline: string | undefined;
  readonly target: string | undefined;
  readonly args: readonly NameValue[];
  /** What the build may do beyond its sandbox: `privileged`, `network: host`, `entitlement security.insecure`, `ssh`. */
  readonly gets?: readonly { readonly what: string; readonly origin: Origin }[];
  /** Where an inline Dockerfile stands. */
  readonly inlineOrigin?: Origin;
}

/**
 * A seccomp profile: Docker's own (`default`, also spelled `builtin`), none (`unconfined`), or a custom one.
 * `allowsAll` is what can be told from a custom profile's text: its default action allows and nothing is
 * denied; undefined where the text was not seen.
 */
export type SeccompProfile =
  | { readonly profile: "default" }
  | { readonly profile: "unconfined" }
  | {
      readonly profile: "custom";
      /** A path, or undefined where the profile was given inline. */
      readonly path: string | undefined;
      readonly allowsAll: boolean | undefined;
      /** System calls that it lets through and Docker's own profile stops; left out where its text was not seen. */
      readonly beyond?: readonly string[] | undefined;
      /** The questions to the kernel that it lets through; left out where its text was not seen. */
      readonly opens?: Opens | undefined;
    };

/** What `--security-opt label=…` says; the last of each repeated part wins. */
export interface SelinuxLabel {
  readonly disable: boolean;
  readonly user: string | undefined;
  readonly role: string | undefined;
  readonly type: string | undefined;
  readonly level: string | undefined;
  /**
   * True where the Engine added `disable` by itself (`--privileged`, `--pid=host` and `--ipc=host` do), as
   * far as the source can tell.
   */
  readonly implied: boolean;
}

/**
 * The kernel paths that Docker masks or makes read-only. `unconfined`: neither
 * (`systempaths=unconfined`). `paths`: exactly these.
 */
export type PathProtection =
  | { readonly mode: "unconfined" }
  | {
      readonly mode: "paths";
      readonly masked: readonly string[];
      readonly readonly: readonly string[];
    };

/** An option that a network's driver gets for this container alone (`driver_opts` of a service's network). */
export interface EndpointOption {
  readonly network: string;
  readonly option: string;
  readonly value: string;
}

/** How a network that the container joins was made. Networks that Docker makes by itself are left out. */
export interface NetworkDefinition {
  readonly network: string;
  /** Undefined where Docker chooses: `bridge`, or `overlay` in a swarm. */
  readonly driver: string | undefined;
  readonly options: readonly NameValue[];
  /** The driver that hands out addresses; undefined for Docker's own. */
  readonly addressDriver: string | undefined;
  /** The ranges that its addresses come from, as written: `10.1.0.0/16`. */
  readonly subnets: readonly string[];
}

export interface Device {
  /** A path on the host, or a CDI name (`vendor.com/class=name`). */
  readonly hostPath: string;
  readonly containerPath: string;
  /** Letters of `rwm`. */
  readonly permissions: string;
  /** The devices that it is, a folder of them several, as `b 8:0`; undefined where that is not known. */
  readonly nodes?: readonly string[];
}

export interface PublishedPort {
  /** Undefined where no address is given (Docker's default: all interfaces). */
  readonly hostIp: string | undefined;
  /** A port or a range; undefined for a port that Docker chooses. */
  readonly hostPort: string | undefined;
  readonly containerPort: string;
  readonly protocol: string;
}

export interface Ulimit {
  readonly name: string;
  /** -1 is unlimited. */
  readonly soft: number;
  readonly hard: number;
}

export interface BlkioDeviceLimit {
  readonly kind: "weight" | "read-bps" | "write-bps" | "read-iops" | "write-iops";
  readonly path: string;
  /** Bytes or operations a second, or a weight. */
  readonly rate: number;
}

/** Whether a health check runs: `none` is `HEALTHCHECK NONE` or `--no-healthcheck`. */
export type Healthcheck = "none" | "command";

/** A command that docker compose runs in the container; `pre_start` has a container beside it. */
export interface Hook {
  /** The key that says it: `post_start`, `develop.watch.exec`. */
  readonly key: string;
  readonly privileged: boolean;
  /** As written; "" is the container's own user. */
  readonly user: string;
}
