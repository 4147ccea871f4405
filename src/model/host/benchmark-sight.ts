import type { SetFact } from "../fact.ts";
import type { Origin } from "../origin.ts";

/** What only a benchmark asks for, of an Engine and its host. A member is undefined where it could not be seen. */
export interface BenchmarkSight {
  readonly host: HostObservations | undefined;
  readonly swarm: SwarmObservations | undefined;
  /** The Engine's images: by every name the id that it stands for today. */
  readonly images: ReadonlyMap<string, string> | undefined;
  /** How many images and containers there are, and how many of them are used. */
  readonly stock: Stock | undefined;
  /** The setuid and setgid files of each image by its subject's name; an image whose layers could not be read has none. */
  readonly setuidFiles: ReadonlyMap<string, readonly SetFact<string>[]>;
  /** DOCKER_CONTENT_TRUST in the environment of the audit. */
  readonly contentTrust: string | undefined;
}

export interface Stock {
  readonly images: number;
  readonly usedImages: number;
  readonly containers: number;
  readonly runningContainers: number;
}

/** A file of Docker's that owners and modes, or audit rules, are about. */
export interface HostFile {
  readonly path: string;
  /** Permission bits; undefined where there is no such file. */
  readonly mode: number | undefined;
  readonly uid: number;
  readonly gid: number;
  readonly origin: Origin;
}

export type HostFileRole =
  | "dockerd"
  | "runContainerd"
  | "dataRoot"
  | "etcDocker"
  | "dockerService"
  | "containerdSocket"
  | "dockerSocketUnit"
  | "etcDefault"
  | "daemonJson"
  | "containerdConfig"
  | "etcSysconfig"
  | "containerd"
  | "containerdShim"
  | "containerdShimRuncV1"
  | "containerdShimRuncV2"
  | "runc"
  | "registryCertificates"
  | "tlsCa"
  | "tlsCertificate"
  | "tlsKey"
  | "dockerSocket";

export interface HostObservations {
  /** A role can have several files (registry certificates) or none. */
  readonly files: Readonly<Record<HostFileRole, readonly HostFile[]>>;
  /** Whether the data root is on a separate mount; undefined if the mounts could not be read. */
  readonly ownPartition: boolean | undefined;
  readonly dataRoot: string;
  /** The group of the socket; undefined if the host has no such group. */
  readonly dockerGroup: { readonly gid: number; readonly members: readonly string[] } | undefined;
  readonly audit: AuditRules;
}

/** The rules of the kernel's audit system: what is loaded counts, and else what would be loaded at the next start. */
export type AuditRules =
  | { readonly from: "kernel" | "files"; readonly watched: readonly string[]; readonly origin: Origin }
  | { readonly from: "nowhere"; readonly reason: string };

export interface SwarmObservations {
  readonly managers: number;
  /** Undefined where this node is no manager, and cannot tell. */
  readonly details:
    | {
        readonly autoLock: boolean;
        /** Hours. */
        readonly nodeCertificateHours: number;
        readonly secrets: number;
        readonly services: number;
        /** The overlay networks that carry containers' traffic. */
        readonly overlays: readonly { readonly name: string; readonly encrypted: boolean }[];
      }
    | undefined;
  /** The address that the managers' port listens on, where the host shows it. */
  readonly managerAddresses: readonly string[] | undefined;
  readonly dataPathAddress: string | undefined;
  readonly advertiseAddress: string | undefined;
}
