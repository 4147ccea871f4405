import { spellNamespaceMode } from "../../../../model/container/namespace.ts";
import type { ContainerScalars } from "../../../../model/container.ts";
import type { BlkioDeviceLimit } from "../../../../model/container-values.ts";
import { writeBytes } from "../../../values/spell.ts";

/** The keys of a service for facts of one value, where they are one key's. */
export const scalarPaths = {
  image: ["image"],
  user: ["user"],
  privileged: ["privileged"],
  readonlyRootfs: ["read_only"],
  networkMode: ["network_mode"],
  pidMode: ["pid"],
  ipcMode: ["ipc"],
  utsMode: ["uts"],
  cgroupnsMode: ["cgroup"],
  usernsMode: ["userns_mode"],
  cpusetCpus: ["cpuset"],
  cpuShares: ["cpu_shares"],
  cpuQuota: ["cpu_quota"],
  cpuPeriod: ["cpu_period"],
  nanoCpus: ["cpus"],
  memory: ["mem_limit"],
  memorySwap: ["memswap_limit"],
  memoryReservation: ["mem_reservation"],
  oomKillDisable: ["oom_kill_disable"],
  oomScoreAdj: ["oom_score_adj"],
  cpuRealtimeRuntime: ["cpu_rt_runtime"],
  pidsLimit: ["pids_limit"],
  blkioWeight: ["blkio_config", "weight"],
  logDriver: ["logging", "driver"],
  cgroupParent: ["cgroup_parent"],
  runtime: ["runtime"],
  restart: ["restart"],
} as const satisfies Readonly<Partial<Record<keyof ContainerScalars, readonly string[]>>>;

export type ScalarField = keyof typeof scalarPaths;

/** A wanted value, or undefined to remove the key. */
export type ScalarChange = {
  readonly [F in ScalarField]: { readonly field: F; readonly value: ContainerScalars[F] | undefined };
}[ScalarField];

/** A text may need quotes, the rest is a number, a size, true or false. */
export interface Spelled {
  readonly text: string;
  readonly isText: boolean;
}

/** How Compose spells the value. */
export function spellScalar(wanted: ScalarChange): Spelled | undefined {
  if (wanted.value === undefined) return undefined;
  switch (wanted.field) {
    case "networkMode":
    case "pidMode":
    case "ipcMode":
    case "utsMode":
    case "cgroupnsMode":
    case "usernsMode":
      return { text: spellNamespaceMode(wanted.value), isText: true };
    case "nanoCpus":
      return { text: String(wanted.value / 1e9), isText: false };
    case "memory":
    case "memorySwap":
    case "memoryReservation":
      return { text: writeBytes(wanted.value), isText: false };
    default:
      return typeof wanted.value === "string"
        ? { text: wanted.value, isText: true }
        : { text: String(wanted.value), isText: false };
  }
}

/** The facts that are one list in a Compose file, by the word that an option of theirs begins with. */
export const securityKeys = {
  seccomp: "seccomp",
  apparmor: "apparmor",
  selinux: "label",
  noNewPrivileges: "no-new-privileges",
  pathProtection: "systempaths",
} as const;

export type SecurityField = keyof typeof securityKeys;

/** The service keys of lists of names. */
export const textLists = {
  capAdd: "cap_add",
  capDrop: "cap_drop",
  groupAdd: "group_add",
  deviceCgroupRules: "device_cgroup_rules",
  volumesFrom: "volumes_from",
  links: "links",
} as const;

export type TextList = keyof typeof textLists;

/** Where names with values stand in a service. */
export const namePaths = {
  environment: ["environment"],
  labels: ["labels"],
  annotations: ["annotations"],
  sysctls: ["sysctls"],
  storageOpt: ["storage_opt"],
  logOptions: ["logging", "options"],
} as const;

export type NameField = keyof typeof namePaths;

/** The keys of `blkio_config` that list limits of devices. */
export const blkioKeys: Readonly<Record<BlkioDeviceLimit["kind"], string>> = {
  weight: "weight_device",
  "read-bps": "device_read_bps",
  "write-bps": "device_write_bps",
  "read-iops": "device_read_iops",
  "write-iops": "device_write_iops",
};
