import { below, type HostPaths } from "./host-paths.ts";
import { isReadOnly, type MountEntry } from "./mount-table.ts";
import { isProtection } from "./path-protection.ts";

/** What a path of the host is to the Engine that manages it. */
export type EngineOwned =
  | { readonly kind: "volume"; readonly name: string }
  /** What the Engine makes for each container: its resolv.conf, hosts, hostname, shm, secrets. */
  | { readonly kind: "own" };

/** A volume plugin's mounts come to the Engine through a folder of the plugin's (moby: plugin/manager_linux.go). */
const volumes = [
  /^\/volumes\/([^/]+)\/_data(?:\/|$)/,
  /^\/plugins\/[0-9a-f]{64}\/propagated-mount\/(?:.*\/)?([^/]+)$/,
];

const own = /^\/containers\/[0-9a-f]{64}\/(?:resolv\.conf|hostname|hosts|mounts\/|secrets|configs)/;

/** Podman's, which may stand below its run root instead of its data root. */
const podman = /\/(?:overlay|vfs|btrfs|zfs)-containers\/[0-9a-f]{64}\/userdata\//;

/**
 * Tells the Engine's own paths under its data root; undefined for everything else there and elsewhere.
 * Without the data root they are told by their shape.
 */
export function engineOwned(path: string, dataRoot: string | undefined): EngineOwned | undefined {
  if (podman.test(path)) return { kind: "own" };
  for (const rest of dataRoot === undefined ? tails(path) : [below(dataRoot, path) ?? ""]) {
    for (const pattern of volumes) {
      const name = pattern.exec(rest)?.[1];
      if (name !== undefined) return { kind: "volume", name };
    }
    if (own.test(rest)) return { kind: "own" };
  }
  return undefined;
}

/** What the path is below each of the folders that could be a data root. */
function tails(path: string): readonly string[] {
  const starts = ["/volumes/", "/plugins/", "/containers/"].map((name) => path.indexOf(name));
  return starts.flatMap((start) => (start < 0 ? [] : path.slice(start)));
}

/** The root file system of some container, where a storage driver or containerd puts it together. */
export function isContainerRoot(path: string): boolean {
  return /\/(?:overlay2|fuse-overlayfs|overlayfs|subvolumes|graph|dir|io\.containerd\.[a-z0-9.]+)\/[^/]+(?:\/|$)/.test(
    path,
  );
}

/** What must be known of a container to tell the Engine's mounts from its user's. */
export interface MountSources {
  /** The engine's mounts, which tell host paths; undefined where its mountinfo cannot be read. */
  readonly host: HostPaths | undefined;
  readonly dataRoot: string | undefined;
  readonly privileged: boolean;
  /** Undefined where it cannot be told. */
  readonly sharesHost: {
    readonly pid: boolean | undefined;
    readonly ipc: boolean | undefined;
    readonly net: boolean | undefined;
    readonly user: boolean | undefined;
  };
}

/** True for what every container gets from the Engine and its runtime by itself. */
export function isEngineMade(entry: MountEntry, sources: MountSources): boolean {
  const { target, type, root } = entry;
  if (target === "/" || isProtection(entry) || isNameFile(target, root)) return true;
  if (type === "cgroup" || type === "cgroup2" || type === "tmpfs") {
    if (below("/sys/fs/cgroup", target) !== undefined) return true;
  }
  if (target === "/proc" || target === "/sys") return isOwnKernelView(entry, sources);
  return isOwnDevice(entry, sources);
}

/** Told by its shape, too, for where the engine's own mounts cannot be read. */
function isNameFile(target: string, root: string): boolean {
  const name = /^\/etc\/(resolv\.conf|hostname|hosts)$/.exec(target)?.[1];
  return name !== undefined && /\/containers\/[0-9a-f]{64}\/[a-z.]+$/.test(root) && root.endsWith(`/${name}`);
}

/**
 * /proc and /sys of the container's own. The file systems belong to a pid and a network namespace: one of
 * another namespace than the container's is a bind of the host's.
 */
function isOwnKernelView(entry: MountEntry, { host, privileged, sharesHost }: MountSources): boolean {
  const isHosts = host?.knows(entry.device) ?? false;
  if (entry.target === "/proc" && entry.type === "proc") return !(isHosts && sharesHost.pid === false);
  if (entry.target !== "/sys" || entry.type !== "sysfs") return false;
  // The Engine makes /sys read-only except for a privileged container.
  return privileged || !(isHosts && (sharesHost.net === false || !isReadOnly(entry)));
}

function isOwnDevice(entry: MountEntry, { host, sharesHost }: MountSources): boolean {
  const { target, type, root } = entry;
  if (target === "/dev/pts" || target === "/dev/console") return type === "devpts";
  if (target === "/dev/mqueue") return type === "mqueue";
  const isHosts = host?.knows(entry.device) ?? false;
  if (target === "/dev" && type === "tmpfs") return !isHosts;
  // With --ipc=host the Engine binds the host's; that is told as the namespace's.
  if (target === "/dev/shm" && type === "tmpfs") return !isHosts || sharesHost.ipc !== false;
  // In a user namespace the runtime cannot make nodes and binds the host's: devices, which are read as such.
  if (type === "devtmpfs" && sharesHost.user === false) return target.startsWith("/dev/") && root !== "/";
  // What --init binds; Debian's docker-init is a link to tini's.
  return (
    target === "/sbin/docker-init" && isReadOnly(entry) && /\/(?:docker-init|tini(?:-static)?)$/.test(root)
  );
}
