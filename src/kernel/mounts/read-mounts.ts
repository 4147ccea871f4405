import { type FactList, type SetFact, set, type UnresolvedFact, unresolved } from "../../model/fact.ts";
import { type Mount, mount, type Propagation } from "../../model/mount.ts";
import { engineOwned, isContainerRoot, isEngineMade, type MountSources } from "./engine-paths.ts";
import { isToldByType } from "./file-systems.ts";
import { below, join, upwards } from "./host-paths.ts";
import { isReadOnly, type MountEntry, type MountTable } from "./mount-table.ts";

type MountFact = SetFact<Mount> | UnresolvedFact;

/**
 * The mounts of a container that expose something of the host, and the tmpfs mounts that somebody asked for.
 * What the Engine makes for every container is left out, and so is what lies below a bind because it lies
 * below its source on the host (unless it is writable under a read-only one). `file` is the mountinfo's path.
 */
export function readMounts(table: MountTable, file: string, sources: MountSources): FactList<Mount> {
  const read = table.visible
    .filter((entry) => !isEngineMade(entry, sources))
    .flatMap((entry) => readMount(entry, { kernel: file, field: entry.target }, sources) ?? []);
  const binds = new Map(
    read.flatMap((fact) =>
      fact.state === "set" && fact.value.type === "bind" ? [[fact.value.target, fact.value]] : [],
    ),
  );
  return [...cgroupMount(table, file, sources), ...read.filter((fact) => !cameAlong(fact, binds))];
}

function readMount(
  entry: MountEntry,
  origin: { readonly kernel: string; readonly field: string },
  sources: MountSources,
): MountFact | undefined {
  const { host, dataRoot } = sources;
  const paths = host?.pathsOf(entry) ?? [];
  const owners = paths.map((path) => engineOwned(path, dataRoot));
  if (owners.some((owner) => owner?.kind === "own")) return undefined;
  const shown = paths.find((_, index) => !owners[index]);
  // What lies below the source of a volume that a driver bound is no mount of that volume.
  const owned = owners.find(
    (owner, index) => owner && (shown === undefined || paths[index]?.endsWith("/_data")),
  );
  const seen = { target: entry.target, readOnly: isReadOnly(entry), hostPath: shown, resolvedPath: shown };
  if (owned?.kind === "volume") {
    // The Engine makes a volume a slave of its own mounts by itself; only `shared` was asked for. A path is
    // shown where a driver bound the volume from elsewhere on the host.
    const asked = entry.shared === undefined ? undefined : "shared";
    return set(mount({ type: "volume", source: owned.name, propagation: asked, ...seen }), origin);
  }
  if (shown !== undefined) {
    return set(mount({ type: "bind", source: shown, propagation: propagation(entry), ...seen }), origin);
  }
  if (entry.type === "tmpfs") return set(readTmpfs(entry), origin);
  if (internal.has(entry.type) || isToldByType(entry, sources)) return undefined;
  const what = `the mount at ${entry.target} (${entry.type} ${entry.device})`;
  return unresolved(`${what} cannot be found among the engine's own mounts`, origin);
}

/** File systems that show nothing of the host wherever they are mounted. */
const internal = new Set(["devpts", "mqueue", "nsfs", "ramfs", "hugetlbfs", "autofs", "overlay"]);

function propagation(entry: MountEntry): Propagation {
  if (entry.shared !== undefined) return "shared";
  return entry.master === undefined ? "private" : "slave";
}

/**
 * The cgroup file system at its usual place is the Engine's, read-only. Writable, the container can lift its
 * own limits, and on v1 run programs on the host (release_agent). `--privileged` makes it so, and says so. In
 * a user namespace the Engine leaves it writable, but its files belong to a root that nobody there is.
 */
function cgroupMount(
  table: MountTable,
  file: string,
  { privileged, sharesHost }: MountSources,
): readonly SetFact<Mount>[] {
  const folder = "/sys/fs/cgroup";
  const writable = table.visible.filter(
    (entry) =>
      (entry.type === "cgroup" || entry.type === "cgroup2") &&
      below(folder, entry.target) !== undefined &&
      !isReadOnly(entry),
  );
  if (privileged || sharesHost.user === false || writable.length === 0) return [];
  const shown = mount({
    type: "bind",
    source: folder,
    target: folder,
    hostPath: folder,
    resolvedPath: folder,
  });
  return [set(shown, ...writable.map(({ target }) => ({ kernel: file, field: target })))];
}

/**
 * True for what came along with a recursive bind: it stands at the same place below it as on the host, or in
 * some container's root file system.
 */
function cameAlong(fact: MountFact, binds: ReadonlyMap<string, Mount>): boolean {
  const target = fact.state === "set" ? fact.value.target : fieldOf(fact);
  if (target === undefined) return false;
  for (const folder of upwards(target).slice(1)) {
    const base = binds.get(folder);
    const rest = base?.hostPath !== undefined ? below(base.target, target) : undefined;
    if (!base?.hostPath || rest === undefined) continue;
    const place = join(base.hostPath, rest);
    if (isContainerRoot(place)) return true;
    if (fact.state !== "set" || (base.readOnly && !fact.value.readOnly)) continue;
    if (place === fact.value.hostPath || (fact.value.type === "volume" && place.endsWith("/_data")))
      return true;
  }
  return false;
}

function fieldOf({ origins }: UnresolvedFact): string | undefined {
  const [origin] = origins;
  return origin && "field" in origin ? origin.field : undefined;
}

/** A tmpfs of the container's own, from its options (tmpfs(5)): `size=65536k`, `mode=755`, `noexec`. */
function readTmpfs(entry: MountEntry): Mount {
  return mount({
    type: "tmpfs",
    target: entry.target,
    readOnly: isReadOnly(entry),
    tmpfs: {
      size: parseSize(optionOf(entry.superOptions, "size")),
      mode: parseMode(optionOf(entry.superOptions, "mode")),
      exec: !entry.options.has("noexec"),
      suid: !entry.options.has("nosuid"),
      dev: !entry.options.has("nodev"),
    },
  });
}

function optionOf(options: ReadonlySet<string>, key: string): string | undefined {
  return [...options].find((option) => option.startsWith(`${key}=`))?.slice(key.length + 1);
}

/** Bytes. The kernel prints kibibytes, and nothing where the size is its default, half of the memory. */
function parseSize(text: string | undefined): number | undefined {
  const match = /^(\d{1,15})([kmg]?)$/i.exec(text ?? "");
  if (!match) return undefined;
  const unit = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(match[2] ?? "").toLowerCase()] ?? 1;
  return Number(match[1]) * unit;
}

function parseMode(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-7]{1,5}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}
