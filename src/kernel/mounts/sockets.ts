import type { FactList } from "../../model/fact.ts";
import { usualEngineSockets } from "../../model/host/reach.ts";
import type { Mount } from "../../model/mount.ts";
import { resolveBelow, socketInode } from "../host-files.ts";
import { below, type FileSystemPath, type HostPaths, upwards } from "./host-paths.ts";
import type { MountEntry, MountTable } from "./mount-table.ts";

/** Where engines and containerd listen unless they are told otherwise; `/var/run` need not be a link to `/run`. */
export const usualSockets: readonly string[] = ["/var/run/docker.sock", ...usualEngineSockets];

/** A socket that is really there. */
export interface HostSocket {
  readonly path: string;
  readonly place: FileSystemPath;
  readonly inode: number;
}

/** Finds the sockets below the host's root (/proc/PID/root of the engine), each once. */
export function findSockets(root: string, paths: readonly string[], host: HostPaths): readonly HostSocket[] {
  const resolved = new Set(paths.flatMap((path) => resolveBelow(root, path) ?? []));
  return [...resolved].flatMap((path) => {
    const inode = socketInode(`${root}${path}`);
    const place = host.placeOf(path);
    return inode === undefined || !place ? [] : { path, place, inode };
  });
}

/**
 * The mounts with the sockets that each gives, told by place and not by name: those of the same file system at
 * or below what is mounted, there or on a mount that came along below it, and a hard link of one (the same
 * inode under another name). `root` is the container's, /proc/PID/root.
 */
export function withSockets(
  mounts: FactList<Mount>,
  table: MountTable,
  root: string,
  sockets: readonly HostSocket[],
): FactList<Mount> {
  if (sockets.length === 0) return mounts;
  const given = new Map<string, Set<string>>();
  for (const entry of table.visible) {
    const paths = sockets.filter(({ place }) => shows(entry, place)).map(({ path }) => path);
    for (const target of paths.length === 0 ? [] : upwards(entry.target)) {
      given.set(target, new Set([...(given.get(target) ?? []), ...paths]));
    }
  }
  return mounts.map((fact) => {
    if (fact.state !== "set" || fact.value.type === "tmpfs") return fact;
    const { target } = fact.value;
    const linked = hardLinks(table.at(target), root, sockets);
    const found = new Set([...(given.get(target) ?? []), ...linked]);
    return found.size > 0 ? { ...fact, value: { ...fact.value, sockets: [...found] } } : fact;
  });
}

function shows(entry: MountEntry, place: FileSystemPath): boolean {
  return entry.device === place.device && below(entry.root, place.root) !== undefined;
}

/** Only looks in a file system that holds an engine's socket: another could make us wait. */
function hardLinks(
  entry: MountEntry | undefined,
  root: string,
  sockets: readonly HostSocket[],
): readonly string[] {
  const near = sockets.filter(({ place }) => place.device === entry?.device);
  const inode = entry && near.length > 0 ? socketInode(`${root}${entry.target}`) : undefined;
  return near.filter((socket) => socket.inode === inode).map(({ path }) => path);
}
