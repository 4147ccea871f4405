import { type Fact, set } from "../../../model/fact.ts";
import { hole, type Word } from "../word.ts";
import { addItem, type Draft, notKnown, originOf, setScalar } from "./draft.ts";
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
import { readApiSocket, readMount, readTmpfs, readVolume } from "./mounts.ts";
import { readNetwork } from "./network-flag.ts";
import { readBoolean, setNamespace, setNumber, setText } from "./scalars.ts";
import { readSecurityOption } from "./security.ts";

/** The value of a variable that the docker CLI finds in its environment, as far as it is known. */
export type Passed = (name: string) => Word | undefined;

/** Puts the value of a flag into the facts. */
export function applyValue(draft: Draft, flag: Flag, value: Word, passed: Passed): void {
  byName(valueReaders, flag)?.(draft, value, flag, passed);
}

/** A boolean flag; `value` is what stands behind its `=`. */
export function applyBoolean(draft: Draft, flag: Flag, value: Word | undefined, spelled: Word): void {
  const reader = byName(switchReaders, flag);
  if (reader) reader(draft, readBoolean(draft, flag, value, spelled), spelled);
  else readBoolean(draft, flag, value, spelled);
}

/** Flags of other commands are read as the flag of docker run that they name; those that it does not have, not at all. */
function byName<R>(readers: Readonly<Record<string, R | null>>, flag: Flag): R | null | undefined {
  const name = runName(flag);
  return Object.hasOwn(readers, name) ? readers[name] : undefined;
}

type Reader = (draft: Draft, value: Word, flag: Flag, passed: Passed) => void;

const valueReaders: ValueReaders<Reader> = {
  annotation: (draft, value) => readPair(draft, "annotations", value),
  "blkio-weight": (draft, value, flag) => setNumber(draft, "blkioWeight", flag, "integer", value),
  "blkio-weight-device": readDeviceRate,
  "cap-add": (draft, value) => readCapability(draft, "capAdd", value),
  "cap-drop": (draft, value) => readCapability(draft, "capDrop", value),
  "cgroup-parent": (draft, value) => setText(draft, "cgroupParent", value),
  cgroupns: (draft, value, flag) => setNamespace(draft, "cgroupnsMode", flag, value),
  "cpu-period": (draft, value, flag) => setNumber(draft, "cpuPeriod", flag, "integer", value),
  "cpu-quota": (draft, value, flag) => setNumber(draft, "cpuQuota", flag, "integer", value),
  "cpu-rt-runtime": (draft, value, flag) => setNumber(draft, "cpuRealtimeRuntime", flag, "integer", value),
  "cpu-shares": (draft, value, flag) => setNumber(draft, "cpuShares", flag, "integer", value),
  cpus: (draft, value, flag) => setNumber(draft, "nanoCpus", flag, "decimal", value),
  "cpuset-cpus": (draft, value) => setText(draft, "cpusetCpus", value),
  device: readDevice,
  "device-cgroup-rule": readDeviceRule,
  "device-read-bps": readDeviceRate,
  "device-read-iops": readDeviceRate,
  "device-write-bps": readDeviceRate,
  "device-write-iops": readDeviceRate,
  env: (draft, value, _flag, passed) => readVariable(draft, value, passed),
  "env-file": readVariableFile,
  gpus: readGpus,
  "group-add": readGroup,
  "health-cmd": readHealthCommand,
  ipc: (draft, value, flag) => setNamespace(draft, "ipcMode", flag, value),
  label: (draft, value) => readPair(draft, "labels", value),
  "label-file": readLabelFile,
  link: readLink,
  "log-driver": (draft, value) => setText(draft, "logDriver", value),
  "log-opt": (draft, value) => readPair(draft, "logOptions", value),
  memory: (draft, value, flag) => setNumber(draft, "memory", flag, "bytes", value),
  "memory-reservation": (draft, value, flag) => setNumber(draft, "memoryReservation", flag, "bytes", value),
  "memory-swap": (draft, value, flag) => setNumber(draft, "memorySwap", flag, "bytes", value),
  mount: readMount,
  network: readNetwork,
  "oom-score-adj": (draft, value, flag) => setNumber(draft, "oomScoreAdj", flag, "integer", value),
  pid: (draft, value, flag) => setNamespace(draft, "pidMode", flag, value),
  "pids-limit": (draft, value, flag) => setNumber(draft, "pidsLimit", flag, "integer", value),
  publish: readPort,
  runtime: (draft, value) => setText(draft, "runtime", value),
  "security-opt": readSecurityOption,
  "storage-opt": (draft, value) => readPair(draft, "storageOpt", value),
  sysctl: (draft, value) => readPair(draft, "sysctls", value),
  tmpfs: readTmpfs,
  ulimit: readUlimit,
  user: (draft, value) => setText(draft, "user", value),
  userns: (draft, value, flag) => setNamespace(draft, "usernsMode", flag, value),
  uts: (draft, value, flag) => setNamespace(draft, "utsMode", flag, value),
  volume: readVolume,
  "volumes-from": readVolumesFrom,
  // Names, terminals, health checks' timing, Windows' limits, and limits that only take: no control looks at these.
  "add-host": null,
  attach: null,
  cidfile: null,
  "cpu-count": null,
  "cpu-percent": null,
  "cpu-rt-period": null,
  "cpuset-mems": null,
  "detach-keys": null,
  dns: null,
  "dns-option": null,
  "dns-search": null,
  domainname: null,
  entrypoint: null,
  expose: null,
  "health-interval": null,
  "health-retries": null,
  "health-start-interval": null,
  "health-start-period": null,
  "health-timeout": null,
  hostname: null,
  "io-maxbandwidth": null,
  "io-maxiops": null,
  ip: null,
  ip6: null,
  isolation: null,
  "kernel-memory": null,
  "link-local-ip": null,
  "mac-address": null,
  "memory-swappiness": null,
  name: null,
  "network-alias": null,
  platform: null,
  pull: null,
  restart: null,
  "shm-size": null,
  "stop-signal": null,
  "stop-timeout": null,
  umask: null,
  "volume-driver": null,
  workdir: null,
};

