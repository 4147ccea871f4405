import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import {
  booleanFact,
  documentAt,
  escapePointer,
  field,
  integerFact,
  isNothing,
  type JsonNode,
  path,
  stringFact,
} from "../../formats/create-request/json.ts";
import type { NameValue } from "../../model/container-values.ts";
import { type Engine, engine, type ListenAddress, type RootlessHost } from "../../model/engine.ts";
import { type Fact, type FactList, mapFact, set, unresolved, unset } from "../../model/fact.ts";
import type { Origin } from "../../model/origin.ts";
import type { RootOwner } from "../../model/root-owner.ts";
import { type FactsReadBy, unseenIn } from "../../model/sight.ts";
import { engineSight } from "./sight.ts";
import { apiOf, asOldAs } from "./since.ts";

const unseenFacts = unseenIn<Engine>(engineSight);

/** The documents that an engine is read from, by their path in the API; undefined for one that did not come. */
export interface EngineDocuments {
  readonly info: unknown;
  readonly version: unknown;
  readonly networks: unknown;
  /** Podman's own `/libpod/info`, by its path behind the version. */
  readonly libpod?: unknown;
}

/** Whether the Engine that says this version is Podman, so that `/libpod/info` is asked for, too. */
export function saysPodman(version: unknown): boolean {
  return isPodman(readProduct({ version }));
}

/**
 * The engine as its API shows it, as configured. Origins point into the documents together, by path:
 * `/info/SecurityOptions/0`. What no document of the API tells (default ulimits, log and storage options) is
 * unresolved: the daemon's configuration knows it.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/System/operation/SystemInfo
 */
export function engineFromInfo(documents: EngineDocuments): Engine {
  const info = documentAt(documents.info, "/info");
  const driver = stringFact(field(info, "Driver"));
  const backing = backingFilesystem(info);
  const product = readProduct(documents);
  // Podman's answers are those of its own version, whatever version of Docker's API they follow.
  const api = isPodman(product) ? Number.POSITIVE_INFINITY : apiOf(documents.version);
  const security = asOldAs(api, engineSight, readSecurity(info));
  const facts: FactsReadBy<typeof engineSight, Engine> = {
    ...security,
    ...(isPodman(product) && {
      seccompProfile: unknownProfile,
      apparmorEnabled: podmansAppArmor(documents, security.apparmorEnabled),
    }),
    product,
    version: versionOf(documents),
    storageDriver: driver,
    backingFilesystem: backing,
    storageQuotaSupported: storageQuota(driver, backing),
    logDriver: stringFact(field(info, "LoggingDriver")),
    icc: readIcc(documents.networks),
    liveRestore: booleanFact(field(info, "LiveRestoreEnabled")),
    swarmActive: swarmActive(info),
    cgroupVersion: cgroupVersion(info),
    rootOwner: rootOwner(security, product),
    limitsNotInForce: isPodman(product)
      ? podmansMissingLimits(documents, info, security.rootless)
      : limitsNotInForce(info),
    rootlessHost: rootlessHost(security.rootless, documents.version),
    memoryTotal: integerFact(field(info, "MemTotal")),
    cpus: integerFact(field(info, "NCPU")),
    kernelVersion: stringFact(field(info, "KernelVersion")),
    dataRoot: stringFact(field(info, "DockerRootDir")),
    defaultRuntime: stringFact(field(info, "DefaultRuntime")),
    listenAddresses: warnedAddresses(info),
    insecureRegistries: insecureRegistries(info),
    authorizationPlugins: textsOf(path(info, "Plugins", "Authorization").value).map((name, index) =>
      set(name, { pointer: `/info/Plugins/Authorization/${index}` }),
    ),
    components: readComponents(documents),
    kernelLsm: unresolved("the host's kernel cannot be seen from here"),
    absentModules: unresolved("the host's kernel cannot be seen from here"),
    selinuxMode: unresolved("the host's kernel cannot be seen from here"),
    logOptions: untold("log options"),
    storageOptions: untold("storage options"),
    furtherOptions: untold("further options"),
    defaultUlimits: untold("default ulimits"),
  };
  return engine("configured", { ...unseenFacts, ...asOldAs(api, engineSight, facts) });
}

/** Without its host nobody knows which account it is. */
function rootOwner({ rootless, usernsRemap }: SecurityInfo, product: Fact<string>): Fact<RootOwner> {
  if (rootless.state !== "set") return rootless;
  if (rootless.value)
    return { ...rootless, value: { kind: isPodman(product) ? "podman-rootless" : "rootless" } };
  const isRemapped = usernsRemap.state === "set" && usernsRemap.value !== "";
  return { ...rootless, value: isRemapped ? { kind: "userns-remap" } : { kind: "rootful", uid: 0 } };
}

