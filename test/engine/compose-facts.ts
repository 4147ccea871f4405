import { parseBytes } from "../../src/formats/values/bytes.ts";
import { readSecurityOptions } from "../../src/formats/values/security-options.ts";
import { normalisePath, parseTmpfsOptions } from "../../src/formats/values/volume.ts";
import { normaliseCapability } from "../../src/model/container/capability.ts";
import { parseNamespaceMode, spellNamespaceMode } from "../../src/model/container/namespace.ts";
import type { Container } from "../../src/model/container.ts";
import { type Fact, type FactList, set, setItems } from "../../src/model/fact.ts";

/** What a service comes down to, in one form for bulkhead's reading and for docker compose's. */
export type ServiceFacts = Readonly<Record<string, unknown>>;

type Json = { readonly [key: string]: Json } | readonly Json[] | string | number | boolean | null | undefined;

const unresolvedValue = Symbol("unresolved");

/** bulkhead's facts. A fact that is unresolved is left out of the comparison. */
export function factsOf(container: Container): ServiceFacts {
  const one = <T>(fact: Fact<T>): T | undefined | typeof unresolvedValue => {
    if (fact.state === "unresolved") return unresolvedValue;
    return fact.state === "set" ? fact.value : undefined;
  };
  const many = <T, U>(list: FactList<T>, spell: (value: T) => U) =>
    list.some((each) => each.state === "unresolved")
      ? unresolvedValue
      : sorted(setItems(list).map((each) => spell(each.value)));
  const mode = (fact: Container["pidMode"]) =>
    fact.state === "set" ? spellNamespaceMode(fact.value) : undefined;
  const build = one(container.build);
  const facts: Record<string, unknown> = {
    image: one(container.image),
    build:
      typeof build === "object"
        ? // Where it stands in the file is ours alone.
          {
            ...build,
            inlineOrigin: undefined,
            args: sorted(build.args.map((arg) => `${arg.name}=${arg.value}`)),
          }
        : build,
    user: one(container.user),
    privileged: one(container.privileged) || undefined,
    readOnly: one(container.readonlyRootfs) || undefined,
    oomKillDisable: one(container.oomKillDisable) || undefined,
    seccomp: one(container.seccomp),
    apparmor: one(container.apparmor),
    selinux: one(container.selinux),
    noNewPrivileges: one(container.noNewPrivileges),
    pathProtection: one(container.pathProtection),
    capAdd: many(container.capAdd, String),
    capDrop: many(container.capDrop, String),
    groupAdd: many(container.groupAdd, String),
    network: mode(container.networkMode),
    pid: mode(container.pidMode),
    ipc: mode(container.ipcMode),
    uts: mode(container.utsMode),
    cgroup: mode(container.cgroupnsMode),
    userns: mode(container.usernsMode),
    nanoCpus: one(container.nanoCpus) || undefined,
    cpuPeriod: one(container.cpuPeriod),
    cpuQuota: one(container.cpuQuota),
    cpuShares: one(container.cpuShares),
    cpuset: one(container.cpusetCpus),
    memory: one(container.memory) || undefined,
    memorySwap: one(container.memorySwap),
    memoryReservation: one(container.memoryReservation),
    pids: one(container.pidsLimit) || undefined,
    blkioWeight: one(container.blkioWeight),
    blkio: many(container.blkioDeviceLimits, (limit) => `${limit.kind} ${limit.path} ${limit.rate}`),
    logDriver: one(container.logDriver),
    logOptions: many(container.logOptions, pair),
    cgroupParent: one(container.cgroupParent),
    runtime: one(container.runtime),
    healthcheck: one(container.healthcheck),
    environment: sorted(setItems(container.environment).map((each) => each.value.name)),
    mounts: many(container.mounts, (mount) => ({
      type: mount.type,
      source: mount.hostPath ?? mount.source,
      target: mount.target,
      readOnly: mount.readOnly,
      propagation: mount.propagation,
      tmpfs: mount.tmpfs,
    })),
    volumesFrom: many(container.volumesFrom, String),
    devices: many(
      container.devices,
      ({ hostPath, containerPath, permissions }) => `${hostPath}:${containerPath}:${permissions}`,
    ),
    deviceCgroupRules: many(container.deviceCgroupRules, String),
    ports: many(container.ports, (port) =>
      expandPort(port.hostIp, port.hostPort, port.containerPort, port.protocol),
    ),
    networks: many(container.networks, String),
    networkDefinitions: sorted(
      setItems(container.networkDefinitions)
        .map(({ value }) => ({
          network: value.network,
          driver: value.driver,
          options: value.options.map(pair).toSorted(),
          addressDriver: value.addressDriver,
          subnets: value.subnets,
        }))
        .filter(saysMore),
    ),
    endpointOptions: many(
      container.endpointOptions,
      ({ network, option, value }) => `${network} ${option}=${value}`,
    ),
    links: many(container.links, String),
    ulimits: many(container.ulimits, (limit) => `${limit.name}=${limit.soft}:${limit.hard}`),
    sysctls: many(container.sysctls, pair),
    storageOpt: many(container.storageOpt, pair),
    labels: many(container.labels, pair),
    annotations: many(container.annotations, pair),
  };
  if (Array.isArray(facts.ports)) facts.ports = sorted([...new Set(facts.ports.flat())]);
  return facts;
}

