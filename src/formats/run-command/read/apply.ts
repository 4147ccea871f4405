import { parseNamespaceMode } from "../../../model/container/namespace.ts";
import { type Fact, type FactList, set, unresolved, unset } from "../../../model/fact.ts";
import { keyedIn } from "../../../model/facts/table.ts";
import { gap } from "../../../model/gap.ts";
import { readSecurityOptions, type SecurityFacts } from "../../values/security-options.ts";
import { fileIn } from "../folder.ts";
import { hole, reasonOf, textOf, type Word } from "../word.ts";
import { parseCsvRecord } from "./csv.ts";
import { readLabelFile, readVariable, readVariableFile } from "./environment.ts";
import { type Flag, runName, type SwitchReaders, type ValueReaders } from "./flags.ts";
import {
  readCapability,
  readDevice,
  readDeviceRate,
  readDeviceRule,
  readGpus,
  readGroup,
  readLink,
  readPair,
  readPort,
  readUlimit,
  readVolumesFrom,
} from "./items.ts";
import { addItem, addValue, type LineFacts, notKnown, originOf, setScalar } from "./line-facts.ts";
import { readApiSocket, readMount, readTmpfs, readVolume } from "./mounts.ts";
import { readBoolean, setValue } from "./scalars.ts";

const fieldOfKey = {
  seccomp: "seccomp",
  apparmor: "apparmor",
  label: "selinux",
  "no-new-privileges": "noNewPrivileges",
} as const satisfies Readonly<Record<string, keyof SecurityFacts>>;

/** One `--security-opt`. Where only its value is unknown, its key tells which fact is open. */
function readSecurityOption(lineFacts: LineFacts, value: Word): void {
  const text = textOf(value);
  const origin = originOf(lineFacts, value);
  if (text !== undefined) {
    if (isOption(text)) lineFacts.securityOptions.push(set(text, origin));
    else lineFacts.gaps.push(gap(`docker knows no security option “${text}”`, { location: origin }));
    return;
  }
  const key = /^([\w-]+)[=:]/.exec(value.text.split(hole)[0] ?? "")?.[1];
  lineFacts.securityOptions.push({ ...unresolved(reasonOf(value), origin), key });
}

/** Only no-new-privileges may stand without a value (docker/cli: parseSecurityOpts). */
function isOption(text: string): boolean {
  return /^(?:no-new-privileges(?:[=:].*)?|[^=:]+[=:].+)$/s.test(text);
}

/** What all of them together say; profiles are read where they lie. */
export function securityFacts(lineFacts: LineFacts): SecurityFacts {
  const options = lineFacts.securityOptions;
  const plain: FactList<string> = options.filter((option) => option.key === undefined);
  let facts = readSecurityOptions(plain, (path) => readProfile(lineFacts, path));
  for (const [index, option] of options.entries()) {
    if (option.state !== "unresolved" || !option.key || !(option.key in fieldOfKey)) continue;
    const key = option.key;
    const settled = options
      .slice(index + 1)
      .some((later) => later.state === "set" && new RegExp(`^${key}(?:[=:]|$)`).test(later.value));
    const field = fieldOfKey[key as keyof typeof fieldOfKey];
    if (!settled) facts = { ...facts, [field]: unresolved(option.reason, ...option.origins) };
  }
  return facts;
}

function readProfile(lineFacts: LineFacts, path: string): string | undefined {
  const read = lineFacts.around.io.read(fileIn(lineFacts.around.folder, path));
  return read.ok ? read.value : undefined;
}

/**
 * `--network NAME` or `--network name=NAME,alias=…`. The first one is the network mode, all of them are networks
 * (docker/cli: opts/network.go). The modes that are no networks of their own stay out of the list.
 */
function readNetwork(lineFacts: LineFacts, value: Word): void {
  const text = textOf(value);
  const first =
    lineFacts.scalars.networkMode.state !== "set" && lineFacts.scalars.networkMode.state !== "unresolved";
  if (text === undefined) {
    if (first) setScalar(lineFacts, "networkMode", notKnown(lineFacts, value));
    addItem(lineFacts, "networks", notKnown(lineFacts, value));
    return;
  }
  const { name, options } = networkFields(text);
  const origin = originOf(lineFacts, value);
  const mode = parseNamespaceMode(name, "network");
  if (first) setScalar(lineFacts, "networkMode", mode ? set(mode, origin) : unset);
  if (mode?.mode === "network") addItem(lineFacts, "networks", set(mode.name, origin));
  for (const { option, value: given } of options)
    addItem(lineFacts, "endpointOptions", set({ network: name, option, value: given }, origin));
}

interface NetworkFields {
  readonly name: string;
  readonly options: readonly { readonly option: string; readonly value: string }[];
}

/** The docker CLI writes every field in small letters, `driver-opt=` too (docker/cli: opts/network.go). */
function networkFields(text: string): NetworkFields {
  if (!/\w+=\w+(?:,\w+=\w+)*/.test(text)) return { name: text, options: [] };
  const record = parseCsvRecord(text);
  const fields = record.ok ? record.value : text.split(",");
  const pairs = fields.map((field) => pairIn(field.toLowerCase()));
  const valuesOf = (key: string) => pairs.filter(([name]) => name === key).map(([, value]) => value);
  const options = valuesOf("driver-opt").map((given) => {
    const [option, value] = pairIn(given);
    return { option, value };
  });
  return { name: valuesOf("name").at(-1) ?? text, options };
}