const switches = [
  ["memory", "MemoryLimit"],
  ["memory-swap", "SwapLimit"],
  ["pids-limit", "PidsLimit"],
  ["cpus", "CpuCfsQuota"],
  ["cpuset-cpus", "CPUSet"],
] as const;

const allLimits = [...switches.map(([name]) => name), "blkio"];

/** What the Engine refuses to set, or forgets with a warning (moby: daemon/info_unix.go). */
function limitsNotInForce(info: JsonNode): Fact<readonly string[]> {
  if (isNothing(info.value)) return unresolved("the Engine did not describe itself");
  // Of a rootless Engine without delegated cgroups.
  if (textAt(info.value, "CgroupDriver") === "none") return set(allLimits, { pointer: "/info/CgroupDriver" });
  const off = switches.flatMap(([name, member]) => {
    const { value } = field(info, member);
    return value === false ? [name] : [];
  });
  return set(off, { pointer: "/info/CgroupDriver" });
}

/** What a controller of cgroup v2 sets. */
const limitsOfController = [
  ["memory", ["memory", "memory-swap"]],
  ["pids", ["pids-limit"]],
  ["cpu", ["cpus"]],
  ["cpuset", ["cpuset-cpus"]],
  ["io", ["blkio"]],
] as const;

const notDescribed = "Podman's own description of itself (/libpod/info) did not come";

/** Of a rootless Podman on cgroup v2, /info names the controllers of another cgroup than its containers'. */
function podmansMissingLimits(
  { libpod }: EngineDocuments,
  info: JsonNode,
  rootless: Fact<boolean>,
): Fact<readonly string[]> {
  if (isNothing(info.value)) return unresolved("the Engine did not describe itself");
  if (textAt(info.value, "CgroupVersion") === "1") {
    // Podman shows what the kernel has, and drops a rootless container's limits all the same (podman-run(1)).
    const isRootless = rootless.state === "set" && rootless.value;
    return isRootless ? set(allLimits, { pointer: "/info/CgroupVersion" }) : limitsNotInForce(info);
  }
  const host = recordAt({ libpod }, "libpod", "host");
  if (!Array.isArray(host.cgroupControllers)) return unresolved(notDescribed);
  const controllers = textsOf(host.cgroupControllers);
  const off = limitsOfController.flatMap(([controller, limits]) =>
    controllers.includes(controller) ? [] : limits,
  );
  return set(off, { pointer: "/libpod/host/cgroupControllers" });
}

/** /info says what the kernel has. A rootless Podman loads no profile (podman: pkg/api/handlers/compat/info.go). */
function podmansAppArmor({ libpod }: EngineDocuments, said: Fact<boolean>): Fact<boolean> {
  if (said.state !== "set" || !said.value) return said;
  const { apparmorEnabled } = recordAt({ libpod }, "libpod", "host", "security");
  if (typeof apparmorEnabled !== "boolean") return unresolved(notDescribed);
  return set(apparmorEnabled, { pointer: "/libpod/host/security/apparmorEnabled" });
}

/** `Details` of rootlesskit among the components of /version. */
function rootlessHost(rootless: Fact<boolean>, version: unknown): Fact<RootlessHost> {
  if (rootless.state !== "set" || !rootless.value) return unset;
  const components = itemsOf(isRecord(version) ? version.Components : undefined);
  const index = components.findIndex((each) => textAt(each, "Name") === "rootlesskit");
  const details = recordAt(components[index], "Details");
  return set(
    { networkDriver: textAt(details, "NetworkDriver"), portDriver: textAt(details, "PortDriver") },
    { pointer: `/version/Components/${Math.max(0, index)}/Details` },
  );
}

function untold(what: string): FactList<never> {
  return [
    unresolved(`the Engine's API does not tell its ${what}, and its configuration cannot be seen from here`),
  ];
}

/** Podman says `default`, whatever its containers.conf holds (podman: pkg/api/handlers/compat/info.go). */
const unknownProfile = unresolved("podman does not tell its default seccomp profile");

function isPodman(product: Fact<string>): boolean {
  return product.state === "set" && product.value === "podman";
}

