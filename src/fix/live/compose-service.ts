import { isRecord, itemsOf, type JsonObject, recordAt, textAt, textsOf } from "../../base/json.ts";
import { writeBytes } from "../../formats/values/spell.ts";
import type { CreateBody } from "./create-body.ts";
import { asksForGpus, exposedPorts, spellDevice, spellPort } from "./run-words.ts";

/** A Compose file as data, with what it leaves to the reader, each a sentence. */
export interface ComposeProject {
  readonly project: JsonObject;
  readonly notes: readonly string[];
}

/**
 * The Compose project of one service that makes the container of a create request. Its volumes and networks are those that
 * are there. Values of the environment are secrets and stay out, unless they are asked for: a bare name takes the value of the
 * shell's own.
 *
 * @see https://docs.docker.com/reference/compose-file/
 */
export function composeProjectOf(
  { body, networks }: CreateBody,
  name: string,
  { values = false }: { readonly values?: boolean } = {},
): ComposeProject {
  const host = recordAt(body, "HostConfig");
  const mode = textAt(host, "NetworkMode") ?? "";
  const joined = networksOf(body, mode, networks);
  const volumes = [...new Set([...namedBinds(host), ...namedMounts(host)])];
  const service = {
    container_name: name,
    image: textAt(body, "Image") ?? "",
    ...configKeys(body, values),
    ...isolationKeys(host),
    ...limitKeys(host),
    ...storageKeys(host),
    ...networkKeys(body, host),
    ...(Object.keys(joined).length > 0 ? { networks: joined } : { network_mode: modeOf(mode) }),
  };
  const external = (names: readonly string[]) =>
    Object.fromEntries(names.map((each) => [each, { external: true, name: each }]));
  return {
    project: {
      services: { [name]: escaped(withoutNothing(service)) },
      ...(volumes.length > 0 && { volumes: external(volumes) }),
      ...(Object.keys(joined).length > 0 && { networks: external(Object.keys(joined)) }),
    },
    notes: notesOn(body, host, name),
  };
}

/** `$` begins a variable in a Compose file. */
function escaped(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("$", "$$$$");
  if (Array.isArray(value)) return value.map(escaped);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, escaped(each)]));
}

function withoutNothing(keys: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(keys).filter(([, value]) => {
      if (value === undefined || value === null || value === "") return false;
      if (Array.isArray(value)) return value.length > 0;
      return !isRecord(value) || Object.keys(value).length > 0;
    }),
  );
}

function configKeys(body: JsonObject, values: boolean): JsonObject {
  return {
    command: textsOf(body.Cmd),
    entrypoint: textsOf(body.Entrypoint),
    hostname: body.Hostname,
    domainname: body.Domainname,
    user: body.User,
    working_dir: body.WorkingDir,
    environment: textsOf(body.Env).map((each) => (values ? each : (each.split("=", 1)[0] ?? each))),
    // Compose gives its own to what it makes.
    labels: Object.fromEntries(
      Object.entries(recordAt(body, "Labels")).filter(([label]) => !label.startsWith("com.docker.compose.")),
    ),
    expose: exposedPorts(body),
    stop_signal: body.StopSignal,
    stop_grace_period: typeof body.StopTimeout === "number" ? `${body.StopTimeout}s` : undefined,
    tty: trueOr(body.Tty),
    stdin_open: trueOr(body.OpenStdin),
    healthcheck: healthcheckOf(recordAt(body, "Healthcheck")),
  };
}

function healthcheckOf(health: JsonObject): JsonObject {
  const test = textsOf(health.Test);
  if (test[0] === "NONE") return { disable: true };
  const duration = (key: string) => {
    const value = health[key];
    return typeof value === "number" && value > 0 ? `${value / 1e6}ms` : undefined;
  };
  return withoutNothing({
    test,
    interval: duration("Interval"),
    timeout: duration("Timeout"),
    start_period: duration("StartPeriod"),
    start_interval: duration("StartInterval"),
    retries: numberOr(health.Retries),
  });
}

