import type { Result } from "../../base/result.ts";
import type { NameValue } from "../../model/container-values.ts";
import { credentialsInValue, type WrittenCredential } from "../../model/credentials/find.ts";
import { type Engine, engine, type ListenAddress } from "../../model/engine.ts";
import { type Fact, type FactList, mapFact, set, unresolved, unset } from "../../model/fact.ts";
import type { Level } from "../../model/level.ts";
import { type EngineSight, type FactsReadBy, unseenIn } from "../../model/sight.ts";
import { parseUlimit } from "../values/port.ts";
import type { DaemonSettings } from "./settings.ts";

const ofHost = { unseen: "a configuration does not show the host" } as const;
const ofEngine = { unseen: "a configuration does not show the running Engine" } as const;

/** What a daemon.json tells, and dockerd's flags. */
export const daemonSight = {
  product: ofEngine,
  version: ofEngine,
  rootless: "read",
  rootOwner: ofHost,
  limitsNotInForce: ofHost,
  rootlessHost: ofHost,
  usernsRemap: "read",
  noNewPrivileges: "read",
  seccompProfile: "read",
  seccompAllowsAll: { unseen: "only the file of the seccomp profile says what it allows" },
  seccompOpens: { unseen: "only the file of the seccomp profile says what it allows" },
  absentModules: ofHost,
  seccompSupported: ofHost,
  kernelLsm: ofHost,
  apparmorEnabled: ofHost,
  selinuxEnabled: "read",
  selinuxMode: ofHost,
  storageDriver: "read",
  backingFilesystem: ofHost,
  storageQuotaSupported: ofHost,
  logDriver: "read",
  icc: "read",
  liveRestore: "read",
  swarmActive: ofEngine,
  cgroupVersion: ofHost,
  cgroupParent: "read",
  defaultCgroupnsMode: "read",
  defaultIpcMode: "read",
  memoryTotal: ofHost,
  cpus: ofHost,
  swapTotal: ofHost,
  kernelVersion: ofHost,
  dataRoot: "read",
  defaultRuntime: "read",
  listenAddresses: "read",
  socketFiles: ofHost,
  units: ofHost,
  kernelPrograms: ofHost,
  storageOptions: "read",
  furtherOptions: "read",
  credentials: "read",
  logOptions: "read",
  defaultUlimits: "read",
  insecureRegistries: "read",
  authorizationPlugins: "read",
  components: ofEngine,
} as const satisfies EngineSight;

const unseenFacts = unseenIn<Engine>(daemonSight);

/** The engine that dockerd becomes with these settings. */
export function engineOf(settings: DaemonSettings, level: Level = "declared"): Engine {
  const text = (key: string) => single(settings, key);
  const bool = (key: string) => mapFact(single(settings, key), (value) => value === "true");
  const facts: FactsReadBy<typeof daemonSight, Engine> = {
    rootless: bool("rootless"),
    usernsRemap: text("userns-remap"),
    noNewPrivileges: bool("no-new-privileges"),
    seccompProfile: mapFact(text("seccomp-profile"), (value) => value || "builtin"),
    selinuxEnabled: bool("selinux-enabled"),
    storageDriver: text("storage-driver"),
    logDriver: text("log-driver"),
    icc: iccOf(settings),
    liveRestore: bool("live-restore"),
    cgroupParent: text("cgroup-parent"),
    defaultCgroupnsMode: text("default-cgroupns-mode"),
    defaultIpcMode: text("default-ipc-mode"),
    dataRoot: text(settings.given.has("data-root") ? "data-root" : "graph"),
    defaultRuntime: text("default-runtime"),
    listenAddresses: listenAddressesOf(settings),
    storageOptions: list(settings, "storage-opts", nameValue),
    furtherOptions: [
      ...furtherOptions.flatMap((key) =>
        list({ ...settings, open: undefined }, key, (value) => ({ ok: true, value: { name: key, value } })),
      ),
      ...(settings.open ? [settings.open] : []),
    ],
    credentials: credentialsIn(settings),
    logOptions: list(settings, "log-opts", nameValue),
    defaultUlimits: list(settings, "default-ulimits", parseUlimit),
    insecureRegistries: list(settings, "insecure-registries", same),
    authorizationPlugins: list(settings, "authorization-plugins", same),
  };
  return engine(level, { ...unseenFacts, ...facts });
}

