import { posix } from "node:path";
import type { FactList } from "../../model/fact.ts";
import { usualEngineSockets } from "../../model/host/reach.ts";
import type { Mount } from "../../model/mount.ts";
import type { HostFiles } from "./files.ts";
import { socketsOf } from "./process.ts";

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

export interface TcpAddress {
  /** `0.0.0.0`, `127.0.0.1`, `::`. */
  readonly ip: string;
  readonly port: number;
}

/** The TCP addresses that a process listens on, out of /proc/PID/net/tcp and tcp6 (proc_pid_net(5)). */
export function listeningAddresses(folder: string, files: HostFiles): readonly TcpAddress[] {
  const own = new Set(socketsOf(folder, files));
  return listening(folder, files, (inode) => own.has(inode)) ?? [];
}

/** Every TCP address that is listened on in the network namespace of a process; undefined where that cannot be read. */
export function allListeningAddresses(folder: string, files: HostFiles): readonly TcpAddress[] | undefined {
  return listening(folder, files, () => true);
}

function listening(
  folder: string,
  files: HostFiles,
  counts: (inode: string) => boolean,
): readonly TcpAddress[] | undefined {
  // A kernel without IPv6 has no tcp6.
  const tables = ["tcp", "tcp6"].flatMap((table) => {
    const text = files.read(`${folder}/net/${table}`);
    return text.ok ? [text.value] : [];
  });
  if (tables.length === 0) return undefined;
  return tables.flatMap((table) =>
    table
      .split("\n")
      .slice(1)
      .flatMap((line) => {
        const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
        return state === "0A" && counts(inode) ? [parseAddress(local)] : [];
      }),
  );
}

/** `0100007F:0947`: the address in 32-bit words of the machine's byte order (taken as little-endian), then the port. */
function parseAddress(text: string): TcpAddress {
  const [hex = "", port = ""] = text.split(":");
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed());
  const ip =
    bytes.length === 4
      ? bytes.map((byte) => Number.parseInt(byte, 16)).join(".")
      : new URL(`http://[${(bytes.join("").match(/.{4}/g) ?? []).join(":")}]`).hostname.slice(1, -1);
  return { ip, port: Number.parseInt(port, 16) };
}
