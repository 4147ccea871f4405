import { isRecord, itemsOf, textAt } from "../../../base/json.ts";
import { valueOr } from "../../../model/fact.ts";
import { harmlessSysctls } from "../../../model/host/harmless-sysctls.ts";
import { byCheck, byControls, eachOf, type Fields, harmless } from "../fields.ts";
import { matches } from "../policy/patterns.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { checkCgroupParent } from "./cgroup-parent.ts";
import { checkGroups } from "./groups.ts";
import { engineOf } from "./known.ts";
import { checkVolumeDriver, mountFields } from "./mounts.ts";
import { checkSecurityOptions } from "./security-options.ts";

const windows = "Windows alone reads it";
const limit = "a limit: it takes, and gives nothing";

/** How every field of a HostConfig is judged (moby: api/types/container/hostconfig.go). */
export const hostConfigFields: Fields = {
  Binds: byControls,
  ContainerIDFile: harmless("the CLI's own note; dockerd writes no such file"),
  LogConfig: byCheck(checkLogConfig),
  NetworkMode: byControls,
  PortBindings: byControls,
  RestartPolicy: harmless("when it is started again, with what was judged"),
  AutoRemove: harmless("that it is removed when it stops"),
  VolumeDriver: byCheck((value, context) => checkVolumeDriver(String(value), context)),
  VolumesFrom: byControls,
  ConsoleSize: harmless("the size of a terminal"),
  Annotations: byCheck((value, { policy }) =>
    against(
      policy,
      "runtime-annotation",
      `hands the runtime annotations (${Object.keys(isRecord(value) ? value : {}).join(", ")}), which no check of the Engine sees`,
    ),
  ),
  CapAdd: byControls,
  CapDrop: byControls,
  CgroupnsMode: byControls,
  Dns: harmless("where the container asks for names"),
  DnsOptions: harmless("how the container asks for names"),
  DnsSearch: harmless("how the container asks for names"),
  ExtraHosts: harmless("lines of the container's own /etc/hosts"),
  GroupAdd: byCheck(checkGroups),
  IpcMode: byControls,
  Cgroup: byCheck((value, { policy }) =>
    against(policy, "guard-cgroup", `joins the cgroup ${String(value)}, whose limits then are its own`),
  ),
  Links: byControls,
  OomScoreAdj: byControls,
  PidMode: byControls,
  Privileged: byControls,
  PublishAllPorts: byControls,
  ReadonlyRootfs: byControls,
  SecurityOpt: byCheck(checkSecurityOptions),
  StorageOpt: byControls,
  Tmpfs: byControls,
  UTSMode: byControls,
  UsernsMode: byControls,
  ShmSize: harmless("memory of the container's own, under its memory limit"),
  Sysctls: byCheck(checkSysctls),
  Runtime: byControls,
  Isolation: harmless(windows),
  Mounts: eachOf(mountFields),
  MaskedPaths: byControls,
  ReadonlyPaths: byControls,
  Init: harmless("a first process that reaps others"),
  CpuShares: byControls,
  Memory: byControls,
  NanoCpus: byControls,
  CgroupParent: byCheck(checkCgroupParent),
  BlkioWeight: harmless(limit),
  BlkioWeightDevice: harmless(limit),
  BlkioDeviceReadBps: harmless(limit),
  BlkioDeviceWriteBps: harmless(limit),
  BlkioDeviceReadIOps: harmless(limit),
  BlkioDeviceWriteIOps: harmless(limit),
  CpuPeriod: byControls,
  CpuQuota: byControls,
  CpuRealtimePeriod: harmless("without a runtime it gives nothing"),
  CpuRealtimeRuntime: byControls,
  CpusetCpus: harmless(limit),
  CpusetMems: harmless(limit),
  Devices: byControls,
  DeviceCgroupRules: byControls,
  DeviceRequests: eachOf({
    DeviceIDs: byControls,
    Capabilities: byControls,
    Driver: byControls,
    Count: harmless("how many of the devices that are judged"),
    Options: harmless("handed to that driver with the devices that are judged"),
  }),
  KernelMemory: harmless("a limit that no kernel of today knows"),
  KernelMemoryTCP: harmless(limit),
  MemoryReservation: harmless(limit),
  MemorySwap: byControls,
  MemorySwappiness: byControls,
  OomKillDisable: byControls,
  PidsLimit: byControls,
  Ulimits: harmless("bounds of its own processes, which its cgroup bounds again"),
  CpuCount: harmless(windows),
  CpuPercent: harmless(windows),
  IOMaximumIOps: harmless(windows),
  IOMaximumBandwidth: harmless(windows),
};

/** Drivers that write on this host and open no connection. */
const localDrivers = new Set(["json-file", "local", "none", "journald"]);

/** Where no driver is named, the Engine's own takes the options: an address among them is the client's choice as well. */
function checkLogConfig(value: unknown, context: CheckContext): readonly Reason[] {
  const { policy } = context;
  const named = textAt(value, "Type") ?? "";
  const options = isRecord(value) && isRecord(value.Config) ? Object.keys(value.Config) : [];
  if (named === "" && options.length === 0) return [];
  const engine = localDrivers.has(named) ? undefined : engineOf(context);
  const usual = engine ? valueOr(engine.logDriver, "") : "";
  const driver = named === "" ? usual : named;
  if (driver === usual && options.length === 0) return [];
  if (localDrivers.has(driver) || policy.allow.logDrivers.includes(driver)) return [];
  const what =
    driver === "" ? "the Engine's log driver, which is not known here," : `the log driver ${driver}`;
  return against(
    policy,
    "remote-log-driver",
    `logs through ${what}${options.length > 0 ? ` with options (${options.join(", ")})` : ""}: dockerd would connect from the host to an address of the client's choice`,
    { list: "logDrivers", value: driver },
  );
}

export function checkSysctls(value: unknown, { policy }: CheckContext): readonly Reason[] {
  return Object.keys(isRecord(value) ? value : {})
    .filter(
      (name) => !harmlessSysctls.has(name) && !policy.allow.sysctls.some((pattern) => matches(name, pattern)),
    )
    .flatMap((name) =>
      against(
        policy,
        "unsafe-sysctl",
        `sets the kernel parameter ${name}, which is none of the harmless ones`,
        {
          list: "sysctls",
          value: name,
        },
      ),
    );
}

/** The types of the mounts of a body, for rules that look at each. */
export function mountsOf(hostConfig: Readonly<Record<string, unknown>>): readonly unknown[] {
  return itemsOf(hostConfig.Mounts);
}
