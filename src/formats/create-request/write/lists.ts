import { isEqual } from "../../../base/equal.ts";
import { isRecord, type JsonObject } from "../../../base/json.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import { normaliseCapability } from "../../../model/container/capability.ts";
import type { ContainerLists } from "../../../model/container.ts";
import type { BlkioDeviceLimit, NameValue, PublishedPort } from "../../../model/container-values.ts";
import { mapItems, set, setItems } from "../../../model/fact.ts";
import { linkedContainer } from "../../values/port.ts";
import { readEnvironment } from "../config.ts";
import { readBlkioDevices, readDevices, readUlimits } from "../devices.ts";
import { documentAt, entriesFact, isNothing, keyIn, nameValues, stringList } from "../json.ts";
import { endpointOptions, readPorts } from "../networks.ts";
import {
  type Entry,
  type ItemPatch,
  type ListMember,
  update,
  withMember,
  withMembers,
} from "./list-members.ts";
import { mountMembers } from "./mounts.ts";

/**
 * Makes a patch of `PortBindings`, `{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}`. A port that is published is
 * exposed, too, for the Engine binds no other.
 */
export function patchPorts(document: unknown, patch: ItemPatch<PublishedPort>): Result<unknown> {
  if (patch.op === "add") return addPort(document, patch.value);
  const { value } = patch;
  const next = patch.op === "replace" ? patch.with : undefined;
  const isKept = next?.containerPort === value.containerPort && next.protocol === value.protocol;
  const changed = updateBindings(document, (bindings) =>
    Object.entries(bindings).reduce((made, [key, list]) => {
      if (!Array.isArray(list)) return made;
      const left = list.flatMap((binding: unknown): readonly unknown[] => {
        if (!says(key, binding, value)) return [binding];
        return next && isKept && isRecord(binding) ? [withMembers(binding, membersOf(next))] : [];
      });
      const isEmpty = left.length === 0 && list.length > 0;
      return withMember(made, key, isEmpty ? undefined : left);
    }, bindings),
  );
  return changed.ok && next && !isKept ? addPort(changed.value, next) : changed;
}

function addPort(document: unknown, port: PublishedPort): Result<unknown> {
  if (!/^\d+$/.test(port.containerPort))
    return failed("the Engine API takes no range of a container's ports");
  const key = `${port.containerPort}/${port.protocol}`;
  const bound = updateBindings(document, (bindings) => {
    const list = bindings[keyIn(bindings, key) ?? key];
    return withMember(bindings, key, [...(Array.isArray(list) ? list : []), membersOf(port)]);
  });
  if (!bound.ok) return bound;
  return update(bound.value, ["ExposedPorts"], (exposed) => {
    if (exposed !== undefined && !isRecord(exposed)) return failed("ExposedPorts is not an object");
    const ports = exposed ?? {};
    return ok(keyIn(ports, key) === undefined ? { ...ports, [key]: {} } : ports);
  });
}

function updateBindings(document: unknown, change: (bindings: JsonObject) => JsonObject): Result<unknown> {
  return update(document, ["HostConfig", "PortBindings"], (bindings) => {
    if (isNothing(bindings)) return ok(change({}));
    return isRecord(bindings) ? ok(change(bindings)) : failed("PortBindings is not an object");
  });
}

function membersOf({ hostIp, hostPort }: PublishedPort): JsonObject {
  return { HostIp: hostIp ?? "", HostPort: hostPort ?? "" };
}

function says(key: string, binding: unknown, port: PublishedPort): boolean {
  const read = setItems(readPorts(documentAt({ PortBindings: { [key]: [binding] } }, "")));
  return read.some((item) => isEqual(item.value, port));
}

