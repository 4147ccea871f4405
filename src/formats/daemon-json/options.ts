/**
 * - `bool`, `string`, `number`: one value.
 * - `list`: strings. `map`: string to string. `ulimits`: name to `{Name, Soft, Hard}`.
 * - `other`: shapes that no control looks into.
 */
export type OptionKind = "bool" | "string" | "number" | "list" | "map" | "ulimits" | "other";

/** An option of dockerd. */
export interface DaemonOption {
  /** Its key in daemon.json. */
  readonly key: string;
  /** Its flag, without dashes, if it has one. */
  readonly flag: string | undefined;
  readonly short: string | undefined;
  readonly kind: OptionKind;
}

/**
 * Every option from dockerd 26 to 29, by kind: `key`, `key=flag` where the two differ, `key=flag/letter` with a short
 * flag, `key=` without a flag. Source: moby/moby daemon/config/config.go, config_linux.go and daemon/command/config.go,
 * config_unix.go, options.go; `dockerd --help`.
 */
const table: Readonly<Record<OptionKind, string>> = {
  bool: `allow-direct-routing cri-containerd debug=debug/D experimental icc init ip-forward ip-forward-no-drop
    ip-masq ip6tables iptables ipv6 live-restore no-new-privileges raw-logs rootless selinux-enabled tls tlsverify
    userland-proxy`,
  string: `api-cors-header bip bip6 bridge=bridge/b bridge-accept-fwmark cgroup-parent containerd containerd-namespace containerd-plugins-namespace data-root
    default-cgroupns-mode default-gateway default-gateway-v6 default-ipc-mode default-runtime
    deprecated-key-path= exec-root firewall-backend fixed-cidr fixed-cidr-v6 graph=graph/g group=group/G
    host-gateway-ip= http-proxy https-proxy init-path ip log-driver log-format log-level=log-level/l metrics-addr
    min-api-version= no-proxy pidfile=pidfile/p seccomp-profile storage-driver=storage-driver/s
    swarm-default-advertise-addr tlscacert tlscert tlskey userland-proxy-path userns-remap`,
  number: `cpu-rt-period cpu-rt-runtime default-stop-timeout max-concurrent-downloads max-concurrent-uploads
    max-download-attempts mtu network-control-plane-mtu network-diagnostic-port shutdown-timeout`,
  list: `allow-nondistributable-artifacts authorization-plugins=authorization-plugin cdi-spec-dirs=cdi-spec-dir dns
    dns-opts=dns-opt dns-search exec-opts=exec-opt host-gateway-ips=host-gateway-ip hosts=host/H
    insecure-registries=insecure-registry labels=label node-generic-resources=node-generic-resource
    registry-mirrors=registry-mirror storage-opts=storage-opt`,
  map: "log-opts=log-opt",
  ulimits: "default-ulimits=default-ulimit",
  other: `builder= default-address-pools=default-address-pool default-network-opts=default-network-opt
    default-shm-size features=feature nri-opts proxies= runtimes=add-runtime`,
};

const options: readonly DaemonOption[] = (Object.keys(table) as OptionKind[]).flatMap((kind) =>
  table[kind].split(/\s+/).map((entry): DaemonOption => {
    const [key = "", spelled = key] = entry.split("=");
    const [flag, short] = spelled.split("/");
    return { key, flag: flag || undefined, short, kind };
  }),
);

/** Flags that daemon.json cannot hold, with whether each takes a value. */
export const otherFlags: ReadonlyMap<string, boolean> = new Map([
  ["config-file", true],
  ["validate", false],
  ["version", false],
  ["help", false],
  ["restart", false],
  ["daemon", false],
]);

/** What only command lines of old engines have: today's dockerd refuses it in daemon.json. */
const onlyFlags = new Set(["graph"]);

const byKey = new Map(options.filter(({ key }) => !onlyFlags.has(key)).map((option) => [option.key, option]));
const byFlag = new Map(options.flatMap((option) => (option.flag ? [[option.flag, option]] : [])));
const byShort = new Map(options.flatMap((option) => (option.short ? [[option.short, option]] : [])));

export function optionOfKey(key: string): DaemonOption | undefined {
  return byKey.get(key);
}

export function optionOfFlag(flag: string): DaemonOption | undefined {
  return byFlag.get(flag);
}

export function optionOfShort(letter: string): DaemonOption | undefined {
  return byShort.get(letter);
}
