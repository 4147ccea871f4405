import { isRecord } from "../../../base/json.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import { type NamespaceMode, spellNamespaceMode } from "../../../model/container/namespace.ts";
import type { ContainerScalars } from "../../../model/container.ts";
import type { PathProtection } from "../../../model/container-values.ts";
import type { SecurityField } from "./security.ts";
import { put, update, withMember } from "./update.ts";

type Writer<T> = (document: unknown, value: T | undefined) => Result<unknown>;

/** How each fact is written; undefined is for taking it out. Security options have their own file. */
export const scalarWriters: {
  readonly [K in Exclude<keyof ContainerScalars, SecurityField>]: Writer<ContainerScalars[K]>;
} = {
  build: () => failed("the Engine knows images only: it builds nothing for a container"),
  imageUser: () => failed("it is the image's, not the request's, to say"),
  image: at("Image"),
  user: at("User"),
  healthcheck: (document, value) => {
    if (value === "command") return failed("the command that tells whether it is healthy is not known");
    return put(document, ["Healthcheck"], value && { Test: ["NONE"] });
  },
  privileged: at("HostConfig", "Privileged"),
  readonlyRootfs: at("HostConfig", "ReadonlyRootfs"),
  publishAllPorts: at("HostConfig", "PublishAllPorts"),
  nanoCpus: at("HostConfig", "NanoCpus"),
  cpuPeriod: at("HostConfig", "CpuPeriod"),
  cpuQuota: at("HostConfig", "CpuQuota"),
  cpuShares: at("HostConfig", "CpuShares"),
  cpusetCpus: at("HostConfig", "CpusetCpus"),
  memory: at("HostConfig", "Memory"),
  memorySwap: at("HostConfig", "MemorySwap"),
  memoryReservation: at("HostConfig", "MemoryReservation"),
  oomKillDisable: at("HostConfig", "OomKillDisable"),
  oomScoreAdj: at("HostConfig", "OomScoreAdj"),
  cpuRealtimeRuntime: at("HostConfig", "CpuRealtimeRuntime"),
  pidsLimit: at("HostConfig", "PidsLimit"),
  blkioWeight: at("HostConfig", "BlkioWeight"),
  cgroupParent: at("HostConfig", "CgroupParent"),
  runtime: at("HostConfig", "Runtime"),
  restart: (document, value) => {
    const [Name, retries] = value?.split(":") ?? [];
    return put(
      document,
      ["HostConfig", "RestartPolicy"],
      value && { Name, MaximumRetryCount: Number(retries ?? 0) },
    );
  },
  logDriver: at("HostConfig", "LogConfig", "Type"),
  pidMode: mode("PidMode"),
  ipcMode: mode("IpcMode"),
  utsMode: mode("UTSMode"),
  usernsMode: mode("UsernsMode"),
  cgroupnsMode: mode("CgroupnsMode"),
  networkMode: writeNetworkMode,
  pathProtection: writePathProtection,
};

function at(...path: readonly string[]): Writer<string | number | boolean> {
  return (document, value) =>
    value === "" || (value === 0 && path.at(-1) !== "PidsLimit")
      ? failed("0 and the empty string say nothing in the Engine API")
      : put(document, path, value);
}

function mode(name: string): Writer<NamespaceMode> {
  return (document, value) => {
    if (value?.mode === "container" && value.by === "service") {
      return failed("the Engine knows containers, not services");
    }
    return put(document, ["HostConfig", name], value && spellNamespaceMode(value));
  };
}

/** The docker CLI names the mode among the endpoints too: left there, the container would join `host` all the same. */
function writeNetworkMode(document: unknown, value: NamespaceMode | undefined): Result<unknown> {
  const set = mode("NetworkMode")(document, value);
  const isNone = value?.mode === "none";
  const enabled = set.ok && !isNone ? put(set.value, ["NetworkDisabled"], undefined) : set;
  if (!enabled.ok) return enabled;
  return update(enabled.value, ["NetworkingConfig", "EndpointsConfig"], (endpoints) => {
    if (!isRecord(endpoints)) return ok(endpoints);
    const others = ["host", "none"].filter((name) => name !== value?.mode && Object.hasOwn(endpoints, name));
    return ok(others.reduce((left, name) => withMember(left, name, undefined), endpoints));
  });
}

function writePathProtection(document: unknown, value: PathProtection | undefined): Result<unknown> {
  const lists = value?.mode === "unconfined" ? { masked: [], readonly: [] } : value;
  const masked = put(document, ["HostConfig", "MaskedPaths"], lists?.masked);
  return masked.ok ? put(masked.value, ["HostConfig", "ReadonlyPaths"], lists?.readonly) : masked;
}