/** Docker calls its component “Engine”, podman “Podman Engine”; others say their name. */
function readProduct({ version }: Pick<EngineDocuments, "version">): Fact<string> {
  const names = itemsOf(isRecord(version) ? version.Components : undefined).map(
    (each) => textAt(each, "Name") ?? "",
  );
  const index = names.findIndex((name) => /\bengine$/i.test(name));
  const name = names[index];
  if (name === undefined) return unset;
  const origin = { pointer: `/version/Components/${index}/Name` };
  return set(name === "Engine" ? "docker" : name.replace(/\s*engine$/i, "").toLowerCase(), origin);
}

/** `Components` of /version; nothing for an Engine that names none. */
function readComponents({ version }: EngineDocuments): FactList<NameValue> {
  return itemsOf(isRecord(version) ? version.Components : undefined).flatMap((each, index) => {
    const [name, value] = [textAt(each, "Name"), textAt(each, "Version")];
    const origin = { pointer: `/version/Components/${index}/Version` };
    return name === undefined || value === undefined ? [] : [set({ name, value }, origin)];
  });
}

function versionOf({ version, info }: EngineDocuments): Fact<string> {
  const own = stringFact(field(documentAt(version, "/version"), "Version"));
  return own.state === "set" ? own : stringFact(field(documentAt(info, "/info"), "ServerVersion"));
}

/** `DriverStatus`: pairs of a name and a value. */
function backingFilesystem(info: JsonNode): Fact<string> {
  const pairs = itemsOf(field(info, "DriverStatus").value);
  const index = pairs.findIndex((pair) => itemsOf(pair)[0] === "Backing Filesystem");
  const [, value] = textsOf(pairs[index]);
  if (value === undefined || value === "<unknown>") return unset;
  return set(value, { pointer: `/info/DriverStatus/${index}/1` });
}

/**
 * Whether `--storage-opt size=` can work. overlay2 needs xfs mounted with pquota, which only the host's mounts tell
 * (moby: daemon/graphdriver/overlay2).
 *
 * @see https://docs.docker.com/reference/cli/docker/container/run/#storage-opt
 */
export function storageQuota(
  driver: Fact<string>,
  backing: Fact<string>,
  mountOptions?: readonly string[],
): Fact<boolean> {
  if (driver.state !== "set") return driver;
  if (["btrfs", "zfs", "windowsfilter", "devicemapper"].includes(driver.value))
    return set(true, ...driver.origins);
  if (["fuse-overlayfs", "overlayfs", "aufs"].includes(driver.value)) return set(false, ...driver.origins);
  // Podman calls its own `overlay`.
  if (!["overlay2", "overlay"].includes(driver.value)) {
    return unresolved(
      `whether the driver ${driver.value} can limit a layer here is not known`,
      ...driver.origins,
    );
  }
  if (backing.state !== "set")
    return unresolved("the file system below the storage driver is unknown", ...driver.origins);
  if (backing.value !== "xfs") return set(false, ...driver.origins, ...backing.origins);
  if (!mountOptions) {
    return unresolved("whether xfs is mounted with pquota cannot be seen from here", ...backing.origins);
  }
  return set(
    mountOptions.some((option) => /^(?:pquota|prjquota)$/.test(option)),
    ...driver.origins,
    ...backing.origins,
  );
}

function swarmActive(info: JsonNode): Fact<boolean> {
  const state = stringFact(path(info, "Swarm", "LocalNodeState"));
  return mapFact(state, (value) => value !== "inactive");
}

function cgroupVersion(info: JsonNode): Fact<number> {
  const version = stringFact(field(info, "CgroupVersion"));
  return mapFact(version, Number);
}

const bridge = "com.docker.network.bridge";

/** `icc` of the default bridge. Without one (`--bridge=none`) no container can be on it. */
function readIcc(networks: unknown): Fact<boolean> {
  if (!Array.isArray(networks)) return unresolved("the Engine did not list its networks");
  const network: unknown = networks.find(
    (each) => textAt(each, "Options", `${bridge}.default_bridge`) === "true",
  );
  if (network === undefined) return set(false, { pointer: "/networks" });
  const key = `${bridge}.enable_icc`;
  const value = textAt(network, "Options", key);
  // By its name, as it is inspected by: the Engine lists its networks in another order each time.
  const name = escapePointer(textAt(network, "Name") ?? "bridge");
  return set(value !== "false", { pointer: `/networks/${name}/Options/${key}` });
}

/**
 * The TCP addresses that the Engine warns of in `Warnings` (moby: daemon/info.go, fillAPIInfo): those without TLS and
 * those that let any client in. It keeps silent about mutual TLS.
 */
