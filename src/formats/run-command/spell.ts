import type { ContainerScalars } from "../../model/container.ts";
import { spellNamespaceMode } from "../../model/namespace.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import {
  writeBlkioLimit,
  writeBytes,
  writeDevice,
  writeLabel,
  writePort,
  writeSeccomp,
  writeTmpfs,
  writeVolume,
} from "../values/spell.ts";

type Set = Extract<ContainerPatch, { readonly op: "set" }>;
type Item = Exclude<ContainerPatch, { readonly op: "set" | "unset" }>;

/** The flags of one-valued facts, for "leave out …". */
const flags: Readonly<Partial<Record<keyof ContainerScalars, string>>> = {
  user: "--user",
  privileged: "--privileged",
  seccomp: "--security-opt seccomp=…",
  apparmor: "--security-opt apparmor=…",
  selinux: "--security-opt label=…",
  noNewPrivileges: "--security-opt no-new-privileges",
  pathProtection: "--security-opt systempaths=…",
  readonlyRootfs: "--read-only",
  networkMode: "--network",
  pidMode: "--pid",
  ipcMode: "--ipc",
  utsMode: "--uts",
  cgroupnsMode: "--cgroupns",
  usernsMode: "--userns",
  publishAllPorts: "-P",
  cpusetCpus: "--cpuset-cpus",
  memory: "--memory",
  memorySwap: "--memory-swap",
  oomKillDisable: "--oom-kill-disable",
  pidsLimit: "--pids-limit",
  cgroupParent: "--cgroup-parent",
};

/** What to add to or leave out of a `docker run` line to make the patch. */
export function spellRunPatch(patch: ContainerPatch): string {
  if (patch.op === "unset") return `leave out ${flags[patch.field] ?? patch.field}`;
  if (patch.op === "set") return spellSet(patch);
  if (patch.op === "remove") return `leave out ${spellItem(patch, patch.value)}`;
  if (patch.op === "replace")
    return `${spellItem(patch, patch.with)}   instead of ${spellItem(patch, patch.value)}`;
  return spellItem(patch, patch.value);
}

function spellSet(patch: Set): string {
  switch (patch.field) {
    case "readonlyRootfs":
      return patch.value ? "--read-only" : "leave out --read-only";
    case "privileged":
      return patch.value ? "--privileged" : "leave out --privileged";
    case "oomKillDisable":
      return patch.value ? "--oom-kill-disable" : "leave out --oom-kill-disable";
    case "publishAllPorts":
      return patch.value ? "-P" : "leave out -P";
    case "noNewPrivileges":
      return `--security-opt no-new-privileges${patch.value ? "" : "=false"}`;
    case "seccomp":
      return `--security-opt ${writeSeccomp(patch.value)}`;
    case "apparmor":
      return `--security-opt apparmor=${patch.value}`;
    case "selinux":
      return writeLabel(patch.value)
        .map((option) => `--security-opt ${option}`)
        .join(" ");
    case "pathProtection":
      return "leave out --security-opt systempaths=unconfined";
    case "networkMode":
      return `--network ${spellNamespaceMode(patch.value)}`;
    case "pidMode":
      return `--pid ${spellNamespaceMode(patch.value)}`;
    case "ipcMode":
      return `--ipc ${spellNamespaceMode(patch.value)}`;
    case "utsMode":
      return `--uts ${spellNamespaceMode(patch.value)}`;
    case "cgroupnsMode":
      return `--cgroupns ${spellNamespaceMode(patch.value)}`;
    case "usernsMode":
      return `--userns ${spellNamespaceMode(patch.value)}`;
    case "nanoCpus":
      return `--cpus ${patch.value / 1e9}`;
    case "memory":
      return `--memory ${writeBytes(patch.value)}`;
    case "memorySwap":
      return `--memory-swap ${writeBytes(patch.value)}`;
    case "memoryReservation":
      return `--memory-reservation ${writeBytes(patch.value)}`;
    case "pidsLimit":
      return `--pids-limit ${patch.value}`;
    case "cpuShares":
      return `--cpu-shares ${patch.value}`;
    case "cpuQuota":
      return `--cpu-quota ${patch.value}`;
    case "cpuPeriod":
      return `--cpu-period ${patch.value}`;
    case "blkioWeight":
      return `--blkio-weight ${patch.value}`;
    case "logDriver":
      return `--log-driver ${patch.value}`;
    case "healthcheck":
      return "--health-cmd …";
    default:
      return `${flags[patch.field] ?? `--${patch.field}`} ${patch.value}`;
  }
}

const blkioFlags = {
  weight: "--blkio-weight-device",
  "read-bps": "--device-read-bps",
  "write-bps": "--device-write-bps",
  "read-iops": "--device-read-iops",
  "write-iops": "--device-write-iops",
} as const;

type ValueOf<F extends Item["field"]> = Extract<Item, { readonly field: F; readonly op: "add" }>["value"];

const itemSpellers: { readonly [F in Item["field"]]: (value: ValueOf<F>) => string } = {
  environment: ({ name }) => `--env ${name}`,
  capAdd: (name) => `--cap-add ${name}`,
  capDrop: (name) => `--cap-drop ${name}`,
  groupAdd: (name) => `--group-add ${name}`,
  mounts: (mount) => (mount.type === "tmpfs" ? `--tmpfs ${writeTmpfs(mount)}` : `-v ${writeVolume(mount)}`),
  volumesFrom: (name) => `--volumes-from ${name}`,
  devices: (device) => `--device ${writeDevice(device)}`,
  deviceCgroupRules: (rule) => `--device-cgroup-rule '${rule}'`,
  ports: (port) => `-p ${writePort(port)}`,
  networks: (name) => `--network ${name}`,
  ulimits: ({ name, soft, hard }) => `--ulimit ${name}=${soft}:${hard}`,
  sysctls: ({ name, value }) => `--sysctl ${name}=${value}`,
  storageOpt: ({ name, value }) => `--storage-opt ${name}=${value}`,
  logOptions: ({ name, value }) => `--log-opt ${name}=${value}`,
  labels: ({ name, value }) => `--label ${name}=${value}`,
  blkioDeviceLimits: (limit) => `${blkioFlags[limit.kind]} ${writeBlkioLimit(limit)}`,
};

function spellItem<F extends Item["field"]>(patch: { readonly field: F }, value: ValueOf<F>): string {
  return itemSpellers[patch.field](value);
}
