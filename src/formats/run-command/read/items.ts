import { failed, ok, type Result } from "../../../base/result.ts";
import { normaliseCapability } from "../../../model/container/capability.ts";
import type { ContainerLists } from "../../../model/container.ts";
import type { BlkioDeviceLimit, NameValue, PublishedPort } from "../../../model/container-values.ts";
import { parseBytes } from "../../values/bytes.ts";
import {
  isAddress,
  linkedContainer,
  parseDevice,
  parsePublishedPorts,
  parseUlimit,
} from "../../values/port.ts";
import { hole, sourceOf, textOf, type Word } from "../word.ts";
import { parseCsvRecord } from "./csv.ts";
import type { Flag } from "./flags.ts";
import { addItem, addValue, type LineFacts, notKnown, refuse } from "./line-facts.ts";
import { parseInteger } from "./scalars.ts";

/** Adds what `parse` makes of the value: an item, an open one where it is not known, a gap where Docker refuses. */
function add<K extends keyof ContainerLists>(
  lineFacts: LineFacts,
  field: K,
  value: Word,
  parse: (text: string) => Result<ContainerLists[K]>,
): void {
  const text = textOf(value);
  if (text === undefined) {
    addItem(lineFacts, field, notKnown(lineFacts, value));
    return;
  }
  const parsed = parse(text);
  if (parsed.ok) addValue(lineFacts, field, parsed.value, value);
  else addItem(lineFacts, field, refuse(lineFacts, parsed.reason, value));
}

export function readCapability(lineFacts: LineFacts, field: "capAdd" | "capDrop", value: Word): void {
  add(lineFacts, field, value, (text) => ok(normaliseCapability(text)));
}

export function readGroup(lineFacts: LineFacts, value: Word): void {
  add(lineFacts, "groupAdd", value, (text) => ok(text));
}

export function readDeviceRule(lineFacts: LineFacts, value: Word): void {
  add(lineFacts, "deviceCgroupRules", value, (text) =>
    /^[acb] (?:\d+|\*):(?:\d+|\*) [rwm]{1,3}$/.test(text)
      ? ok(text)
      : failed(`“${text}” is not a device rule such as c 1:3 mr`),
  );
}

/** `--volumes-from NAME[:ro|:rw]`. */
export function readVolumesFrom(lineFacts: LineFacts, value: Word): void {
  add(lineFacts, "volumesFrom", value, (text) => ok(text.replace(/:(?:ro|rw|z|Z)(?:,(?:ro|rw|z|Z))*$/, "")));
}

/** `--link NAME[:ALIAS]`. */
export function readLink(lineFacts: LineFacts, value: Word): void {
  add(lineFacts, "links", value, (text) => ok(linkedContainer(text)));
}

export function readDevice(lineFacts: LineFacts, value: Word): void {
  add(lineFacts, "devices", value, (text) => {
    const parsed = parseDevice(text);
    if (!parsed.ok) return parsed;
    const { hostPath, containerPath, permissions } = parsed.value;
    const isCdi = hostPath.includes("=") && !hostPath.startsWith("/");
    const fits = containerPath.startsWith("/") && /^[rwm]{1,3}$/.test(permissions);
    return isCdi || fits
      ? parsed
      : failed(`“${text}” is not a device: HOST[:CONTAINER][:PERMISSIONS] is expected`);
  });
}

/**
 * `--gpus all`, `2`, `device=0`, `"device=0,1"`: a request for devices that can do `gpu`, named as it is read from the
 * Engine's API (docker/cli: opts/gpus.go).
 */
export function readGpus(lineFacts: LineFacts, value: Word): void {
  add(lineFacts, "devices", value, (text) => {
    const record = parseCsvRecord(text);
    if (!record.ok) return failed(`the value of --gpus is not comma-separated fields: ${record.reason}`);
    const field = (name: string) =>
      record.value.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
    const count = record.value.find((each) => !each.includes("=")) ?? field("count") ?? "1";
    if (count !== "all" && parseInteger(count) === undefined) return failed("--gpus takes all or a number");
    const capabilities = field("capabilities");
    const kind = capabilities === undefined ? "gpu" : `${capabilities},gpu`;
    const chosen = field("device") ?? (count === "-1" ? "all" : count);
    const hostPath = `${kind}=${chosen}`;
    return ok({ hostPath, containerPath: hostPath, permissions: "rwm" });
  });
}

export function readUlimit(lineFacts: LineFacts, value: Word): void {
  add(lineFacts, "ulimits", value, (text) => {
    const parsed = parseUlimit(text);
    if (!parsed.ok) return parsed;
    const { soft, hard } = parsed.value;
    const above = hard !== -1 && (soft === -1 || soft > hard);
    return above ? failed(`the soft limit of “${text}” is above its hard limit`) : parsed;
  });
}