type SwitchReader = (draft: Draft, read: Fact<boolean>, spelled: Word) => void;

const switchReaders: SwitchReaders<SwitchReader> = {
  privileged: (draft, read) => setScalar(draft, "privileged", read),
  "read-only": (draft, read) => setScalar(draft, "readonlyRootfs", read),
  "publish-all": (draft, read) => setScalar(draft, "publishAllPorts", read),
  "oom-kill-disable": (draft, read) => setScalar(draft, "oomKillDisable", read),
  "use-api-socket": (draft, read, spelled) => {
    if (read.state === "set" && read.value) readApiSocket(draft, spelled);
    else if (read.state === "unresolved") addItem(draft, "mounts", read);
  },
  "no-healthcheck": (draft, read) => {
    if (read.state === "set" && !read.value) return;
    setScalar(draft, "healthcheck", read.state === "set" ? { ...read, value: "none" } : read);
  },
  // How docker itself runs and talks: no control looks at these.
  detach: null,
  "disable-content-trust": null,
  help: null,
  init: null,
  interactive: null,
  quiet: null,
  rm: null,
  "sig-proxy": null,
  tty: null,
};

function readHealthCommand(draft: Draft, value: Word): void {
  const { healthcheck } = draft.scalars;
  // --no-healthcheck wins in any position (docker refuses both together).
  if (healthcheck.state === "set" && healthcheck.value === "none") return;
  // A value of which nothing is known may be empty, which sets no command.
  const isOpen = value.holes.length > 0 && value.text.replaceAll(hole, "") === "";
  if (isOpen) setScalar(draft, "healthcheck", notKnown(draft, value));
  else if (value.text !== "") setScalar(draft, "healthcheck", set("command", originOf(draft, value)));
}
