import { isRecord, itemsOf, textAt } from "../../../base/json.ts";
import { valueOr } from "../../../model/fact.ts";
import { harmlessSysctls } from "../../../model/host/harmless-sysctls.ts";
import { byControls, byJudge, byRule, type Fields, harmless } from "../fields.ts";
import { matches } from "../policy/patterns.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { checkCgroupParent } from "./cgroup-parent.ts";
import { checkGroups } from "./groups.ts";
import { engineOf } from "./known.ts";

const windows = "Windows alone reads it";
const limit = "a limit: it takes, and gives nothing";

/** How every field of a HostConfig is judged (moby: api/types/container/hostconfig.go). */
export const hostConfigFields: Fields = {
  Binds: byJudge("mounts.ts, and the controls on mounts"),
  ContainerIDFile: harmless("the CLI's own note; dockerd writes no such file"),
  LogConfig: byRule(checkLogConfig),
  NetworkMode: byJudge("names.ts, and host-network, shared-namespace"),
  PortBindings: byControls("published-port"),
  RestartPolicy: harmless("when it is started again, with what was judged"),
  AutoRemove: harmless("that it is removed when it stops"),
  VolumeDriver: byRule((value, context) => checkVolumeDriver(String(value), context)),
  VolumesFrom: byJudge("names.ts, and the controls on mounts"),
  ConsoleSize: harmless("the size of a terminal"),
  Annotations: byRule((value, { policy }) =>
    against(
      policy,
      "runtime-annotation",
      `hands the runtime annotations (${Object.keys(isRecord(value) ? value : {}).join(", ")}), which no check of the Engine sees`,
    ),
  ),
  CapAdd: byControls("capabilities-dangerous"),
  CapDrop: byControls("capabilities-drop"),
  CgroupnsMode: byControls("host-cgroup-namespace"),
  Dns: harmless("where the container asks for names"),
  DnsOptions: harmless("how the container asks for names"),
  DnsSearch: harmless("how the container asks for names"),
  ExtraHosts: harmless("lines of the container's own /etc/hosts"),
  GroupAdd: byRule(checkGroups),
  IpcMode: byControls("host-ipc", "shared-namespace"),
  Cgroup: byRule((value, { policy }) =>
    against(policy, "guard-cgroup", `joins the cgroup ${String(value)}, whose limits then are its own`),
  ),
  Links: byControls("legacy-link"),
  OomScoreAdj: byControls("oom-score"),
  PidMode: byControls("host-pid", "shared-namespace"),
  Privileged: byControls("privileged"),
  PublishAllPorts: byControls("published-port"),
  ReadonlyRootfs: byControls("read-only-rootfs"),
  SecurityOpt: byJudge("security-options.ts, and the controls on security modules"),
  StorageOpt: byControls("storage-option", "storage-limit"),
  Tmpfs: byControls("tmpfs-options", "storage-limit"),
  UTSMode: byControls("host-uts"),
  UsernsMode: byControls("host-user-namespace"),
  ShmSize: harmless("memory of the container's own, under its memory limit"),
  Sysctls: byRule(checkSysctls),
  Runtime: byControls("runtime-handler"),
  Isolation: harmless(windows),
  Mounts: byJudge("mounts.ts, and the controls on mounts"),
  MaskedPaths: byControls("masked-paths"),
  ReadonlyPaths: byControls("masked-paths"),
  Init: harmless("a first process that reaps others"),
  CpuShares: byControls("cpu-limit"),
  Memory: byControls("memory-limit"),
  NanoCpus: byControls("cpu-limit"),
  CgroupParent: byRule(checkCgroupParent),
  BlkioWeight: harmless(limit),
  BlkioWeightDevice: harmless(limit),
  BlkioDeviceReadBps: harmless(limit),
  BlkioDeviceWriteBps: harmless(limit),
  BlkioDeviceReadIOps: harmless(limit),
  BlkioDeviceWriteIOps: harmless(limit),
  CpuPeriod: byControls("cpu-limit"),
  CpuQuota: byControls("cpu-limit"),
  CpuRealtimePeriod: harmless("without a runtime it gives nothing"),
  CpuRealtimeRuntime: byControls("realtime-cpu"),
  CpusetCpus: harmless(limit),
  CpusetMems: harmless(limit),
  Devices: byControls("device-access"),
  DeviceCgroupRules: byControls("device-access"),
  DeviceRequests: byControls("device-access"),
  KernelMemory: harmless("a limit that no kernel of today knows"),
  KernelMemoryTCP: harmless(limit),
  MemoryReservation: harmless(limit),
  MemorySwap: byControls("memory-swap-limit"),
  MemorySwappiness: byControls("memory-swap-limit"),
  OomKillDisable: byControls("memory-limit"),
  PidsLimit: byControls("pids-limit"),
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

export function checkVolumeDriver(driver: string, { policy }: CheckContext): readonly Reason[] {
  if (driver === "" || driver === "local" || policy.allow.volumeDrivers.includes(driver)) return [];
  return against(
    policy,
    "volume-options",
    `asks for the volume driver ${driver}, which runs as root outside of every container`,
    { list: "volumeDrivers", value: driver },
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
