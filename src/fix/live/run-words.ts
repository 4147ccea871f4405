import { isRecord, itemsOf, type JsonObject, recordAt, textAt, textsOf } from "../../base/json.ts";
import { writeBytes } from "../../formats/values/spell.ts";
import type { CreateBody } from "./create-body.ts";

export interface RunWords {
  /** `docker run …`, word for word. */
  readonly words: readonly string[];
  /** What the words leave to the reader, each a sentence. */
  readonly notes: readonly string[];
}

type Flags = readonly (readonly string[])[];

/**
 * The `docker run` command that makes the container of a create request. Values of the environment are secrets and stay out:
 * `--env NAME` takes them from the shell's own.
 *
 * @see https://docs.docker.com/reference/cli/docker/container/run/
 */
export function runWordsOf({ body, networks }: CreateBody, name: string): RunWords {
  const host = recordAt(body, "HostConfig");
  const entrypoint = textsOf(body.Entrypoint);
  const [program, ...programArguments] = entrypoint;
  const isTerminal = body.Tty === true && body.OpenStdin === true;
  const flags: Flags = [
    [isTerminal ? "-dit" : body.OpenStdin === true ? "-di" : body.Tty === true ? "-dt" : "-d"],
    ["--name", name],
    ...configFlags(body),
    ...isolationFlags(host),
    ...limitFlags(host),
    ...storageFlags(host),
    ...networkFlags(body, host, networks),
    ...(program === undefined ? [] : [["--entrypoint", program]]),
  ];
  const image = textAt(body, "Image") ?? "";
  return {
    words: ["docker", "run", ...flags.flat(), image, ...programArguments, ...textsOf(body.Cmd)],
    notes: notesOn(body, host, networks, name),
  };
}

function configFlags(body: JsonObject): Flags {
  const health = recordAt(body, "Healthcheck");
  const test = textsOf(health.Test);
  const seconds = (flag: string, key: string): Flags => {
    const value = health[key];
    return typeof value === "number" && value > 0 ? [[flag, `${value / 1e6}ms`]] : [];
  };
  return [
    ...text("--hostname", body.Hostname),
    ...text("--domainname", body.Domainname),
    ...text("--user", body.User),
    ...text("--workdir", body.WorkingDir),
    ...textsOf(body.Env).map((each) => ["--env", each.split("=", 1)[0] ?? each]),
    ...pairs("--label", body.Labels),
    ...exposedPorts(body).map((port) => ["--expose", port]),
    ...text("--stop-signal", body.StopSignal),
    ...number("--stop-timeout", body.StopTimeout),
    ...(test[0] === "NONE" ? [["--no-healthcheck"]] : []),
    ...(test[0] === "CMD-SHELL" ? [["--health-cmd", test[1] ?? ""]] : []),
    ...(test[0] === "CMD" ? [["--health-cmd", test.slice(1).join(" ")]] : []),
    ...seconds("--health-interval", "Interval"),
    ...seconds("--health-timeout", "Timeout"),
    ...seconds("--health-start-period", "StartPeriod"),
    ...number("--health-retries", health.Retries),
  ];
}

function isolationFlags(host: JsonObject): Flags {
  const isOpen = [host.MaskedPaths, host.ReadonlyPaths].every(
    (paths) => Array.isArray(paths) && paths.length === 0,
  );
  return [
    ...boolean("--privileged", host.Privileged),
    ...list("--cap-drop", host.CapDrop),
    ...list("--cap-add", host.CapAdd),
    ...textsOf(host.SecurityOpt).map((option) => [
      "--security-opt",
      // An inline profile travels as JSON; the CLI takes the path of its file.
      option.startsWith("seccomp={") ? "seccomp=profile.json" : option,
    ]),
    ...(isOpen ? [["--security-opt", "systempaths=unconfined"]] : []),
    ...boolean("--read-only", host.ReadonlyRootfs),
    ...list("--group-add", host.GroupAdd),
    ...text("--pid", host.PidMode),
    ...text("--ipc", host.IpcMode),
    ...text("--uts", host.UTSMode),
    ...text("--userns", host.UsernsMode),
    ...text("--cgroupns", host.CgroupnsMode),
    ...text("--cgroup-parent", host.CgroupParent),
    ...text("--runtime", host.Runtime),
    ...boolean("--init", host.Init),
    ...itemsOf(host.Devices).map((device) => ["--device", spellDevice(device)]),
    ...itemsOf(host.DeviceRequests)
      .filter(asksForGpus)
      .map((request) => ["--gpus", spellGpus(request)]),
    ...list("--device-cgroup-rule", host.DeviceCgroupRules),
    ...pairs("--sysctl", host.Sysctls),
    ...itemsOf(host.Ulimits).map((each) => {
      const { Name, Soft, Hard } = recordAt({ each }, "each");
      return ["--ulimit", `${Name}=${Soft}:${Hard}`];
    }),
  ];
}