export function readPair(
  lineFacts: LineFacts,
  field: "labels" | "annotations" | "sysctls" | "storageOpt" | "logOptions",
  value: Word,
): void {
  const needsValue = field === "storageOpt" || field === "sysctls";
  add(lineFacts, field, value, (text) =>
    needsValue && !text.includes("=") ? failed(`“${text}” is not KEY=VALUE`) : ok(pair(text)),
  );
}

function pair(text: string): NameValue {
  const equals = text.indexOf("=");
  return equals < 0
    ? { name: text, value: "" }
    : { name: text.slice(0, equals), value: text.slice(equals + 1) };
}

/** `-p`, short (`[[IP:]HOST:]CONTAINER[/PROTOCOL]`) or long (`published=8080,target=80`). */
export function readPort(lineFacts: LineFacts, value: Word): void {
  if (value.text.includes("=")) {
    add(lineFacts, "ports", value, parseLongPort);
    return;
  }
  const text = textOf(value);
  if (text !== undefined) {
    const parsed = parsePublishedPorts(text);
    if (!parsed.ok) addItem(lineFacts, "ports", refuse(lineFacts, parsed.reason, value));
    else if (parsed.value.some(({ hostIp }) => hostIp !== undefined && !isAddress(hostIp))) {
      addItem(lineFacts, "ports", refuse(lineFacts, `“${text}” publishes on what is no IP address`, value));
    } else for (const port of parsed.value) addValue(lineFacts, "ports", port, value);
    return;
  }
  const partly = portWithKnownAddress(value);
  if (partly) addValue(lineFacts, "ports", partly, value);
  else addItem(lineFacts, "ports", notKnown(lineFacts, value));
}

/** A port whose number is not known, but where it is published is: an address or a literal port stands in front. */
function portWithKnownAddress(value: Word): PublishedPort | undefined {
  const match =
    /^(?:(\[[^\]\0]+\]|\d+\.\d+\.\d+\.\d+):([\d\0-]*)|(\d+(?:-\d+)?)):([\d\0-]+)(?:\/(\w+))?$/.exec(
      value.text,
    );
  if (!match) return undefined;
  const shown = (text: string | undefined) => (text?.includes(hole) ? sourceOf(value) : text);
  return {
    hostIp: match[1]?.replace(/^\[|\]$/g, ""),
    hostPort: shown(match[2] === "" ? undefined : (match[2] ?? match[3])),
    containerPort: shown(match[4]) ?? "",
    protocol: (match[5] ?? "tcp").toLowerCase(),
  };
}

function parseLongPort(text: string): Result<PublishedPort> {
  const fields = new Map(text.split(",").map((field) => [field.split("=")[0], field.split("=")[1]]));
  const target = fields.get("target");
  if (!target) return failed(`“${text}” publishes no port: it has no target`);
  const parsed = parsePublishedPorts(
    `${fields.get("published") ?? ""}:${target}/${fields.get("protocol") ?? "tcp"}`,
  );
  if (!parsed.ok) return parsed;
  const [port] = parsed.value;
  return port ? ok(port) : failed(`“${text}” publishes no port`);
}

function isWeight(weight: number): boolean {
  return weight === 0 || (weight >= 10 && weight <= 1000);
}

const rates: Readonly<Record<string, BlkioDeviceLimit["kind"]>> = {
  "blkio-weight-device": "weight",
  "device-read-bps": "read-bps",
  "device-read-iops": "read-iops",
  "device-write-bps": "write-bps",
  "device-write-iops": "write-iops",
};

/** `--device-read-bps /dev/sda:1mb` and its siblings. */
export function readDeviceRate(lineFacts: LineFacts, value: Word, flag: Flag): void {
  const kind = rates[flag.name];
  if (!kind) return;
  add(lineFacts, "blkioDeviceLimits", value, (text) => {
    const colon = text.indexOf(":");
    const path = text.slice(0, Math.max(colon, 0));
    const number = text.slice(colon + 1);
    const rate = kind.endsWith("bps") ? parseBytes(number) : parseInteger(number);
    if (
      !path.startsWith("/dev/") ||
      rate === undefined ||
      rate < 0 ||
      !(kind !== "weight" || isWeight(rate))
    ) {
      return failed(`“${text}” is not /dev/PATH:${kind === "weight" ? "WEIGHT" : "RATE"}`);
    }
    return ok({ kind, path, rate });
  });
}
