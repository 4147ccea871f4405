import { normaliseCapability } from "../../model/container/capability.ts";
import { type NamespaceMode, parseNamespaceMode } from "../../model/container/namespace.ts";
import type { Container } from "../../model/container.ts";
import { type Fact, type FactList, mapItems, unset } from "../../model/fact.ts";
import { linkedContainer } from "../values/link.ts";
import { readSecurityOptions } from "../values/security-options.ts";
import { readBlkioDevices, readDevices, readUlimits } from "./devices.ts";
import {
  booleanFact,
  field,
  integerFact,
  type JsonNode,
  membersOf,
  path,
  stringFact,
  stringList,
} from "./json.ts";
import { readMounts } from "./mounts.ts";
import { nameValues } from "./name-values.ts";
import { readPathProtection } from "./path-protection.ts";
import { readPorts } from "./ports.ts";

/** Every fact that a HostConfig holds. */
export function hostConfigFacts(hostConfig: JsonNode) {
  // Most are not there: they are not looked for one by one.
  const has = membersOf(hostConfig);
  const text = (name: string) => (has(name) ? stringFact(field(hostConfig, name)) : unset);
  const integer = (name: string) => (has(name) ? integerFact(field(hostConfig, name)) : unset);
  const boolean = (name: string) => (has(name) ? booleanFact(field(hostConfig, name)) : unset);
  const list = (name: string) => (has(name) ? stringList(field(hostConfig, name)) : []);
  const items = <T>(read: (hostConfig: JsonNode) => FactList<T>, ...names: readonly string[]): FactList<T> =>
    names.some(has) ? read(hostConfig) : [];
  const other = (name: string) => namespaceMode(text(name), "other");
  // `systempaths` never travels as an option: the docker CLI turns it into empty lists of paths.
  const { seccomp, apparmor, selinux, noNewPrivileges } = readSecurityOptions(list("SecurityOpt"));
  // No spread among so many members: V8 would keep them in a table, and make and copy it slowly.
  return {
    seccomp,
    apparmor,
    selinux,
    noNewPrivileges,
    pathProtection: has("MaskedPaths") || has("ReadonlyPaths") ? readPathProtection(hostConfig) : unset,
    privileged: boolean("Privileged"),
    readonlyRootfs: boolean("ReadonlyRootfs"),
    capAdd: mapItems(list("CapAdd"), normaliseCapability),
    capDrop: mapItems(list("CapDrop"), normaliseCapability),
    groupAdd: list("GroupAdd"),
    networkMode: namespaceMode(text("NetworkMode"), "network"),
    pidMode: other("PidMode"),
    ipcMode: other("IpcMode"),
    utsMode: other("UTSMode"),
    usernsMode: other("UsernsMode"),
    cgroupnsMode: other("CgroupnsMode"),
    publishAllPorts: boolean("PublishAllPorts"),
    ports: items(readPorts, "PortBindings"),
    nanoCpus: integer("NanoCpus"),
    cpuPeriod: integer("CpuPeriod"),
    cpuQuota: integer("CpuQuota"),
    cpuShares: integer("CpuShares"),
    cpusetCpus: text("CpusetCpus"),
    memory: integer("Memory"),
    memorySwap: integer("MemorySwap"),
    memoryReservation: integer("MemoryReservation"),
    oomKillDisable: boolean("OomKillDisable"),
    oomScoreAdj: integer("OomScoreAdj"),
    cpuRealtimeRuntime: integer("CpuRealtimeRuntime"),
    // Null is unset here, and 0 asks for no limit.
    pidsLimit: integerFact(field(hostConfig, "PidsLimit"), { keepZero: true }),
    blkioWeight: integer("BlkioWeight"),
    blkioDeviceLimits: readBlkioDevices(hostConfig),
    logDriver: stringFact(path(hostConfig, "LogConfig", "Type")),
    logOptions: nameValues(path(hostConfig, "LogConfig", "Config")),
    cgroupParent: text("CgroupParent"),
    runtime: text("Runtime"),
    restart: has("RestartPolicy") ? readRestart(hostConfig) : unset,
    mounts: items(readMounts, "Binds", "Mounts", "Tmpfs"),
    volumesFrom: mapItems(list("VolumesFrom"), (value) => value.replace(/:[^:]*$/, "")),
    devices: items(readDevices, "Devices", "DeviceRequests"),
    deviceCgroupRules: list("DeviceCgroupRules"),
    ulimits: items(readUlimits, "Ulimits"),
    sysctls: nameValues(field(hostConfig, "Sysctls")),
    storageOpt: nameValues(field(hostConfig, "StorageOpt")),
    annotations: nameValues(field(hostConfig, "Annotations")),
    links: mapItems(list("Links"), linkedContainer),
  } satisfies Partial<Container>;
}

function namespaceMode(text: Fact<string>, kind: "network" | "other"): Fact<NamespaceMode> {
  if (text.state !== "set") return text;
  const mode = parseNamespaceMode(text.value, kind);
  return mode ? { ...text, value: mode } : unset;
}

/** `{ "Name": "on-failure", "MaximumRetryCount": 5 }`; `no` and "" are the default. */
function readRestart(hostConfig: JsonNode): Fact<string> {
  const name = stringFact(path(hostConfig, "RestartPolicy", "Name"));
  const retries = integerFact(path(hostConfig, "RestartPolicy", "MaximumRetryCount"));
  if (name.state !== "set") return name;
  if (retries.state === "unresolved") return retries;
  if (name.value === "no") return unset;
  return retries.state === "set" ? { ...name, value: `${name.value}:${retries.value}` } : name;
}
