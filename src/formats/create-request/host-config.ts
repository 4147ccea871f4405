import { normaliseCapability } from "../../model/container/capability.ts";
import type { Container } from "../../model/container.ts";
import type { PathProtection } from "../../model/container-values.ts";
import {
  type Fact,
  type FactList,
  firstOpen,
  mapItems,
  set,
  setItems,
  unresolved,
  unset,
} from "../../model/fact.ts";
import { type CodedFact, type KeyedFact, keyedIn } from "../../model/facts/table.ts";
import { maskedByDocker, readOnlyByDocker } from "../../model/host/protected-paths.ts";
import { linkedContainer } from "../values/port.ts";
import { cgroupsMountedBy, readSecurityOptions } from "../values/security-options.ts";
import { type ConfigFacts, namespaceMode, scalarFact } from "./config.ts";
import { readBlkioDevices, readDevices, readUlimits } from "./devices.ts";
import {
  field,
  integerFact,
  isNothing,
  type JsonNode,
  membersOf,
  nameValues,
  path,
  stringFact,
  stringList,
} from "./json.ts";
import { readMounts } from "./mounts.ts";
import { readPorts } from "./networks.ts";

type KeyedHere = KeyedFact<"api", `HostConfig.${string}`>;
type CodedHere =
  | Exclude<CodedFact<"api">, keyof ConfigFacts | "networks" | "endpointOptions" | "credentials">
  | "networkMode"
  | "mounts";

/** Every fact that a HostConfig holds. */
type HostConfigFacts = Pick<Container, KeyedHere | CodedHere>;

const keyed = keyedIn("api")
  .filter(({ key }) => key.startsWith("HostConfig."))
  .map(({ field, key, row }) => {
    const members = key.split(".").slice(1);
    return { field: field as KeyedHere, member: members[0] ?? "", members, row };
  });

// Filled in place: V8 would keep an object of so many new keys in a table, and make and copy it slowly.
const none = Object.fromEntries(keyed.map(({ field }) => [field, unset])) as Pick<Container, KeyedHere>;

export function hostConfigFacts(hostConfig: JsonNode): HostConfigFacts {
  // Most are not there: they are not looked for one by one.
  const has = membersOf(hostConfig);
  const list = (name: string) => (has(name) ? stringList(field(hostConfig, name)) : []);
  const items = <T>(read: (hostConfig: JsonNode) => FactList<T>, ...names: readonly string[]): FactList<T> =>
    names.some(has) ? read(hostConfig) : [];
  // `systempaths` never travels as an option: the docker CLI turns it into empty lists of paths.
  const securityOptions = list("SecurityOpt");
  const { seccomp, apparmor, selinux, noNewPrivileges } = readSecurityOptions(securityOptions);
  const coded: Pick<Container, CodedHere> = {
    seccomp,
    apparmor,
    selinux,
    noNewPrivileges,
    pathProtection: has("MaskedPaths") || has("ReadonlyPaths") ? readPathProtection(hostConfig) : unset,
    capAdd: mapItems(list("CapAdd"), normaliseCapability),
    capDrop: mapItems(list("CapDrop"), normaliseCapability),
    groupAdd: list("GroupAdd"),
    networkMode: namespaceMode(field(hostConfig, "NetworkMode"), "network"),
    ports: items(readPorts, "PortBindings"),
    blkioDeviceLimits: readBlkioDevices(hostConfig),
    logOptions: nameValues(path(hostConfig, "LogConfig", "Config")),
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
  };
  const facts = { ...none };
  for (const { field: name, member, members, row } of keyed) {
    if (has(member)) Reflect.set(facts, name, scalarFact(path(hostConfig, ...members), row));
  }
  const fileSystems = cgroupsMountedBy(securityOptions);
  return fileSystems.length > 0 ? Object.assign(coded, facts, { fileSystems }) : Object.assign(coded, facts);
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

/**
 * `MaskedPaths` and `ReadonlyPaths`: null or absent is Docker's own list, `[]` is none, which is how
 * `--security-opt systempaths=unconfined` travels.
 */
function readPathProtection(hostConfig: JsonNode): Fact<PathProtection> {
  const masked = readPaths(field(hostConfig, "MaskedPaths"));
  const readonly = readPaths(field(hostConfig, "ReadonlyPaths"));
  if (masked.state === "unresolved") return masked;
  if (readonly.state === "unresolved") return readonly;
  if (masked.state === "unset" && readonly.state === "unset") return unset;
  const origins = [masked, readonly].flatMap((fact) => (fact.state === "set" ? fact.origins : []));
  const maskedPaths = masked.state === "set" ? masked.value : maskedByDocker;
  const readonlyPaths = readonly.state === "set" ? readonly.value : readOnlyByDocker;
  if (maskedPaths.length === 0 && readonlyPaths.length === 0) return set({ mode: "unconfined" }, ...origins);
  return set({ mode: "paths", masked: maskedPaths, readonly: readonlyPaths }, ...origins);
}

function readPaths(node: JsonNode): Fact<readonly string[]> {
  if (node.problem === undefined && isNothing(node.value)) return unset;
  const items = stringList(node);
  const wrong = firstOpen(items);
  if (wrong) return unresolved(wrong.reason, ...wrong.origins);
  return set(
    setItems(items).map((item) => item.value),
    { pointer: node.pointer },
  );
}