function limitFlags(host: JsonObject): Flags {
  const rate = (flag: string, key: string, member: string): Flags =>
    itemsOf(host[key]).map((each) => {
      const limit = recordAt({ each }, "each");
      return [flag, `${limit.Path}:${limit[member]}`];
    });
  const cpus = typeof host.NanoCpus === "number" && host.NanoCpus > 0 ? String(host.NanoCpus / 1e9) : "";
  return [
    ...text("--cpus", cpus),
    ...number("--cpu-period", host.CpuPeriod),
    ...number("--cpu-quota", host.CpuQuota),
    ...number("--cpu-shares", host.CpuShares),
    ...text("--cpuset-cpus", host.CpusetCpus),
    ...text("--cpuset-mems", host.CpusetMems),
    ...bytes("--memory", host.Memory),
    ...bytes("--memory-swap", host.MemorySwap),
    ...bytes("--memory-reservation", host.MemoryReservation),
    ...boolean("--oom-kill-disable", host.OomKillDisable),
    ...number("--oom-score-adj", host.OomScoreAdj),
    ...number("--pids-limit", host.PidsLimit),
    ...number("--blkio-weight", host.BlkioWeight),
    ...rate("--blkio-weight-device", "BlkioWeightDevice", "Weight"),
    ...rate("--device-read-bps", "BlkioDeviceReadBps", "Rate"),
    ...rate("--device-write-bps", "BlkioDeviceWriteBps", "Rate"),
    ...rate("--device-read-iops", "BlkioDeviceReadIOps", "Rate"),
    ...rate("--device-write-iops", "BlkioDeviceWriteIOps", "Rate"),
    // 64 MiB is what every container gets.
    ...(host.ShmSize === 64 * 1024 ** 2 ? [] : bytes("--shm-size", host.ShmSize)),
    ...restart(host),
    ...(host.AutoRemove === true ? [["--rm"]] : []),
  ];
}

function restart(host: JsonObject): Flags {
  const { Name: name, MaximumRetryCount: count } = recordAt(host, "RestartPolicy");
  if (typeof name !== "string" || name === "" || name === "no") return [];
  return [["--restart", typeof count === "number" && count > 0 ? `${name}:${count}` : name]];
}

function storageFlags(host: JsonObject): Flags {
  return [
    ...list("--volume", host.Binds),
    ...itemsOf(host.Mounts).map((mount) => ["--mount", spellMount(mount)]),
    ...Object.entries(recordAt(host, "Tmpfs")).map(([target, options]) => [
      "--tmpfs",
      options ? `${target}:${options}` : target,
    ]),
    ...list("--volumes-from", host.VolumesFrom),
    ...pairs("--storage-opt", host.StorageOpt),
    ...text("--log-driver", recordAt(host, "LogConfig").Type),
    ...pairs("--log-opt", recordAt(host, "LogConfig").Config),
  ];
}