function isolationKeys(host: JsonObject): JsonObject {
  const isOpen = [host.MaskedPaths, host.ReadonlyPaths].every(
    (paths) => Array.isArray(paths) && paths.length === 0,
  );
  const options = textsOf(host.SecurityOpt).map((option) => {
    // An inline profile travels as JSON; Compose takes the path of its file.
    if (option.startsWith("seccomp={")) return "seccomp=profile.json";
    return option === "no-new-privileges" ? "no-new-privileges:true" : option;
  });
  return {
    privileged: trueOr(host.Privileged),
    cap_drop: textsOf(host.CapDrop),
    cap_add: textsOf(host.CapAdd),
    security_opt: [...options, ...(isOpen ? ["systempaths=unconfined"] : [])],
    read_only: trueOr(host.ReadonlyRootfs),
    group_add: textsOf(host.GroupAdd),
    pid: host.PidMode,
    ipc: host.IpcMode,
    uts: host.UTSMode,
    userns_mode: host.UsernsMode,
    cgroup: host.CgroupnsMode,
    cgroup_parent: host.CgroupParent,
    runtime: host.Runtime,
    init: typeof host.Init === "boolean" ? host.Init : undefined,
    devices: itemsOf(host.Devices).map(spellDevice),
    device_cgroup_rules: textsOf(host.DeviceCgroupRules),
    gpus: itemsOf(host.DeviceRequests).filter(asksForGpus).map(requestOf),
    sysctls: recordAt(host, "Sysctls"),
    ulimits: Object.fromEntries(
      itemsOf(host.Ulimits).map((each) => {
        const { Name, Soft, Hard } = recordAt({ each }, "each");
        return [String(Name), { soft: Soft, hard: Hard }];
      }),
    ),
  };
}

function requestOf(request: unknown): JsonObject {
  const { Driver, Count, DeviceIDs, Capabilities, Options } = recordAt({ request }, "request");
  const ids = textsOf(DeviceIDs);
  return withoutNothing({
    driver: Driver,
    capabilities: textsOf(itemsOf(Capabilities)[0]).filter((each) => each !== "gpu"),
    device_ids: ids,
    count: ids.length > 0 ? undefined : Count === -1 ? "all" : Count,
    options: Options,
  });
}

function limitKeys(host: JsonObject): JsonObject {
  const rates = (key: string) =>
    itemsOf(host[key]).map((each) => {
      const { Path, Rate } = recordAt({ each }, "each");
      return { path: Path, rate: Rate };
    });
  const cpus = numberOr(host.NanoCpus);
  const { Name: policy, MaximumRetryCount: retries } = recordAt(host, "RestartPolicy");
  return {
    cpus: cpus && cpus / 1e9,
    cpu_period: numberOr(host.CpuPeriod),
    cpu_quota: numberOr(host.CpuQuota),
    cpu_shares: numberOr(host.CpuShares),
    cpuset: host.CpusetCpus,
    mem_limit: sizeOr(host.Memory),
    memswap_limit: sizeOr(host.MemorySwap),
    mem_reservation: sizeOr(host.MemoryReservation),
    mem_swappiness:
      typeof host.MemorySwappiness === "number" && host.MemorySwappiness >= 0
        ? host.MemorySwappiness
        : undefined,
    oom_kill_disable: trueOr(host.OomKillDisable),
    oom_score_adj: numberOr(host.OomScoreAdj),
    pids_limit: numberOr(host.PidsLimit),
    blkio_config: withoutNothing({
      weight: numberOr(host.BlkioWeight),
      weight_device: itemsOf(host.BlkioWeightDevice).map((each) => {
        const { Path, Weight } = recordAt({ each }, "each");
        return { path: Path, weight: Weight };
      }),
      device_read_bps: rates("BlkioDeviceReadBps"),
      device_write_bps: rates("BlkioDeviceWriteBps"),
      device_read_iops: rates("BlkioDeviceReadIOps"),
      device_write_iops: rates("BlkioDeviceWriteIOps"),
    }),
    // 64 MiB is what every container gets.
    shm_size: host.ShmSize === 64 * 1024 ** 2 ? undefined : sizeOr(host.ShmSize),
    restart:
      policy === "no"
        ? undefined
        : typeof retries === "number" && retries > 0
          ? `${policy}:${retries}`
          : policy,
  };
}

function storageKeys(host: JsonObject): JsonObject {
  const { Type: driver, Config: options } = recordAt(host, "LogConfig");
  return {
    volumes: [...textsOf(host.Binds), ...itemsOf(host.Mounts).map(mountOf)],
    tmpfs: Object.entries(recordAt(host, "Tmpfs")).map(([target, options]) =>
      options ? `${target}:${options}` : target,
    ),
    // Whom it takes volumes from is a container that is there, not a service.
    volumes_from: textsOf(host.VolumesFrom).map((each) => `container:${each}`),
    storage_opt: recordAt(host, "StorageOpt"),
    logging: withoutNothing({ driver, options }),
  };
}

