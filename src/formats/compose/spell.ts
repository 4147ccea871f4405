import type { ContainerScalars } from "../../model/container.ts";
import type { BlkioDeviceLimit } from "../../model/container-values.ts";
import { spellNamespaceMode } from "../../model/namespace.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import {
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
type ValueOf<F extends Item["field"]> = Extract<Item, { readonly field: F; readonly op: "add" }>["value"];

/** The service keys of one-valued facts. */
const keys: Readonly<Partial<Record<keyof ContainerScalars, string>>> = {
  image: "image",
  user: "user",
  privileged: "privileged",
  readonlyRootfs: "read_only",
  networkMode: "network_mode",
  pidMode: "pid",
  ipcMode: "ipc",
  utsMode: "uts",
  cgroupnsMode: "cgroup",
  usernsMode: "userns_mode",
  cpusetCpus: "cpuset",
  cpuShares: "cpu_shares",
  cpuQuota: "cpu_quota",
  cpuPeriod: "cpu_period",
  memory: "mem_limit",
  memorySwap: "memswap_limit",
  memoryReservation: "mem_reservation",
  oomKillDisable: "oom_kill_disable",
  pidsLimit: "pids_limit",
  cgroupParent: "cgroup_parent",
  runtime: "runtime",
};

/** The lines that make the patch in a Compose service; what is to go is said as a comment. */
export function spellComposePatch(patch: ContainerPatch): string {
  if (patch.op === "unset") return `# remove ${keys[patch.field] ?? patch.field}`;
  if (patch.op === "set") return spellSet(patch);
  if (patch.op === "remove") return `# remove ${spellItem(patch, patch.value)}`;
  if (patch.op === "replace")
    return `${spellItem(patch, patch.with)}  # instead of ${spellItem(patch, patch.value)}`;
  return spellItem(patch, patch.value);
}

function spellSet(patch: Set): string {
  switch (patch.field) {
    case "noNewPrivileges":
      return `security_opt: ["no-new-privileges:${patch.value}"]`;
    case "seccomp":
      return `security_opt: ["${writeSeccomp(patch.value)}"]`;
    case "apparmor":
      return `security_opt: ["apparmor=${patch.value}"]`;
    case "selinux":
      return `security_opt: [${writeLabel(patch.value)
        .map((label) => `"${label}"`)
        .join(", ")}]`;
    case "pathProtection":
      return "# remove security_opt systempaths=unconfined";
    case "networkMode":
    case "pidMode":
    case "ipcMode":
    case "utsMode":
    case "cgroupnsMode":
    case "usernsMode":
      return `${keys[patch.field]}: ${JSON.stringify(spellNamespaceMode(patch.value))}`;
    case "nanoCpus":
      return `cpus: ${patch.value / 1e9}`;
    case "memory":
    case "memorySwap":
    case "memoryReservation":
      return `${keys[patch.field]}: ${writeBytes(patch.value)}`;
    case "user":
      return `user: ${JSON.stringify(patch.value)}`;
    case "blkioWeight":
      return `blkio_config: { weight: ${patch.value} }`;
    case "logDriver":
      return `logging: { driver: ${patch.value} }`;
    case "publishAllPorts":
      return "# publish ports one by one";
    default:
      return `${keys[patch.field] ?? patch.field}: ${patch.value}`;
  }
}

const blkioKeys: Readonly<Record<BlkioDeviceLimit["kind"], string>> = {
  weight: "weight_device",
  "read-bps": "device_read_bps",
  "write-bps": "device_write_bps",
  "read-iops": "device_read_iops",
  "write-iops": "device_write_iops",
};

const itemSpellers: { readonly [F in Item["field"]]: (value: ValueOf<F>) => string } = {
  environment: ({ name }) => `environment: [${name}]`,
  capAdd: (name) => `cap_add: [${name}]`,
  capDrop: (name) => `cap_drop: [${name}]`,
  groupAdd: (name) => `group_add: [${name}]`,
  mounts: (mount) =>
    mount.type === "tmpfs" ? `tmpfs: ["${writeTmpfs(mount)}"]` : `volumes: ["${writeVolume(mount)}"]`,
  volumesFrom: (name) => `volumes_from: ["${name}"]`,
  devices: (device) => `devices: ["${writeDevice(device)}"]`,
  deviceCgroupRules: (rule) => `device_cgroup_rules: ["${rule}"]`,
  ports: (port) => `ports: ["${writePort(port)}"]`,
  networks: (name) => `networks: [${name}]`,
  ulimits: ({ name, soft, hard }) => `ulimits: { ${name}: { soft: ${soft}, hard: ${hard} } }`,
  sysctls: ({ name, value }) => `sysctls: { ${name}: "${value}" }`,
  storageOpt: ({ name, value }) => `storage_opt: { ${name}: ${value} }`,
  logOptions: ({ name, value }) => `logging: { options: { ${name}: ${value} } }`,
  labels: ({ name, value }) => `labels: { ${name}: ${JSON.stringify(value)} }`,
  blkioDeviceLimits: ({ kind, path, rate }) =>
    `blkio_config: { ${blkioKeys[kind]}: [{ path: ${path}, rate: ${rate} }] }`,
};

function spellItem<F extends Item["field"]>(patch: { readonly field: F }, value: ValueOf<F>): string {
  return itemSpellers[patch.field](value);
}