/** Where the items of each list stand, the place for new ones first. Ports have their own file. */
export const listMembers: {
  readonly [K in Exclude<keyof ContainerLists, "ports">]: readonly ListMember<ContainerLists[K]>[];
} = {
  environment: [
    {
      path: ["Env"],
      shape: "array",
      read: (Env) => readEnvironment(documentAt({ Env }, "")),
      // A name alone would take the image's variable away: the Engine has no environment to pass through.
      spell: ({ name, value }) => (value === undefined ? undefined : { key: "", value: `${name}=${value}` }),
    },
  ],
  labels: [named("Labels")],
  capAdd: [strings("CapAdd", normaliseCapability)],
  capDrop: [strings("CapDrop", normaliseCapability)],
  groupAdd: [strings("GroupAdd")],
  deviceCgroupRules: [strings("DeviceCgroupRules")],
  volumesFrom: [strings("VolumesFrom", (text) => text.replace(/:[^:]*$/, ""))],
  mounts: mountMembers,
  devices: [
    {
      path: ["HostConfig", "Devices"],
      shape: "array",
      read: (Devices) => readDevices(documentAt({ Devices }, "")),
      spell: ({ hostPath, containerPath, permissions }, old) =>
        hostPath.startsWith("/")
          ? changed(old, {
              PathOnHost: hostPath,
              PathInContainer: containerPath,
              CgroupPermissions: permissions,
            })
          : undefined,
    },
    {
      path: ["HostConfig", "DeviceRequests"],
      shape: "array",
      read: (DeviceRequests) => readDevices(documentAt({ DeviceRequests }, "")),
      spell: ({ hostPath }) =>
        /^[\w.-]+\/[\w.-]+=[^,]+$/.test(hostPath)
          ? { key: "", value: { Driver: "cdi", DeviceIDs: [hostPath] } }
          : undefined,
      without: (entry, { hostPath }) => withoutName(entry, hostPath),
    },
  ],
  ulimits: [
    {
      path: ["HostConfig", "Ulimits"],
      shape: "array",
      read: (Ulimits) => readUlimits(documentAt({ Ulimits }, "")),
      spell: ({ name, soft, hard }, old) => changed(old, { Name: name, Hard: hard, Soft: soft }),
    },
  ],
  sysctls: [named("HostConfig", "Sysctls")],
  storageOpt: [named("HostConfig", "StorageOpt")],
  annotations: [named("HostConfig", "Annotations")],
  logOptions: [named("HostConfig", "LogConfig", "Config")],
  networks: [
    {
      path: ["NetworkingConfig", "EndpointsConfig"],
      shape: "object",
      read: (whole) => entriesFact(documentAt(whole, ""), (name) => [set(name)]),
      spell: (name, old) => ({ key: name, value: old?.value ?? {} }),
    },
  ],
  // No request says how its networks were made.
  networkDefinitions: [],
  // docker compose runs them: no request has any.
  hooks: [],
  // What it runs is not for a patch to say.
  entrypoint: [],
  command: [],
  // A credential is no setting: it stands in another member.
  credentials: [],
  endpointOptions: [
    {
      path: ["NetworkingConfig", "EndpointsConfig"],
      shape: "object",
      read: (whole) => endpointOptions(documentAt(whole, "")),
      spell: ({ network, option, value }, old) => ({
        key: network,
        value: withMembers(isRecord(old?.value) ? old.value : {}, { DriverOpts: { [option]: value } }),
      }),
      without: ({ key, value }, { option }) => ({ key, value: withoutOption(value, option) }),
    },
  ],
  links: [strings("Links", linkedContainer)],
  blkioDeviceLimits: [
    blkio("BlkioDeviceReadBps", "read-bps", "Rate"),
    blkio("BlkioDeviceWriteBps", "write-bps", "Rate"),
    blkio("BlkioDeviceReadIOps", "read-iops", "Rate"),
    blkio("BlkioDeviceWriteIOps", "write-iops", "Rate"),
    blkio("BlkioWeightDevice", "weight", "Weight"),
  ],
};

/** What a container's endpoint says without an option of its driver. */
function withoutOption(endpoint: unknown, option: string): unknown {
  if (!isRecord(endpoint)) return endpoint;
  const member = Object.keys(endpoint).find((each) => each.toLowerCase() === "driveropts") ?? "";
  const options = endpoint[member];
  if (!isRecord(options)) return endpoint;
  const { [option]: _gone, ...left } = options;
  return { ...endpoint, [member]: left };
}

/** A request for devices by their CDI names without one of them; of the other kinds nothing is left. */
function withoutName({ key, value }: Entry, name: string): Entry | undefined {
  if (!isRecord(value)) return undefined;
  const member = Object.keys(value).find((each) => each.toLowerCase() === "deviceids") ?? "";
  const names: unknown = value[member];
  const left = Array.isArray(names) ? names.filter((each) => each !== name) : [];
  const isListed = Array.isArray(names) && left.length > 0 && left.length < names.length;
  return isListed ? { key, value: { ...value, [member]: left } } : undefined;
}

function strings(name: string, normalise: (text: string) => string = (text) => text): ListMember<string> {
  return {
    path: ["HostConfig", name],
    shape: "array",
    read: (whole) => mapItems(stringList(documentAt(whole, "")), normalise),
    spell: (value) => ({ key: "", value }),
  };
}

function named(...path: readonly string[]): ListMember<NameValue> {
  return {
    path,
    shape: "object",
    read: (whole) => nameValues(documentAt(whole, "")),
    spell: ({ name, value }) => ({ key: name, value }),
  };
}

function blkio(name: string, kind: BlkioDeviceLimit["kind"], member: string): ListMember<BlkioDeviceLimit> {
  return {
    path: ["HostConfig", name],
    shape: "array",
    read: (whole) => readBlkioDevices(documentAt({ [name]: whole }, "")),
    spell: (limit, old) =>
      limit.kind === kind ? changed(old, { Path: limit.path, [member]: limit.rate }) : undefined,
  };
}

/** An object with these members, and those that stood there beside them. */
function changed(old: Entry | undefined, members: Readonly<Record<string, unknown>>): Entry {
  return { key: "", value: withMembers(isRecord(old?.value) ? old.value : {}, members) };
}