function warnedAddresses(info: JsonNode): FactList<ListenAddress> {
  const { value, pointer } = field(info, "Warnings");
  return textsOf(value).flatMap((warning, index) => {
    const match =
      /API is accessible on (https?:\/\/)?(\S+) without (encryption|TLS client verification)/.exec(warning);
    if (!match) return [];
    const [, , address = "", missing] = match;
    const tls = missing === "encryption" ? "none" : "server";
    return [
      set({ address: `tcp://${address.replace(/[.,]$/, "")}`, tls }, { pointer: `${pointer}/${index}` }),
    ];
  });
}

/** What dockerd adds by itself. */
const always = ["127.0.0.0/8", "::1/128"];

/** Registries that are trusted without TLS: addresses (`InsecureRegistryCIDRs`) and names (`IndexConfigs`). */
function insecureRegistries(info: JsonNode): FactList<string> {
  const ranges = path(info, "RegistryConfig", "InsecureRegistryCIDRs");
  const names = path(info, "RegistryConfig", "IndexConfigs");
  return [
    ...textsOf(ranges.value).flatMap((range, index) =>
      always.includes(range) ? [] : [set(range, { pointer: `${ranges.pointer}/${index}` })],
    ),
    ...Object.entries(recordAt(names.value)).flatMap(([name, index]) =>
      recordAt(index).Secure === false
        ? [set(name, { pointer: `${names.pointer}/${escapePointer(name)}/Secure` })]
        : [],
    ),
  ];
}

type SecurityInfo = Pick<
  Engine,
  | "rootless"
  | "usernsRemap"
  | "noNewPrivileges"
  | "seccompProfile"
  | "seccompSupported"
  | "apparmorEnabled"
  | "selinuxEnabled"
>;

/**
 * `SecurityOptions`: `name=seccomp,profile=builtin`, `name=apparmor`, `name=selinux`, `name=userns`,
 * `name=rootless`, `name=no-new-privileges` (moby: daemon/info.go, fillSecurityOptions). One that is not listed
 * is off.
 */
function readSecurity(info: JsonNode): SecurityInfo {
  const node = field(info, "SecurityOptions");
  if (node.problem !== undefined || (!isNothing(node.value) && !Array.isArray(node.value))) {
    return everything(unresolved("the Engine's security options cannot be read", { pointer: node.pointer }));
  }
  if (isNothing(info.value)) return everything(unresolved("the Engine did not describe itself"));
  const options = textsOf(node.value).map((text, index) => ({
    ...parseOption(text),
    origin: { pointer: `${node.pointer}/${index}` },
  }));
  const find = (name: string) => options.find((option) => option.name === name);
  const flag = (name: string) =>
    set(find(name) !== undefined, find(name)?.origin ?? { pointer: node.pointer });
  const seccomp = find("seccomp");
  const userns = find("userns");
  return {
    rootless: flag("rootless"),
    usernsRemap: set(userns ? remapping(info) : "", userns?.origin ?? { pointer: node.pointer }),
    noNewPrivileges: flag("no-new-privileges"),
    seccompSupported: flag("seccomp"),
    seccompProfile: seccomp ? seccompProfile(seccomp.parts.get("profile"), seccomp.origin) : unset,
    apparmorEnabled: flag("apparmor"),
    selinuxEnabled: flag("selinux"),
  };
}

function everything(fact: Fact<never>): SecurityInfo {
  return {
    rootless: fact,
    usernsRemap: fact,
    noNewPrivileges: fact,
    seccompProfile: fact,
    seccompSupported: fact,
    apparmorEnabled: fact,
    selinuxEnabled: fact,
  };
}

/** `name=seccomp,profile=builtin`; before Docker 1.13's form, and from podman, a bare name. */
function parseOption(text: string): { readonly name: string; readonly parts: ReadonlyMap<string, string> } {
  const pairs = text.split(",").map((part): [string, string] => {
    const equals = part.indexOf("=");
    return equals < 0 ? ["name", part] : [part.slice(0, equals), part.slice(equals + 1)];
  });
  const parts = new Map(pairs);
  return { name: parts.get("name") ?? "", parts };
}

/** Docker calls its own profile `builtin`, until Docker 23 `default`. */
function seccompProfile(profile: string | undefined, origin: Origin): Fact<string> {
  if (profile === undefined || profile === "") return unset;
  return set(profile === "default" ? "builtin" : profile, origin);
}

/** Who root is remapped to is not told, but the data root ends with their numbers: `/var/lib/docker/100000.100000`. */
function remapping(info: JsonNode): string {
  const numbers = /\/(\d+)\.(\d+)\/?$/.exec(textAt(info.value, "DockerRootDir") ?? "");
  return numbers ? `${numbers[1]}:${numbers[2]}` : "default";
}
