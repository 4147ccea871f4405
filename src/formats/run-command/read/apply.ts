import { set } from "../../../model/fact.ts";
import { hole, type Word } from "../word.ts";
import { addItem, type Draft, notKnown, originOf, setScalar } from "./draft.ts";
import { readLabelFile, readVariableFile } from "./environment.ts";
import { type Flag, runName } from "./flags.ts";
import {
  readCapability,
  readDevice,
  readDeviceRate,
  readDeviceRule,
  readGpus,
  readGroup,
  readPair,
  readPort,
  readUlimit,
  readVolumesFrom,
} from "./items.ts";
import { readApiSocket, readMount, readTmpfs, readVolume } from "./mounts.ts";
import { readNetwork } from "./network-flag.ts";
import { readBoolean, setNamespace, setNumber, setText } from "./scalars.ts";
import { readSecurityOption } from "./security.ts";

/** Puts the value of a flag into the facts. Flags that no control looks at are left alone. */
export function applyValue(draft: Draft, flag: Flag, value: Word): void {
  readers.get(runName(flag))?.(draft, value, flag);
}

type Reader = (draft: Draft, value: Word, flag: Flag) => void;

const readers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["annotation", (draft, value) => readPair(draft, "annotations", value)],
  ["blkio-weight", (draft, value, flag) => setNumber(draft, "blkioWeight", flag, "integer", value)],
  ["blkio-weight-device", readDeviceRate],
  ["cap-add", (draft, value) => readCapability(draft, "capAdd", value)],
  ["cap-drop", (draft, value) => readCapability(draft, "capDrop", value)],
  ["cgroup-parent", (draft, value) => setText(draft, "cgroupParent", value)],
  ["cgroupns", (draft, value, flag) => setNamespace(draft, "cgroupnsMode", flag, value)],
  ["cpu-period", (draft, value, flag) => setNumber(draft, "cpuPeriod", flag, "integer", value)],
  ["cpu-quota", (draft, value, flag) => setNumber(draft, "cpuQuota", flag, "integer", value)],
  ["cpu-rt-runtime", (draft, value, flag) => setNumber(draft, "cpuRealtimeRuntime", flag, "integer", value)],
  ["cpu-shares", (draft, value, flag) => setNumber(draft, "cpuShares", flag, "integer", value)],
  ["cpus", (draft, value, flag) => setNumber(draft, "nanoCpus", flag, "decimal", value)],
  ["cpuset-cpus", (draft, value) => setText(draft, "cpusetCpus", value)],
  ["device", readDevice],
  ["device-cgroup-rule", readDeviceRule],
  ["device-read-bps", readDeviceRate],
  ["device-read-iops", readDeviceRate],
  ["device-write-bps", readDeviceRate],
  ["device-write-iops", readDeviceRate],
  ["env-file", readVariableFile],
  ["gpus", readGpus],
  ["group-add", readGroup],
  ["health-cmd", readHealthCommand],
  ["ipc", (draft, value, flag) => setNamespace(draft, "ipcMode", flag, value)],
  ["label", (draft, value) => readPair(draft, "labels", value)],
  ["label-file", readLabelFile],
  ["log-driver", (draft, value) => setText(draft, "logDriver", value)],
  ["log-opt", (draft, value) => readPair(draft, "logOptions", value)],
  ["memory", (draft, value, flag) => setNumber(draft, "memory", flag, "bytes", value)],
  ["memory-reservation", (draft, value, flag) => setNumber(draft, "memoryReservation", flag, "bytes", value)],
  ["memory-swap", (draft, value, flag) => setNumber(draft, "memorySwap", flag, "bytes", value)],
  ["mount", readMount],
  ["network", readNetwork],
  ["oom-score-adj", (draft, value, flag) => setNumber(draft, "oomScoreAdj", flag, "integer", value)],
  ["pid", (draft, value, flag) => setNamespace(draft, "pidMode", flag, value)],
  ["pids-limit", (draft, value, flag) => setNumber(draft, "pidsLimit", flag, "integer", value)],
  ["publish", readPort],
  ["runtime", (draft, value) => setText(draft, "runtime", value)],
  ["security-opt", readSecurityOption],
  ["storage-opt", (draft, value) => readPair(draft, "storageOpt", value)],
  ["sysctl", (draft, value) => readPair(draft, "sysctls", value)],
  ["tmpfs", readTmpfs],
  ["ulimit", readUlimit],
  ["user", (draft, value) => setText(draft, "user", value)],
  ["userns", (draft, value, flag) => setNamespace(draft, "usernsMode", flag, value)],
  ["uts", (draft, value, flag) => setNamespace(draft, "utsMode", flag, value)],
  ["volume", readVolume],
  ["volumes-from", readVolumesFrom],
]);

function readHealthCommand(draft: Draft, value: Word): void {
  const { healthcheck } = draft.scalars;
  // --no-healthcheck wins in any position (docker refuses both together).
  if (healthcheck.state === "set" && healthcheck.value === "none") return;
  // A value of which nothing is known may be empty, which sets no command.
  const isOpen = value.holes.length > 0 && value.text.replaceAll(hole, "") === "";
  if (isOpen) setScalar(draft, "healthcheck", notKnown(draft, value));
  else if (value.text !== "") setScalar(draft, "healthcheck", set("command", originOf(draft, value)));
}

/** A boolean flag; `value` is what stands behind its `=`. */
export function applyBoolean(draft: Draft, flag: Flag, value: Word | undefined, spelled: Word): void {
  const read = readBoolean(draft, flag, value, spelled);
  switch (flag.name) {
    case "privileged":
      setScalar(draft, "privileged", read);
      break;
    case "read-only":
      setScalar(draft, "readonlyRootfs", read);
      break;
    case "publish-all":
      setScalar(draft, "publishAllPorts", read);
      break;
    case "oom-kill-disable":
      setScalar(draft, "oomKillDisable", read);
      break;
    case "use-api-socket":
      if (read.state === "set" && read.value) readApiSocket(draft, spelled);
      else if (read.state === "unresolved") addItem(draft, "mounts", read);
      break;
    case "no-healthcheck":
      if (read.state === "set" && !read.value) break;
      setScalar(draft, "healthcheck", read.state === "set" ? { ...read, value: "none" } : read);
      break;
    default:
  }
}