/** None of them can hold a secret. */
const furtherOptions = [
  ...[
    "log-level",
    "iptables",
    "ip6tables",
    "userland-proxy",
    "experimental",
    "metrics-addr",
    "min-api-version",
  ],
  ...[
    "allow-direct-routing",
    "ip-forward-no-drop",
    "default-network-opts",
    "builder",
    "nri-opts",
    "runtimes",
  ],
  ...["cdi-spec-dirs", "init-path", "userland-proxy-path"],
];

const mayHoldCredentials = ["proxies", "http-proxy", "https-proxy", "log-opts", "registry-mirrors"];

/** A proxy's password, a log driver's token. */
function credentialsIn({ given }: DaemonSettings): FactList<WrittenCredential> {
  return mayHoldCredentials.flatMap((key) =>
    (given.get(key)?.items ?? []).flatMap((item): FactList<WrittenCredential> => {
      if (item.state !== "set") return [];
      const [, name = key, value = ""] = /^([\w.-]+)=([\s\S]*)$/.exec(item.value) ?? [
        undefined,
        key,
        item.value,
      ];
      const where = name === key ? `the option ${key}` : `the option ${name} of ${key}`;
      return credentialsInValue(name, value).map((each) => set({ ...each, where }, ...item.origins));
    }),
  );
}

/** The last of repeated values counts. */
function single({ given, open }: DaemonSettings, key: string): Fact<string> {
  return given.get(key)?.items.at(-1) ?? open ?? unset;
}

function list<T>(
  { given, open }: DaemonSettings,
  key: string,
  parse: (text: string) => Result<T>,
): FactList<T> {
  const items = (given.get(key)?.items ?? []).map((item) => {
    if (item.state !== "set") return item;
    const parsed = parse(item.value);
    return parsed.ok ? set(parsed.value, ...item.origins) : unresolved(parsed.reason, ...item.origins);
  });
  return open ? [...items, open] : items;
}

function same(value: string): Result<string> {
  return { ok: true, value };
}

function nameValue(text: string): Result<NameValue> {
  const equals = text.indexOf("=");
  const name = equals === -1 ? text : text.slice(0, equals);
  return {
    ok: true,
    value: { name: name.trim(), value: equals === -1 ? "" : text.slice(equals + 1).trim() },
  };
}

/** Without a default bridge (`bridge: none`) no container can reach another over it. */
function iccOf(settings: DaemonSettings): Fact<boolean> {
  const bridge = single(settings, "bridge");
  if (bridge.state === "set" && bridge.value === "none") return set(false, ...bridge.origins);
  return mapFact(single(settings, "icc"), (value) => value === "true");
}

type Protection = Fact<ListenAddress["tls"]>;

/**
 * `--tlsverify`, given at all, turns TLS on, and with `true` demands client certificates. Of `--tls` alone the
 * documentation says that clients are not verified, as it was in older ones, so it is not counted on.
 * Source: https://docs.docker.com/engine/security/protect-access/#daemon-modes, moby/moby daemon/command/daemon.go.
 */
export function tlsOf(settings: DaemonSettings): Protection {
  const verify = single(settings, "tlsverify");
  if (verify.state === "set") return mapFact(verify, (value) => (value === "true" ? "mutual" : "server"));
  if (verify.state === "unresolved") return verify;
  return mapFact(single(settings, "tls"), (value) => (value === "true" ? "server" : "none"));
}

function listenAddressesOf(settings: DaemonSettings): FactList<ListenAddress> {
  const tls = tlsOf(settings);
  const hosts = list(settings, "hosts", same).filter(
    (host) => host.state !== "set" || host.value.trim() !== "",
  );
  if (hosts.length === 0 && tls.state === "set" && tls.value !== "none") {
    // dockerd listens on TCP where TLS is asked for and no host is given.
    return [set({ address: "tcp://localhost:2376", tls: tls.value }, ...tls.origins)];
  }
  return hosts.map((host) => {
    if (host.state !== "set") return host;
    const address = withScheme(host.value.trim());
    if (/^(?:unix|npipe):/.test(address) || (address.startsWith("fd:") && tls.state === "unresolved"))
      return set({ address, tls: "none" }, ...host.origins);
    if (tls.state === "unresolved") return unresolved(tls.reason, ...host.origins, ...tls.origins);
    return set({ address, tls: tls.state === "set" ? tls.value : "none" }, ...host.origins);
  });
}

/** `:2375` and `0.0.0.0:2375` are TCP (moby/moby daemon/pkg/opts/hosts.go: ParseDaemonHost). */
function withScheme(host: string): string {
  return host.includes("://") ? host : `tcp://${host}`;
}