function pairIn(text: string): readonly [name: string, value: string] {
  const [name = "", ...value] = text.split("=");
  return [name.trim(), value.join("=").trim()];
}

/** The value of a variable that the docker CLI finds in its environment, as far as it is known. */
type Passed = (name: string) => Word | undefined;

/** The facts that a flag of docker run sets by its value. */
const keyed = new Map(keyedIn("run").map((each) => [each.key, each]));

/** Puts the value of a flag into the facts. */
export function applyValue(lineFacts: LineFacts, flag: Flag, value: Word, passed: Passed): void {
  const fact = keyed.get(runName(flag));
  if (fact) setValue(lineFacts, fact, flag, value);
  else byName(valueReaders, flag)?.(lineFacts, value, flag, passed);
}

/** A boolean flag; `value` is what stands behind its `=`. */
export function applyBoolean(lineFacts: LineFacts, flag: Flag, value: Word | undefined, spelled: Word): void {
  const read = readBoolean(lineFacts, flag, value, spelled);
  const fact = keyed.get(runName(flag));
  if (fact) Reflect.set(lineFacts.scalars, fact.field, read);
  else byName(switchReaders, flag)?.(lineFacts, read, spelled);
}

/** Flags of other commands are read as the flag of docker run that they name; those that it does not have, not at all. */
function byName<R>(readers: Readonly<Record<string, R>>, flag: Flag): R | undefined {
  const name = runName(flag);
  return Object.hasOwn(readers, name) ? readers[name] : undefined;
}

type Reader = (lineFacts: LineFacts, value: Word, flag: Flag, passed: Passed) => void;

const valueReaders: ValueReaders<Reader> = {
  annotation: (lineFacts, value) => readPair(lineFacts, "annotations", value),
  "blkio-weight-device": readDeviceRate,
  "cap-add": (lineFacts, value) => readCapability(lineFacts, "capAdd", value),
  "cap-drop": (lineFacts, value) => readCapability(lineFacts, "capDrop", value),
  device: readDevice,
  "device-cgroup-rule": readDeviceRule,
  "device-read-bps": readDeviceRate,
  "device-read-iops": readDeviceRate,
  "device-write-bps": readDeviceRate,
  "device-write-iops": readDeviceRate,
  entrypoint: readEntrypoint,
  env: (lineFacts, value, _flag, passed) => readVariable(lineFacts, value, passed),
  "env-file": readVariableFile,
  gpus: readGpus,
  "group-add": readGroup,
  "health-cmd": readHealthCommand,
  label: (lineFacts, value) => readPair(lineFacts, "labels", value),
  "label-file": readLabelFile,
  link: readLink,
  "log-opt": (lineFacts, value) => readPair(lineFacts, "logOptions", value),
  mount: readMount,
  network: readNetwork,
  publish: readPort,
  "security-opt": readSecurityOption,
  "storage-opt": (lineFacts, value) => readPair(lineFacts, "storageOpt", value),
  sysctl: (lineFacts, value) => readPair(lineFacts, "sysctls", value),
  tmpfs: readTmpfs,
  ulimit: readUlimit,
  restart: setRestart,
  volume: readVolume,
  "volumes-from": readVolumesFrom,
};

type SwitchReader = (lineFacts: LineFacts, read: Fact<boolean>, spelled: Word) => void;

const switchReaders: SwitchReaders<SwitchReader> = {
  "use-api-socket": (lineFacts, read, spelled) => {
    if (read.state === "set" && read.value) readApiSocket(lineFacts, spelled);
    else if (read.state === "unresolved") addItem(lineFacts, "mounts", read);
  },
  "no-healthcheck": (lineFacts, read) => {
    if (read.state === "set" && !read.value) return;
    setScalar(lineFacts, "healthcheck", read.state === "set" ? { ...read, value: "none" } : read);
  },
};

function readHealthCommand(lineFacts: LineFacts, value: Word): void {
  const { healthcheck } = lineFacts.scalars;
  // --no-healthcheck wins in any position (docker refuses both together).
  if (healthcheck.state === "set" && healthcheck.value === "none") return;
  // A value of which nothing is known may be empty, which sets no command.
  const isOpen = value.holes.length > 0 && value.text.replaceAll(hole, "") === "";
  if (isOpen) setScalar(lineFacts, "healthcheck", notKnown(lineFacts, value));
  else if (value.text !== "") setScalar(lineFacts, "healthcheck", set("command", originOf(lineFacts, value)));
}

/** It stands for one word, and takes the image's command away. */
function readEntrypoint(lineFacts: LineFacts, value: Word): void {
  const text = textOf(value);
  lineFacts.lists.entrypoint.length = 0;
  if (text === undefined) addItem(lineFacts, "entrypoint", notKnown(lineFacts, value));
  else if (text !== "") addValue(lineFacts, "entrypoint", text, value);
}

/** `no` is the default, and no number of attempts is without end. */
function setRestart(lineFacts: LineFacts, value: Word): void {
  const text = textOf(value)?.replace(/:0$/, "");
  if (text === "no" || text === "") setScalar(lineFacts, "restart", unset);
  else
    setScalar(
      lineFacts,
      "restart",
      text === undefined ? notKnown(lineFacts, value) : set(text, originOf(lineFacts, value)),
    );
}
