import type { FactList, SetFact, UnresolvedFact } from "../model/fact.ts";
import { set, unresolved } from "../model/fact.ts";
import { type Mount, mount, type Propagation } from "../model/mount.ts";
import { engineOwned } from "./engine-paths.ts";
import { below, type HostPaths } from "./host-paths.ts";
import { isReadOnly, type MountEntry, mountAt } from "./mountinfo.ts";
import { isProtection } from "./path-protection.ts";
import { readTmpfs } from "./tmpfs.ts";

/** What is to be known to read a container's mounts. */
export interface MountScene {
  /** The container's own mountinfo. */
  readonly entries: readonly MountEntry[];
  /** The path of that file, for origins. */
  readonly path: string;
  /** The engine's, which tells host paths; undefined where its mountinfo cannot be read. */
  readonly host: HostPaths | undefined;
  readonly dataRoot: string | undefined;
  readonly privileged: boolean;
  /** Undefined where it cannot be told. */
  readonly sharesHost: {
    readonly pid: boolean | undefined;
    readonly ipc: boolean | undefined;
    readonly net: boolean | undefined;
  };
  readonly remapped: boolean;
}

/**
 * The mounts that expose something of the host, and the tmpfs mounts that somebody asked for. What the Engine
 * makes for every container is left out, and so is what lies below a bind because it lies below its source
 * (unless it is writable under a read-only one).
 */
export function readMounts(scene: MountScene): FactList<Mount> {
  const visible = scene.entries.filter((entry) => mountAt(scene.entries, entry.target) === entry);
  const read = visible.flatMap((entry) => readMount(entry, scene) ?? []);
  return [...cgroupMount(scene), ...read.filter((fact) => !isImplied(fact, read))];
}

function readMount(entry: MountEntry, scene: MountScene): SetFact<Mount> | UnresolvedFact | undefined {
  const origin = { kernel: scene.path, field: entry.target };
  if (isEngineMade(entry, scene)) return undefined;
  const place = { device: entry.device, root: entry.root };
  const inVolume = (path: string) => engineOwned(path, scene.dataRoot)?.kind === "volume";
  const path = scene.host?.pathOf(place);
  if (path === undefined) {
    if (entry.type === "tmpfs") return set(readTmpfs(entry), origin);
    if (internal.has(entry.type)) return undefined;
    const what = `the mount at ${entry.target} (${entry.type} ${entry.device})`;
    return unresolved(`${what} cannot be found among the engine's own mounts`, origin);
  }
  const owned = engineOwned(path, scene.dataRoot);
  if (owned?.kind === "own") return undefined;
  const target = entry.target;
  const readOnly = isReadOnly(entry);
  if (owned?.kind === "volume") {
    // A volume that the `local` driver bound from elsewhere shows elsewhere, too.
    const device = scene.host?.pathOf(place, inVolume);
    return set(
      mount({
        type: "volume",
        source: owned.name,
        target,
        readOnly,
        // The Engine makes every volume a slave of its own mounts; only `shared` was asked for.
        propagation: entry.shared === undefined ? undefined : "shared",
        hostPath: device,
        resolvedPath: device,
      }),
      origin,
    );
  }
  return set(
    mount({
      type: "bind",
      source: path,
      target,
      readOnly,
      propagation: propagation(entry),
      hostPath: path,
      resolvedPath: path,
    }),
    origin,
  );
}

/** File systems that show nothing of the host by themselves where the engine does not mount the same one. */
const internal = new Set([
  ..."proc sysfs cgroup cgroup2 devpts mqueue overlay nsfs tmpfs ramfs devtmpfs securityfs debugfs".split(
    " ",
  ),
  ..."tracefs bpf pstore configfs hugetlbfs fusectl binfmt_misc autofs rpc_pipefs efivarfs".split(" "),
]);

function propagation(entry: MountEntry): Propagation {
  if (entry.shared !== undefined) return "shared";
  return entry.master === undefined ? "private" : "slave";
}

/** What every container gets from the Engine and its runtime. */
function isEngineMade(entry: MountEntry, scene: MountScene): boolean {
  const { target, type, root } = entry;
  const { sharesHost, host } = scene;
  if (target === "/" || isProtection(entry)) return true;
  if (type === "cgroup" || type === "cgroup2" || type === "tmpfs") {
    if (below("/sys/fs/cgroup", target) !== undefined) return true;
  }
  if (target === "/proc" && type === "proc") {
    // The file system of another pid namespace than the container's own is a bind of the host's.
    return !(host?.knows(entry.device) && sharesHost.pid === false);
  }
  if (target === "/sys" && type === "sysfs") {
    const hosts = host?.knows(entry.device) && (sharesHost.net === false || !isReadOnly(entry));
    return scene.privileged || !hosts;
  }
  if (target === "/dev" && type === "tmpfs" && !host?.knows(entry.device)) return true;
  if (target === "/dev/pts" || target === "/dev/console") return type === "devpts";
  if (target === "/dev/mqueue") return type === "mqueue";
  if (target === "/dev/shm" && type === "tmpfs") {
    return !host?.knows(entry.device) || sharesHost.ipc !== false || engineShm(entry, scene);
  }
  // With user namespaces the runtime cannot make nodes and binds the host's: devices, which are read as such.
  if (type === "devtmpfs" && scene.remapped && target.startsWith("/dev/") && root !== "/") return true;
  if (target === "/sbin/docker-init") return root.endsWith("/docker-init") || root.endsWith("/tini-static");
  return false;
}

/** The /dev/shm of this or of another container, which the Engine keeps below its data root. */
function engineShm(entry: MountEntry, scene: MountScene): boolean {
  const path = scene.host?.pathOf({ device: entry.device, root: entry.root });
  return path !== undefined && engineOwned(path, scene.dataRoot)?.kind === "own";
}

/**
 * The cgroup file system at its usual place is the Engine's, read-only. Writable, the container can lift its
 * own limits, and on v1 run programs on the host (release_agent). `--privileged` makes it so, and says so.
 */
function cgroupMount({ entries, privileged, path }: MountScene): readonly SetFact<Mount>[] {
  const writable = entries.filter(
    (entry) =>
      (entry.type === "cgroup" || entry.type === "cgroup2") &&
      below("/sys/fs/cgroup", entry.target) !== undefined &&
      !isReadOnly(entry),
  );
  if (privileged || writable.length === 0) return [];
  const folder = "/sys/fs/cgroup";
  return [
    set(
      mount({ type: "bind", source: folder, target: folder, hostPath: folder, resolvedPath: folder }),
      ...writable.map(({ target }) => ({ kernel: path, field: target })),
    ),
  ];
}

/** True for what came along with a recursive bind, at the same place below it as on the host. */
function isImplied(
  fact: SetFact<Mount> | UnresolvedFact,
  all: readonly (SetFact<Mount> | UnresolvedFact)[],
): boolean {
  if (fact.state !== "set" || fact.value.type === "tmpfs") return false;
  const { target, hostPath, readOnly, source, type } = fact.value;
  const shown = type === "volume" ? undefined : (hostPath ?? source);
  return all.some((other) => {
    if (other === fact || other.state !== "set" || other.value.type !== "bind") return false;
    const rest = below(other.value.target, target);
    if (rest === undefined || rest === "" || (other.value.readOnly && !readOnly)) return false;
    const { hostPath: base } = other.value;
    if (base === undefined) return false;
    if (shown === undefined) return false;
    return (base === "/" ? rest : `${base}${rest}`) === shown;
  });
}
