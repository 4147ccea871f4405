import { readFileSync } from "node:fs";

/** What a container did on its network. */
export interface Network {
  /** Addresses and ports that it was connected to, `172.18.0.3:5432`, as far as samples show them. */
  readonly peers: readonly string[];
  /** Bytes that it sent on other interfaces than the loopback. */
  readonly sentBytes: number | undefined;
}

export interface NetworkWatch {
  readonly sample: (pid: number) => void;
  readonly network: () => Network;
}

/** Watches the network namespace of a container's process. */
export function watchNetwork(proc = "/proc"): NetworkWatch {
  const peers = new Set<string>();
  let sentBytes: number | undefined;
  return {
    sample(pid) {
      const listened = new Set<number>();
      const open: { readonly local: number; readonly peer: string }[] = [];
      for (const file of ["tcp", "tcp6"]) {
        for (const line of linesOf(`${proc}/${pid}/net/${file}`).slice(1)) {
          const [, local = "", remote = "", status] = line.trim().split(/\s+/);
          const port = Number.parseInt(local.split(":")[1] ?? "", 16);
          // include/net/tcp_states.h: 0A is LISTEN; 01 ESTABLISHED, 02 SYN_SENT, and those that follow a close.
          if (status === "0A") listened.add(port);
          else open.push({ local: port, peer: remote });
        }
      }
      for (const { local, peer } of open) {
        const address = spell(peer);
        if (address !== undefined && !listened.has(local)) peers.add(address);
      }
      sentBytes = sentBy(`${proc}/${pid}/net/dev`) ?? sentBytes;
    },
    network: () => ({ peers: [...peers].toSorted(), sentBytes }),
  };
}

/** `0100007F:1538` as `127.0.0.1:5432`; undefined for the loopback and for none. */
function spell(text: string): string | undefined {
  const [address = "", port = ""] = text.split(":");
  const hex =
    address.length === 32 && address.startsWith("0000000000000000FFFF0000") ? address.slice(24) : address;
  if (hex.length === 8) {
    const bytes = (hex.match(/../g) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16));
    if (bytes[0] === 127 || bytes.every((byte) => byte === 0)) return undefined;
    return `${bytes.join(".")}:${Number.parseInt(port, 16)}`;
  }
  const words = (hex.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).toReversed().join(""));
  const groups = words.join("").match(/.{4}/g) ?? [];
  if (/^0*1?$/.test(words.join(""))) return undefined;
  return `[${groups.map((group) => group.replace(/^0{1,3}/, "").toLowerCase()).join(":")}]:${Number.parseInt(port, 16)}`;
}

/** The bytes sent on all interfaces but the loopback (proc_net_dev: the ninth column). */
function sentBy(path: string): number | undefined {
  const lines = linesOf(path).slice(2);
  if (lines.length === 0) return undefined;
  return lines.reduce((total, line) => {
    const [name = "", ...columns] = line.trim().split(/[:\s]+/);
    return name === "lo" || name === "" ? total : total + Number(columns[8] ?? 0);
  }, 0);
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").trimEnd().split("\n");
  } catch {
    return [];
  }
}