function spellMount(mount: unknown): string {
  const given = recordAt({ mount }, "mount");
  const tmpfs = recordAt(given, "TmpfsOptions");
  const fields = [
    `type=${given.Type}`,
    typeof given.Source === "string" && given.Source !== "" ? `source=${given.Source}` : "",
    `target=${given.Target}`,
    given.ReadOnly === true ? "readonly" : "",
    textAt(given, "BindOptions", "Propagation")
      ? `bind-propagation=${textAt(given, "BindOptions", "Propagation")}`
      : "",
    typeof tmpfs.SizeBytes === "number" && tmpfs.SizeBytes > 0 ? `tmpfs-size=${tmpfs.SizeBytes}` : "",
    typeof tmpfs.Mode === "number" && tmpfs.Mode > 0 ? `tmpfs-mode=${tmpfs.Mode.toString(8)}` : "",
  ];
  return fields
    .filter(Boolean)
    .map((each) => (/[",\n]/.test(each) ? `"${each.replaceAll('"', '""')}"` : each))
    .join(",");
}

function networkFlags(body: JsonObject, host: JsonObject, networks: CreateBody["networks"]): Flags {
  const mode = textAt(host, "NetworkMode") ?? "";
  const endpoint = recordAt(body, "NetworkingConfig", "EndpointsConfig", mode);
  return [
    ...(mode === "" || mode === "default" || mode === "bridge" ? [] : [["--network", mode]]),
    ...networks.map(([name]) => ["--network", name]),
    ...list("--network-alias", endpoint.Aliases),
    ...text("--mac-address", body.MacAddress),
    ...text("--ip", recordAt(endpoint, "IPAMConfig").IPv4Address),
    ...text("--ip6", recordAt(endpoint, "IPAMConfig").IPv6Address),
    ...boolean("--publish-all", host.PublishAllPorts),
    ...Object.entries(recordAt(host, "PortBindings")).flatMap(([port, bindings]) =>
      itemsOf(bindings).map((binding) => ["--publish", spellPort(port, binding)]),
    ),
    ...list("--dns", host.Dns),
    ...list("--dns-option", host.DnsOptions),
    ...list("--dns-search", host.DnsSearch),
    ...list("--add-host", host.ExtraHosts),
    ...list("--link", host.Links),
  ];
}

function notesOn(
  body: JsonObject,
  host: JsonObject,
  networks: CreateBody["networks"],
  name: string,
): readonly string[] {
  const names = textsOf(body.Env).map((each) => each.split("=", 1)[0] ?? each);
  const inline = textsOf(host.SecurityOpt).some((option) => option.startsWith("seccomp={"));
  const devices = itemsOf(host.DeviceRequests).some((each) => !asksForGpus(each));
  return [
    ...(names.length > 0
      ? [
          `The values of ${names.join(", ")} are not shown: set them in the shell first (docker inspect ${name} shows them).`,
        ]
      : []),
    ...(inline ? ["Its seccomp profile was given inline: save it as profile.json first."] : []),
    ...(devices ? ["It asks a driver for devices (CDI): add them with --device."] : []),
    ...(networks.some(([, endpoint]) => Object.keys(endpoint).length > 0)
      ? ["On its other networks it has more settings (aliases, addresses): add them."]
      : []),
  ];
}

function text(flag: string, value: unknown): Flags {
  return typeof value === "string" && value !== "" ? [[flag, value]] : [];
}

function number(flag: string, value: unknown): Flags {
  return typeof value === "number" && value !== 0 ? [[flag, String(value)]] : [];
}

function bytes(flag: string, value: unknown): Flags {
  return typeof value === "number" && value !== 0 ? [[flag, writeBytes(value)]] : [];
}

function boolean(flag: string, value: unknown): Flags {
  return value === true ? [[flag]] : [];
}

function list(flag: string, value: unknown): Flags {
  return textsOf(value).map((each) => [flag, each]);
}

function pairs(flag: string, value: unknown): Flags {
  if (!isRecord(value)) return [];
  return Object.entries(value).map(([name, each]) => [flag, `${name}=${each}`]);
}

/** A device of a create request, as `--device` and a Compose file take it. */
export function spellDevice(device: unknown): string {
  const from = textAt(device, "PathOnHost") ?? "";
  const to = textAt(device, "PathInContainer") ?? from;
  const rights = textAt(device, "CgroupPermissions") ?? "rwm";
  return from === to && rights === "rwm" ? from : `${from}:${to}:${rights}`;
}

/** Whether a request for devices is what `--gpus` asks for. */
export function asksForGpus(request: unknown): boolean {
  return itemsOf(recordAt({ request }, "request").Capabilities).some((each) => textsOf(each).includes("gpu"));
}

/** `all`, `2,driver=nvidia`, `"device=0,1"`: comma-separated fields, as docker/cli reads them (opts/gpus.go). */
function spellGpus(request: unknown): string {
  const { Driver, Count, DeviceIDs, Capabilities, Options } = recordAt({ request }, "request");
  const ids = textsOf(DeviceIDs);
  const can = textsOf(itemsOf(Capabilities)[0]).filter((each) => each !== "gpu");
  const options = isRecord(Options) ? Object.entries(Options).map(([name, each]) => `${name}=${each}`) : [];
  const fields = [
    ids.length > 0 ? `device=${ids.join(",")}` : Count === -1 ? "all" : String(Count ?? 1),
    ...(typeof Driver === "string" && Driver !== "" ? [`driver=${Driver}`] : []),
    ...(can.length > 0 ? [`capabilities=${can.join(",")}`] : []),
    ...(options.length > 0 ? [`options=${options.join(",")}`] : []),
  ];
  return fields.map((field) => (field.includes(",") ? `"${field.replaceAll('"', '""')}"` : field)).join(",");
}

/** A port of a create request with where it is published, as `--publish` and a Compose file take it. */
export function spellPort(port: string, binding: unknown): string {
  const ip = textAt(binding, "HostIp") ?? "";
  const number = textAt(binding, "HostPort") ?? "";
  const address = ip === "" ? "" : `${ip.includes(":") ? `[${ip}]` : ip}:`;
  const from = number === "" && address === "" ? "" : `${number}:`;
  return `${address}${from}${port.replace(/\/tcp$/, "")}`;
}

/** What is exposed by itself, `80/tcp`: a port that is published is exposed by that. */
export function exposedPorts(body: unknown): readonly string[] {
  const published = recordAt(body, "HostConfig", "PortBindings");
  return Object.keys(recordAt(body, "ExposedPorts")).filter((port) => !(port in published));
}
