import type { Ask, InterfaceRow } from "./interface.ts";

type Row = Partial<Pick<InterfaceRow, "needs" | "dockers" | "apparmorSince" | "isAsked">>;

const [stream, datagram, raw, reliable, sequenced] = [1, 2, 3, 4, 5] as const;

/** A family's number with an upper bit: the kernel takes 32 bits of it. */
const upperBit = 2 ** 32;

/**
 * A family is asked for by socket(2) and, on x86, by socketcall(2) of 32-bit programs. Its family is behind a pointer there, so
 * that no filter can see it.
 */
function asked(
  name: string,
  [family, type, protocol]: readonly [number, number, number],
  isFiltered = false,
): InterfaceRow["asks"] {
  const upper: Ask = {
    what: `socket(${name} + 2^32)`,
    calls: [["socket", family + upperBit, type, protocol]],
    hidden: "upper bits",
  };
  return [
    { what: `socket(${name})`, calls: [["socket", family, type, protocol]] },
    ...(isFiltered ? [upper] : []),
    {
      what: `socketcall(${name})`,
      calls: [["socketcall", 1, { numbers: [family, type, protocol] }]],
      hidden: "pointer",
    },
  ];
}

/** Families that /proc/net/protocols names as they are called here. */
const protocols: ReadonlySet<string> = new Set([
  "ALG",
  "VSOCK",
  "RXRPC",
  "RDS",
  "TIPC",
  "PACKET",
  "KCM",
  "XDP",
  "KEY",
]);

function family(
  name: string,
  about: string,
  [number, type, protocol = 0]: readonly [number, number, number?],
  row: Row = {},
): InterfaceRow {
  return {
    id: `socket-${name.toLowerCase()}`,
    what: `AF_${name} sockets (${about})`,
    asks: asked(`AF_${name}`, [number, type, protocol], Boolean(row.dockers ?? row.isAsked)),
    module: `net-pf-${number}`,
    ...(protocols.has(name) && { protocol: name === "VSOCK" ? "AF_VSOCK" : name }),
    ...row,
  };
}

const ownNetwork = { capability: "NET_ADMIN", in: "own" } as const;
const ownRaw = { capability: "NET_RAW", in: "own" } as const;

/** A protocol of netlink: anybody may open the socket; what changes the network needs the capability. */
function netlink(name: string, about: string, protocol: number): InterfaceRow {
  const needing = (ask: Ask): Ask => ({ ...ask, byCapability: true });
  const [first, ...others] = asked(`AF_NETLINK, ${name.toUpperCase()}`, [16, raw, protocol]);
  return {
    id: `netlink-${name}`,
    what: `AF_NETLINK ${name} (${about})`,
    asks: [needing(first), ...others.map(needing)],
    needs: ownNetwork,
  };
}

/** @see https://github.com/torvalds/linux/blob/master/include/linux/socket.h */
export const sockets: readonly InterfaceRow[] = [
  family("ALG", "the kernel's cryptography", [38, sequenced], {
    dockers: { since: "29.4.2" },
    apparmorSince: "29.4.3",
  }),
  family("VSOCK", "the host of a virtual machine", [40, stream], { dockers: { since: "23.0" } }),
  family("RXRPC", "remote calls of AFS", [33, datagram, 2], { isAsked: true }),
  family("RDS", "reliable datagrams", [21, sequenced], { isAsked: true }),
  family("TIPC", "messages in a cluster", [30, reliable], { isAsked: true }),
  family("PACKET", "raw frames of the network", [17, raw], { needs: ownRaw }),
  family("CAN", "buses of vehicles", [29, raw, 1]),
  family("KCM", "messages over TCP", [41, datagram]),
  family("BLUETOOTH", "Bluetooth; only in the host's network", [31, raw, 1]),
  family("NFC", "near-field devices; only in the host's network", [39, sequenced, 1]),
  family("KEY", "keys of IPsec", [15, raw, 2], { needs: ownNetwork }),
  family("XDP", "frames without copies", [44, raw], { needs: ownRaw }),
  family("LLC", "logical link control", [26, datagram], { needs: ownRaw }),
  family("SMC", "shared memory over RDMA", [43, stream]),
  family("QIPCRTR", "messages to modems", [42, datagram]),
  family("MCTP", "management of components", [45, datagram]),
  family("X25", "X.25; only in the host's network", [9, sequenced]),
  family("AX25", "amateur radio; only in the host's network", [3, datagram]),
  family("APPLETALK", "AppleTalk; only in the host's network", [5, datagram]),
  family("PPPOX", "PPP over Ethernet and L2TP", [24, stream]),
  {
    id: "socket-dccp",
    what: "DCCP sockets (datagrams with congestion control)",
    asks: asked("AF_INET, IPPROTO_DCCP", [2, 6, 33]),
    module: "net-pf-2-proto-33-type-6",
    protocol: "DCCP",
  },
  {
    id: "socket-sctp",
    what: "SCTP sockets (streams of messages)",
    asks: asked("AF_INET, IPPROTO_SCTP", [2, sequenced, 132]),
    module: "net-pf-2-proto-132",
    protocol: "SCTP",
  },
  netlink("xfrm", "rules of IPsec", 6),
  netlink("netfilter", "nf_tables, the firewall's rules", 12),
  netlink("route", "interfaces, routes and traffic control", 0),
];
