import { type FactList, set } from "../../model/fact.ts";
import type { FileSystem } from "../../model/mount.ts";
import { ownNumberIn } from "../processes/scan.ts";
import { isContainerRoot, isEngineMade, type MountSources } from "./engine-paths.ts";
import { below, join, upwards } from "./host-paths.ts";
import { isReadOnly, type MountEntry, type MountTable } from "./mount-table.ts";

/** File systems that the kernel makes up, and that show or steer the host wherever they are mounted. */
const kernelTypes = new Set([
  ..."proc sysfs cgroup cgroup2 debugfs tracefs securityfs devtmpfs bpf".split(" "),
  ..."pstore configfs binfmt_misc efivarfs fusectl rpc_pipefs".split(" "),
]);

/** A lookup below one of these can wait for a server, or for a process in the container. */
const canHang = /^(?:fuse|nfs|cifs|smb|9p|ceph|afs|autofs)/;

/**
 * File systems that are known by their type, for their path says nothing: a second procfs, debugfs, a disk, an overlay.
 * Left out is what the runtime mounts itself, and what the host's own mounts show: that is a bind of a host path.
 * `root` is the container's, /proc/PID/root; `proc` the host's procfs. Another one shows the host's processes where this program has
 * the same number in it. The device number says nothing, for since Linux 5.8 each mount of a procfs gets a new one; and a procfs of
 * the namespace that this program is in has a number for it, too.
 */
export function readFileSystems(
  table: MountTable,
  file: string,
  { root, proc }: { readonly root: string; readonly proc: string },
  sources: MountSources,
): FactList<FileSystem> {
  const ourNumber = ownNumberIn(proc);
  const showsHosts = ({ target }: MountEntry) =>
    canBeAsked(target, table) &&
    ourNumber !== undefined &&
    ownNumberIn(`${root}${target === "/" ? "" : target}`) === ourNumber;
  return table.visible.flatMap((entry) => {
    const showsHost = entry.type === "proc" && entry.root === "/" && showsHosts(entry);
    const isHostsProc = showsHost && sources.sharesHost.pid === false;
    if (!isHostsProc && isEngineMade(entry, sources)) return [];
    if ((sources.host?.pathsOf(entry) ?? []).some((path) => isTelling(path, entry.type))) return [];
    if (cameAlong(entry, table, sources)) return [];
    const device = deviceOf(entry, sources);
    if (!kernelTypes.has(entry.type) && device === undefined) return [];
    const { type, target } = entry;
    const mounted: FileSystem = { type, target, readOnly: isReadOnly(entry), showsHost, device };
    return [set(mounted, { kernel: file, field: target })];
  });
}

/** A bind of the Engine's data root brings every container's root along, with what is mounted in it. */
function cameAlong({ target }: MountEntry, table: MountTable, { host, dataRoot }: MountSources): boolean {
  return upwards(target)
    .slice(1, -1)
    .some((folder) => {
      const bind = table.at(folder);
      const path = bind && host?.pathsOf(bind)[0];
      const place = path === undefined ? "" : join(path, below(folder, target) ?? "");
      return isContainerRoot(place) && (dataRoot === undefined || below(dataRoot, place) !== undefined);
    });
}

/** A kernel file system that somebody mounted elsewhere on the host, too, is not told by that path. */
function isTelling(path: string, type: string): boolean {
  return !kernelTypes.has(type) || /^\/(?:proc|sys|dev)(?:\/|$)/.test(path);
}

/** Whether a mount is told as a file system by its type, and so is not an unknown bind. */
export function isToldByType(entry: MountEntry, sources: MountSources): boolean {
  return kernelTypes.has(entry.type) || deviceOf(entry, sources) !== undefined;
}

function canBeAsked(target: string, table: MountTable): boolean {
  return !upwards(target).some((path) => canHang.test(table.at(path)?.type ?? ""));
}

function deviceOf(entry: MountEntry, { host }: MountSources): string | undefined {
  // Without the host's mounts nobody knows what is its.
  if (!host || entry.target === "/") return undefined;
  if (entry.type === "overlay") {
    const option = [...entry.superOptions].find((each) => each.startsWith("lowerdir"));
    const lower = option?.slice(option.indexOf("=") + 1) ?? "";
    // An Engine in the container keeps its own containers' layers so.
    const isLayers = isContainerRoot(entry.target) || lower.split(":").every(isContainerRoot);
    return isLayers ? undefined : lower;
  }
  // An anonymous device has the major number 0; btrfs has one, too.
  const isDisk = !entry.device.startsWith("0:") || entry.source.startsWith("/dev/");
  return isDisk && !host.knows(entry.device) && !kernelTypes.has(entry.type) ? entry.source : undefined;
}
