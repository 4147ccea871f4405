import type { HostFiles } from "./files.ts";
import { socketsOf } from "./process.ts";

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
