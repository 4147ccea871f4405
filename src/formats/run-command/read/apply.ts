import { type Fact, set, unset } from "../../../model/fact.ts";
import { keyedIn } from "../../../model/facts/table.ts";
import { hole, textOf, type Word } from "../word.ts";
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
import { readNetwork } from "./network-flag.ts";
import { readBoolean, setValue } from "./scalars.ts";
import { readSecurityOption } from "./security.ts";

/** The value of a variable that the docker CLI finds in its environment, as far as it is known. */
export type Passed = (name: string) => Word | undefined;

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