/** The values of environment variables that stand in the file itself, without any variable of Compose. */
export function literalEnvironment(container: Container): Readonly<Record<string, string>> {
  return Object.fromEntries(
    setItems(container.environment)
      .map((each) => each.value)
      .flatMap(({ name, value }) => (value === undefined || value.includes("$") ? [] : [[name, value]])),
  );
}

/** What docker compose makes of the same service, in `config --format json`. */
export function factsOfConfig(service: Json, project: Json): ServiceFacts {
  const text = (key: string) => spell(get(service, key));
  const limits = get(service, "deploy", "resources", "limits");
  const reservations = get(service, "deploy", "resources", "reservations");
  const security = readSecurityOptions(items(get(service, "security_opt")).map((each) => set(String(each))));
  const plain = (fact: Fact<unknown>) => (fact.state === "set" ? fact.value : undefined);
  const bytes = (value: Json) => (value === undefined ? undefined : parseBytes(String(value)));
  const number = (value: Json) => (value === undefined ? undefined : Number(value));
  const mode = (key: string, kind: "network" | "other" = "other") => {
    const parsed = parseNamespaceMode(text(key) ?? "", kind);
    return parsed && spellNamespaceMode(parsed);
  };
  const inList = (key: string) => sorted(items(get(service, key)).map((each) => undouble(String(each))));
  return {
    image: text("image"),
    build: buildOf(get(service, "build")),
    user: text("user"),
    privileged: get(service, "privileged"),
    readOnly: get(service, "read_only"),
    oomKillDisable: get(service, "oom_kill_disable"),
    seccomp: plain(security.seccomp),
    apparmor: plain(security.apparmor),
    selinux: plain(security.selinux),
    noNewPrivileges: plain(security.noNewPrivileges),
    pathProtection: plain(security.pathProtection),
    capAdd: sorted(items(get(service, "cap_add")).map((each) => normaliseCapability(String(each)))),
    capDrop: sorted(items(get(service, "cap_drop")).map((each) => normaliseCapability(String(each)))),
    groupAdd: inList("group_add"),
    network: mode("network_mode", "network"),
    pid: mode("pid"),
    ipc: mode("ipc"),
    uts: mode("uts"),
    cgroup: mode("cgroup"),
    userns: mode("userns_mode"),
    nanoCpus: cpus(number(get(limits, "cpus")) || number(get(service, "cpus"))),
    cpuPeriod: number(get(service, "cpu_period")),
    cpuQuota: number(get(service, "cpu_quota")),
    cpuShares: number(get(service, "cpu_shares")),
    cpuset: text("cpuset"),
    memory: bytes(get(limits, "memory")) || bytes(get(service, "mem_limit")) || undefined,
    memorySwap: bytes(get(service, "memswap_limit")),
    memoryReservation: bytes(get(reservations, "memory")) ?? bytes(get(service, "mem_reservation")),
    pids: number(get(limits, "pids")) || number(get(service, "pids_limit")) || undefined,
    blkioWeight: get(service, "blkio_config", "weight"),
    blkio: sorted(
      [
        "weight_device",
        "device_read_bps",
        "device_write_bps",
        "device_read_iops",
        "device_write_iops",
      ].flatMap((key) =>
        items(get(service, "blkio_config", key)).map((each) => {
          const kind = key === "weight_device" ? "weight" : key.slice("device_".length).replace("_", "-");
          return `${kind} ${get(each, "Path") ?? get(each, "path")} ${get(each, "Rate") ?? get(each, "rate") ?? get(each, "Weight") ?? get(each, "weight")}`;
        }),
      ),
    ),
    logDriver: spell(get(service, "logging", "driver")),
    logOptions: pairs(get(service, "logging", "options")),
    cgroupParent: text("cgroup_parent"),
    runtime: text("runtime"),
    healthcheck: healthcheckOf(get(service, "healthcheck")),
    environment: sorted(Object.keys(object(get(service, "environment")))),
    mounts: mountsOf(service, project),
    volumesFrom: sorted(
      items(get(service, "volumes_from")).map((each) =>
        String(each)
          .replace(/^container:/, "")
          .replace(/:r[ow]$/, ""),
      ),
    ),
    devices: devicesOf(service),
    deviceCgroupRules: inList("device_cgroup_rules"),
    ports: sorted([
      ...new Set(
        items(get(service, "ports")).flatMap((port) =>
          expandPort(
            spell(get(port, "host_ip")),
            spell(get(port, "published")),
            String(get(port, "target")),
            String(get(port, "protocol")),
          ),
        ),
      ),
    ]),
    networks: networksOf(get(service, "networks")),
    networkDefinitions: definitionsOf(get(service, "networks"), get(project, "networks")),
    endpointOptions: sorted(
      Object.entries(object(get(service, "networks"))).flatMap(([network, each]) =>
        pairs(get(each, "driver_opts")).map((option) => `${network} ${option}`),
      ),
    ),
    links: sorted(
      [...items(get(service, "links")), ...items(get(service, "external_links"))].map(
        (each) => String(each).split(":")[0],
      ),
    ),
    ulimits: sorted(
      Object.entries(object(get(service, "ulimits"))).map(([name, value]) =>
        typeof value === "number"
          ? `${name}=${value}:${value}`
          : `${name}=${get(value, "soft")}:${get(value, "hard")}`,
      ),
    ),
    sysctls: pairs(get(service, "sysctls")),
    storageOpt: pairs(get(service, "storage_opt")),
    labels: pairs(get(service, "labels")),
    annotations: pairs(get(service, "annotations")),
  };
}

