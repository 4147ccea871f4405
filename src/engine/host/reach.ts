import { posix } from "node:path";
import type { FactList } from "../../model/fact.ts";
import { usualEngineSockets } from "../../model/host/reach.ts";
import type { Mount } from "../../model/mount.ts";
import type { HostFiles } from "./files.ts";

/** Where engines and containerd listen unless they are told otherwise; `/var/run` need not be a link to `/run`. */
export const usualSockets: readonly string[] = [...usualEngineSockets, "/var/run/docker.sock"];

/** The sockets by whatever gives a way to them: the socket itself and each folder above it, by device and inode. */
export type ReachMap = ReadonlyMap<string, readonly string[]>;

/**
 * Finds the sockets that are really there. A folder counts by what it is and not by its name, so that a symlink or a
 * bind mount of /run elsewhere is found as well.
 */
export function socketReach(
  candidates: readonly string[],
  files: Pick<HostFiles, "realPath" | "stat">,
): ReachMap {
  const paths = new Set(candidates.flatMap((candidate) => files.realPath(candidate) ?? []));
  const reach = new Map<string, string[]>();
  for (const path of paths) {
    if (!files.stat(path)?.isSocket) continue;
    for (let at = path; ; at = posix.dirname(at)) {
      const identity = files.stat(at)?.identity;
      if (identity !== undefined) reach.set(identity, [...(reach.get(identity) ?? []), path]);
      if (at === "/") break;
    }
  }
  return reach;
}

/** The mounts of a container with their host paths resolved and the sockets that each gives. */
export function withReach(
  mounts: FactList<Mount>,
  reach: ReachMap,
  files: Pick<HostFiles, "realPath" | "stat">,
): FactList<Mount> {
  return mounts.map((item) => {
    if (item.state !== "set" || item.value.hostPath === undefined) return item;
    const resolvedPath = files.realPath(item.value.hostPath);
    if (resolvedPath === undefined) return item;
    const identity = files.stat(resolvedPath)?.identity;
    const sockets = (identity !== undefined && reach.get(identity)) || [];
    return { ...item, value: { ...item.value, resolvedPath, sockets: [...new Set(sockets)] } };
  });
}
