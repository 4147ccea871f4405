import { failed, ok, type Result } from "../../../base/result.ts";
import { spellNamespaceMode } from "../../../model/container/namespace.ts";
import type { ContainerLists, ContainerScalars } from "../../../model/container.ts";
import { type KeyedFact, keyOf, rowOf, type ScalarFact } from "../../../model/facts/table.ts";
import type { Mount } from "../../../model/mount.ts";
import {
  spellValue,
  writeBlkioLimit,
  writeDevice,
  writeLabel,
  writePort,
  writeSeccomp,
  writeTmpfs,
  writeVolume,
} from "../../values/spell.ts";

/** A flag as `docker run` takes it; a boolean that stands alone has no value. */
export interface FlagText {
  /** Without its dashes, as in the table of flags. */
  readonly name: string;
  readonly value: string | undefined;
}

type Spelled = Result<readonly FlagText[]>;

const one = (name: string, value?: string | number): Spelled =>
  ok([{ name, value: value === undefined ? undefined : String(value) }]);

/** The facts that are no flag of their own. */
const coded: {
  readonly [K in Exclude<ScalarFact, KeyedFact<"run">>]: (value: ContainerScalars[K]) => Spelled;
} = {
  networkMode: (value) => one("network", spellNamespaceMode(value)),
  restart: (value) => one("restart", value),
  image: () => failed("the image is not a flag"),
  build: () => failed("docker run builds nothing"),
  imageUser: () => failed("the image's own user is set in its Dockerfile"),
  seccomp: (value) =>
    value.profile === "custom" && value.path === undefined
      ? failed("a seccomp profile that lies in no file cannot be named")
      : one("security-opt", writeSeccomp(value)),
  apparmor: (value) => one("security-opt", `apparmor=${value}`),
  selinux: (value) => {
    const options = writeLabel(value).map((option) => ({ name: "security-opt", value: option }));
    return options.length > 0 ? ok(options) : failed("a label that says nothing cannot be written");
  },
  noNewPrivileges: (value) => one("security-opt", `no-new-privileges${value ? "" : "=false"}`),
  pathProtection: (value) =>
    value.mode === "unconfined"
      ? one("security-opt", "systempaths=unconfined")
      : failed("docker run takes no list of masked paths"),
  healthcheck: (value) =>
    value === "none" ? one("no-healthcheck") : failed("the command of a health check must be chosen by hand"),
};

const blkioFlags = {
  weight: "blkio-weight-device",
  "read-bps": "device-read-bps",
  "write-bps": "device-write-bps",
  "read-iops": "device-read-iops",
  "write-iops": "device-write-iops",
} as const;

const itemSpellers: { readonly [K in keyof ContainerLists]: (value: ContainerLists[K]) => FlagText } = {
  environment: ({ name, value }) => ({ name: "env", value: value === undefined ? name : `${name}=${value}` }),
  capAdd: (value) => ({ name: "cap-add", value }),
  capDrop: (value) => ({ name: "cap-drop", value }),
  groupAdd: (value) => ({ name: "group-add", value }),
  mounts: spellMount,
  volumesFrom: (value) => ({ name: "volumes-from", value }),
  devices: (device) => ({ name: "device", value: writeDevice(device) }),
  deviceCgroupRules: (value) => ({ name: "device-cgroup-rule", value }),
  ports: (port) => ({ name: "publish", value: writePort(port) }),
  networks: (value) => ({ name: "network", value }),
  networkDefinitions: ({ network }) => ({ name: "network", value: network }),
  endpointOptions: ({ network, option, value }) => ({
    name: "network",
    value: `name=${network},${csvField(`driver-opt=${option}=${value}`)}`,
  }),
  links: (value) => ({ name: "link", value }),
  ulimits: ({ name, soft, hard }) => ({
    name: "ulimit",
    value: `${name}=${soft === hard ? soft : `${soft}:${hard}`}`,
  }),
  sysctls: ({ name, value }) => ({ name: "sysctl", value: `${name}=${value}` }),
  storageOpt: ({ name, value }) => ({ name: "storage-opt", value: `${name}=${value}` }),
  logOptions: ({ name, value }) => ({ name: "log-opt", value: `${name}=${value}` }),
  labels: ({ name, value }) => ({ name: "label", value: `${name}=${value}` }),
  annotations: ({ name, value }) => ({ name: "annotation", value: `${name}=${value}` }),
  blkioDeviceLimits: (limit) => ({ name: blkioFlags[limit.kind], value: writeBlkioLimit(limit) }),
  // No flag has it: what is written is read again, and refused.
  hooks: ({ key }) => ({ name: key, value: undefined }),
  entrypoint: (value) => ({ name: "entrypoint", value }),
  // It stands behind the image: what is written is read again, and refused.
  command: () => ({ name: "command", value: undefined }),
  credentials: ({ where }) => ({ name: where, value: undefined }),
};

/** The flags that give a one-valued fact. */
export function flagsOfScalar<K extends keyof ContainerScalars>(
  field: K,
  value: ContainerScalars[K],
): Spelled {
  const name = keyOf(field, "run");
  if (name === undefined) return coded[field as keyof typeof coded](value as never);
  const { kind } = rowOf(field);
  if (kind === "switch") return one(name, value ? undefined : "false");
  return one(name, spellValue(kind, value));
}

/** The flag that gives an item of a list. */
export function flagOfItem<K extends keyof ContainerLists>(field: K, value: ContainerLists[K]): FlagText {
  return itemSpellers[field](value);
}

/** `--tmpfs`, `-v` where the short syntax can say it, else `--mount`. */
function spellMount(mount: Mount): FlagText {
  if (mount.type === "tmpfs") {
    const text = writeTmpfs(mount);
    const joint = text === mount.target ? ":" : ",";
    return { name: "tmpfs", value: mount.readOnly ? `${text}${joint}ro` : text };
  }
  const { source, target, readOnly, propagation } = mount;
  const isShort = mount.type === "bind" || mount.type === "volume";
  const hasColon = `${source ?? ""}${target}`.includes(":");
  if (isShort && !hasColon && (source !== undefined || !(readOnly || propagation))) {
    return { name: "volume", value: writeVolume(mount) };
  }
  const fields = [
    `type=${mount.type}`,
    ...(source === undefined ? [] : [`source=${source}`]),
    `target=${target}`,
    ...(readOnly ? ["readonly"] : []),
    ...(propagation ? [`bind-propagation=${propagation}`] : []),
  ];
  return { name: "mount", value: fields.map(csvField).join(",") };
}

function csvField(field: string): string {
  return /[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