/** The facts that both tell and tell differently, as `name: ours ≠ theirs`. */
export function differences(ours: ServiceFacts, theirs: ServiceFacts): readonly string[] {
  return Object.keys(ours)
    .filter((key) => ours[key] !== unresolvedValue)
    .filter((key) => JSON.stringify(ours[key]) !== JSON.stringify(theirs[key]))
    .map((key) => `${key}: ${JSON.stringify(ours[key])} ≠ ${JSON.stringify(theirs[key])}`);
}

/** docker compose writes each dollar twice, so that its output is a Compose file again. */
function undouble(text: string): string {
  return text.replaceAll("$$", "$");
}

function spell(value: Json): string | undefined {
  return value === undefined || value === null || value === "" ? undefined : undouble(String(value));
}

function get(value: Json, ...keys: readonly string[]): Json {
  return keys.reduce<Json>((found, key) => (isObject(found) ? found[key] : undefined), value);
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function object(value: Json): { readonly [key: string]: Json } {
  return isObject(value) ? value : {};
}

function items(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function sorted<T>(values: readonly T[]): readonly T[] {
  return values.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function pair({ name, value }: { readonly name: string; readonly value: string }): string {
  return `${name}=${value}`;
}

function pairs(value: Json): readonly string[] {
  return sorted(
    Object.entries(object(value)).map(([name, each]) => `${name}=${undouble(String(each ?? ""))}`),
  );
}

function cpus(value: number | undefined): number | undefined {
  return value ? Math.round(value * 1e9) : undefined;
}

/** A range on both sides is as many ports; a range on the host alone lets Docker choose from it. */
function expandPort(
  ip: string | undefined,
  host: string | undefined,
  container: string,
  protocol: string,
): readonly string[] {
  const ports = range(container);
  const hosts = host === undefined ? [] : range(host);
  return ports.map(
    (port, index) =>
      `${ip ?? ""}:${hosts.length === ports.length ? hosts[index] : (host ?? "")}:${port}/${protocol}`,
  );
}

function range(text: string): readonly string[] {
  const [from = Number.NaN, to = from] = text.split("-").map(Number);
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}

function buildOf(build: Json): unknown {
  if (!build) return undefined;
  const context = String(get(build, "context"));
  const inline = spell(get(build, "dockerfile_inline"));
  const file = String(get(build, "dockerfile") ?? "Dockerfile");
  return {
    context,
    dockerfile: inline || !context.startsWith("/") ? undefined : new URL(file, `file://${context}/`).pathname,
    dockerfileInline: inline,
    target: spell(get(build, "target")),
    args: sorted(
      Object.entries(object(get(build, "args"))).flatMap(([name, value]) =>
        value === null ? [] : [`${name}=${value}`],
      ),
    ),
  };
}

function healthcheckOf(check: Json): string | undefined {
  if (get(check, "disable") === true) return "none";
  const test = items(get(check, "test"));
  if (test.length === 0) return undefined;
  return test[0] === "NONE" ? "none" : "command";
}

function networksOf(networks: Json): readonly string[] {
  const names = Object.keys(object(networks));
  return names.length === 1 && names[0] === "default" && get(networks, "default") === null
    ? []
    : sorted(names);
}

interface Definition {
  readonly driver: string | undefined;
  readonly options: readonly string[];
  readonly addressDriver: string | undefined;
  readonly subnets: readonly string[];
}

/** docker compose writes down the network `default` where the file says nothing of it. */
function saysMore({ driver, options, addressDriver, subnets }: Definition): boolean {
  return driver !== undefined || addressDriver !== undefined || options.length + subnets.length > 0;
}

function definitionsOf(joined: Json, networks: Json): readonly unknown[] {
  return sorted(
    Object.keys(object(joined))
      .filter((network) => get(networks, network, "external") !== true)
      .map((network) => {
        const made = get(networks, network);
        const address = spell(get(made, "ipam", "driver"));
        return {
          network,
          driver: spell(get(made, "driver")),
          options: [...pairs(get(made, "driver_opts"))],
          addressDriver: address === "default" ? undefined : address,
          subnets: items(get(made, "ipam", "config")).flatMap((each) =>
            ["subnet", "ip_range"].flatMap((key) => spell(get(each, key)) ?? []),
          ),
        };
      })
      .filter(saysMore),
  );
}

function devicesOf(service: Json): readonly string[] {
  const devices = items(get(service, "devices")).map((each) =>
    isObject(each)
      ? `${each.source}:${each.target ?? each.source}:${each.permissions ?? "rwm"}`
      : String(each)
          .replace(/^([^:]*)$/, "$1:$1")
          .replace(/^([^:]*:[^:]*)$/, "$1:rwm"),
  );
  const gpus = items(get(service, "deploy", "resources", "reservations", "devices")).map((each) => {
    const ids = items(get(each, "device_ids"));
    const abilities = items(get(each, "capabilities")).join(",");
    const name = `${abilities}=${ids.length > 0 ? ids.join(",") : "all"}`;
    return `${name}:${name}:rwm`;
  });
  return sorted([...devices, ...gpus]);
}

function mountsOf(service: Json, project: Json): readonly unknown[] {
  const volumes = items(get(service, "volumes")).map((each) => {
    const type = String(get(each, "type"));
    const options = get(project, "volumes", String(get(each, "source")), "driver_opts");
    const bound =
      type === "volume" &&
      String(get(options, "o") ?? "")
        .split(",")
        .includes("bind");
    return {
      type,
      source: tidy(bound ? spell(get(options, "device")) : spell(get(each, "source"))),
      target: undouble(String(get(each, "target") ?? "")),
      readOnly: get(each, "read_only") === true,
      propagation: spell(get(each, "bind", "propagation")),
      tmpfs: type === "tmpfs" ? tmpfsOf(get(each, "tmpfs")) : undefined,
    };
  });
  const tmpfs = items(get(service, "tmpfs")).map((each) => {
    const [target = "", options = ""] = String(each).split(":");
    return {
      type: "tmpfs",
      source: undefined,
      target,
      readOnly: false,
      propagation: undefined,
      tmpfs: parseTmpfsOptions(options),
    };
  });
  const files = (["secrets", "configs"] as const).flatMap((kind) =>
    items(get(service, kind)).flatMap((each) => {
      const name = String(get(each, "source"));
      const source = spell(get(project, kind, name, "file"));
      const target = String(get(each, "target") ?? name);
      const root = kind === "secrets" ? "/run/secrets/" : "/";
      if (!source) return [];
      return [
        {
          type: "bind",
          source,
          target: target.startsWith("/") ? target : root + target,
          readOnly: true,
          propagation: undefined,
          tmpfs: undefined,
        },
      ];
    }),
  );
  return sorted([...volumes, ...tmpfs, ...files]);
}

/** A path without the slash at its end, which docker compose leaves and Docker does not care about. */
function tidy(path: string | undefined): string | undefined {
  return path?.startsWith("/") ? normalisePath(path) : path;
}

function tmpfsOf(options: Json): unknown {
  const mode = get(options, "mode");
  return {
    size: parseBytes(String(get(options, "size") ?? "")),
    mode: typeof mode === "number" ? mode : undefined,
    exec: false,
    suid: false,
    dev: false,
  };
}