function mountOf(mount: unknown): JsonObject {
  const given = recordAt({ mount }, "mount");
  const { Propagation, NonRecursive, CreateMountpoint } = recordAt(given, "BindOptions");
  const { NoCopy, Subpath } = recordAt(given, "VolumeOptions");
  const { SizeBytes, Mode } = recordAt(given, "TmpfsOptions");
  return withoutNothing({
    type: given.Type,
    source: given.Source,
    target: given.Target,
    read_only: trueOr(given.ReadOnly),
    bind: withoutNothing({
      propagation: Propagation,
      create_host_path: trueOr(CreateMountpoint),
      recursive: NonRecursive === true ? "disabled" : undefined,
    }),
    volume: withoutNothing({ nocopy: trueOr(NoCopy), subpath: Subpath }),
    tmpfs: withoutNothing({ size: numberOr(SizeBytes), mode: numberOr(Mode) }),
  });
}

/** A bind whose source is no path is a volume by name. */
function namedBinds(host: JsonObject): readonly string[] {
  return textsOf(host.Binds)
    .filter((bind) => bind.includes(":") && !bind.startsWith("/"))
    .map((bind) => bind.split(":")[0] ?? "");
}

function namedMounts(host: JsonObject): readonly string[] {
  return itemsOf(host.Mounts).flatMap((mount) => {
    const source = textAt(mount, "Source");
    return textAt(mount, "Type") === "volume" && source ? [source] : [];
  });
}

function networkKeys(body: JsonObject, host: JsonObject): JsonObject {
  const ports = Object.entries(recordAt(host, "PortBindings")).flatMap(([port, bindings]) =>
    itemsOf(bindings).map((binding) => spellPort(port, binding)),
  );
  return {
    ports,
    mac_address: body.MacAddress,
    dns: textsOf(host.Dns),
    dns_opt: textsOf(host.DnsOptions),
    dns_search: textsOf(host.DnsSearch),
    extra_hosts: textsOf(host.ExtraHosts),
    external_links: textsOf(host.Links),
  };
}

/** Docker's own bridge has to be named, or Compose makes a network for the project. */
function modeOf(mode: string): string {
  return mode === "" || mode === "default" ? "bridge" : mode;
}

function networksOf(
  body: JsonObject,
  mode: string,
  further: CreateBody["networks"],
): Readonly<Record<string, JsonObject>> {
  const isPlain = /^(?:|default|bridge|host|none|container:.*)$/.test(mode);
  const first = isPlain ? [] : [[mode, recordAt(body, "NetworkingConfig", "EndpointsConfig", mode)] as const];
  return Object.fromEntries(
    [...first, ...further].map(([name, endpoint]) => [
      name,
      withoutNothing({
        aliases: textsOf(endpoint.Aliases),
        ipv4_address: textAt(endpoint, "IPAMConfig", "IPv4Address"),
        ipv6_address: textAt(endpoint, "IPAMConfig", "IPv6Address"),
        driver_opts: recordAt(endpoint, "DriverOpts"),
      }),
    ]),
  );
}

function notesOn(body: JsonObject, host: JsonObject, name: string): readonly string[] {
  const names = textsOf(body.Env).map((each) => each.split("=", 1)[0] ?? each);
  const inline = textsOf(host.SecurityOpt).some((option) => option.startsWith("seccomp={"));
  const others = itemsOf(host.DeviceRequests).some((each) => !asksForGpus(each));
  const lost = [
    ...(host.AutoRemove === true ? ["--rm"] : []),
    ...(host.PublishAllPorts === true ? ["--publish-all"] : []),
    ...(textAt(host, "CpusetMems") ? ["--cpuset-mems"] : []),
  ];
  return [
    ...(names.length > 0
      ? [
          `The values of ${names.join(", ")} are not shown: set them in the shell first (docker inspect ${name} shows them).`,
        ]
      : []),
    ...(inline ? ["Its seccomp profile was given inline: save it as profile.json first."] : []),
    ...(others ? ["It asks a driver for devices (CDI): add them under devices."] : []),
    ...(lost.length > 0 ? [`Compose has no word for ${lost.join(", ")}.`] : []),
  ];
}

function trueOr(value: unknown): true | undefined {
  return value === true ? true : undefined;
}

/** -1 is no limit, and no size. */
function sizeOr(value: unknown): number | string | undefined {
  const bytes = numberOr(value);
  return bytes !== undefined && bytes > 0 ? writeBytes(bytes) : bytes;
}

function numberOr(value: unknown): number | undefined {
  return typeof value === "number" && value !== 0 ? value : undefined;
}
