import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../../../base/json.ts";
import { parentByDriver, usualParents } from "../../../controls/cgroups/cgroup-parent.ts";
import { valueOr } from "../../../model/fact.ts";
import { harmlessSysctls } from "../../../model/host/harmless-sysctls.ts";
import { byCheck, byControls, eachOf, type Fields, harmless } from "../fields.ts";
import { matches } from "../policy/patterns.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { isGuardsProfile } from "./host-rights.ts";
import { engineOf } from "./known.ts";
import { checkVolumeDriver, mountFields } from "./mounts.ts";
import { checkGroups } from "./users.ts";

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

/**
 * `HostConfig.CgroupParent`. The control cgroup-parent leaves the choice to the Engine; what it takes for the Engine's own may be
 * the other driver's (`system.slice` on cgroupfs is where the host's services are), or lead out of it again.
 */
export function checkCgroupParent(value: unknown, context: CheckContext): readonly Reason[] {
  const parent = String(value);
  const path = `/${parent
    .split("/")
    .filter((part) => part !== "")
    .join("/")}`;
  const isPlain = !parent.split("/").some((part) => part === "." || part === "..") && !parent.includes("//");
  const own = ownParent(context);
  const others = usualParents(engineOf(context)).filter((each) => each !== own);
  const isOthers = others.some((each) => path === each || path.startsWith(`${each}/`));
  if (isPlain && !isOthers) return [];
  return against(
    context.policy,
    "guard-cgroup",
    `asks for the cgroup ${parent}, where other services of the host are: its limits and theirs would be one`,
  );
}

function ownParent(context: CheckContext): string {
  const answer = context.ask({ kind: "engine" });
  const info = answer.state === "found" ? recordAt({ at: answer.document }, "at", "info") : {};
  return parentByDriver(engineOf(context), textAt({ info }, "info", "CgroupDriver"));
}

/**
 * What no control can tell the strength of: a seccomp profile of the client's own, a profile of AppArmor or a type of SELinux
 * that somebody loaded on the host for something else, and options that are not known. What is said and means the default
 * passes; so do the words that a control judges (`unconfined`, `disable`).
 */
export function checkSecurityOptions(value: unknown, { policy }: CheckContext): readonly Reason[] {
  return textsOf(value).flatMap((option) => {
    const what = chosenProfile(option);
    return what === undefined ? [] : against(policy, "custom-profile", what);
  });
}

function chosenProfile(option: string): string | undefined {
  const [, key = option, argument = ""] = /^([^=:]*)[=:](.*)$/s.exec(option) ?? [];
  switch (key) {
    case "no-new-privileges":
      return undefined;
    case "seccomp":
      return ["unconfined", "builtin", "default", ""].includes(argument) || isGuardsProfile(argument)
        ? undefined
        : "brings its own seccomp profile, and the guard cannot tell what that lets through";
    case "apparmor":
      return ["unconfined", "docker-default", ""].includes(argument)
        ? undefined
        : `chooses the AppArmor profile ${argument}, which somebody loaded on the host for something else`;
    case "label":
      return /^(?:disable|level[:=].*)$/.test(argument)
        ? undefined
        : `chooses the SELinux label ${argument}, which need not confine a container`;
    default:
      return `sets the security option ${key}, which is not known here`;
  }
}
