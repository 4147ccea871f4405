import type { Advisory, Event } from "./advisory.ts";

/**
 * Of kernels that Docker runs on (3.10 and later). The first release of each line that has the fix, the last one mainline's: between two of them every line without one is affected.
 *
 * @see https://git.kernel.org/pub/scm/linux/security/vulns.git (from 2024 on)
 * @see https://github.com/nluedtke/linux_kernel_cves (data/stream_fixes.json, before)
 */
function lines(introduced: string, ...fixes: readonly string[]): readonly Event[] {
  return fixes.flatMap((fixed, at) => [
    { introduced: at === 0 ? introduced : after(fixes[at - 1] ?? "") },
    { fixed },
  ]);
}

/** The line behind that of a release: `5.11` of `5.10.93`. */
function after(release: string): string {
  const [major, minor] = release.split(".").map(Number);
  return `${major}.${(minor ?? 0) + 1}`;
}

type Hole = readonly [
  id: `CVE-${string}`,
  published: string,
  interfaces: string | readonly string[],
  summary: string,
  events: readonly Event[],
];

const holes: readonly Hole[] = [
  ["CVE-2013-2094", "2013-05-14", "perf-event", "an event number is not checked", lines("2.6.37", "3.8.9")],
  ["CVE-2016-0728", "2016-01-19", "keyring", "a keyring's counter overflows", lines("3.8", "4.4.1")],
  [
    "CVE-2017-16939",
    "2017-11-24",
    "netlink-xfrm",
    "rules of IPsec are used after they are freed",
    lines("2.6.28", "4.4.104", "4.9.60", "4.13.11"),
  ],
  ["CVE-2017-5226", "2017-03-29", "terminal-input", "a program types into the terminal that started it", []],
  [
    "CVE-2017-6074",
    "2017-02-18",
    "socket-dccp",
    "a packet of DCCP is freed twice",
    lines("2.6.12", "4.4.52", "4.9.13", "4.10"),
  ],
  [
    "CVE-2017-7308",
    "2017-03-29",
    "socket-packet",
    "a size of a raw packet's buffer overflows",
    lines("2.6.12", "4.4.62", "4.9.23", "4.10.11", "4.11"),
  ],
  [
    "CVE-2018-5333",
    "2018-01-11",
    "socket-rds",
    "RDS follows a null pointer",
    lines("2.6.37", "4.4.112", "4.9.77", "4.14.14", "4.15"),
  ],
  [
    "CVE-2019-13272",
    "2019-07-17",
    "ptrace",
    "ptrace keeps the rights of a parent that ended",
    lines("4.10", "4.14.133", "4.19.58", "5.1.17"),
  ],
  [
    "CVE-2020-14386",
    "2020-09-16",
    "socket-packet",
    "a raw packet is written outside of its buffer",
    lines("4.6", "4.9.239", "4.14.201", "4.19.150", "5.4.64", "5.8.8", "5.9"),
  ],
  [
    "CVE-2020-8835",
    "2020-04-02",
    "bpf",
    "the check of bpf programs loses the bounds of 32-bit values",
    lines("5.4.7", "5.4.29", "5.5.14", "5.6.1"),
  ],
  [
    "CVE-2021-26708",
    "2021-02-05",
    "socket-vsock",
    "two calls race for a VSOCK socket",
    lines("5.5", "5.10.13", "5.11"),
  ],
  [
    "CVE-2021-3490",
    "2021-06-04",
    "bpf",
    "the check of bpf programs loses the bounds of bitwise operations",
    lines("5.7", "5.10.37", "5.11.21", "5.12.4"),
  ],
  [
    "CVE-2021-3609",
    "2022-03-03",
    "socket-can",
    "CAN's broadcast manager is used after it is freed",
    lines(
      "2.6.25",
      "4.4.276",
      "4.9.276",
      "4.14.240",
      "4.19.198",
      "5.4.132",
      "5.10.50",
      "5.12.17",
      "5.13.2",
      "5.14",
    ),
  ],
  [
    "CVE-2021-43267",
    "2021-11-02",
    "socket-tipc",
    "TIPC takes a key that is longer than its place",
    lines("5.10", "5.10.77", "5.14.16", "5.15"),
  ],
  [
    "CVE-2022-0185",
    "2022-02-11",
    ["user-namespace", "mount-api"],
    "fsconfig writes behind its buffer",
    lines("5.1", "5.4.173", "5.10.93", "5.15.16", "5.16.2", "5.17"),
  ],
  [
    "CVE-2022-0435",
    "2022-03-25",
    "socket-tipc",
    "TIPC writes behind its stack",
    lines("4.8", "4.9.301", "4.14.266", "4.19.229", "5.4.179", "5.10.100", "5.15.23", "5.16.9", "5.17"),
  ],
  [
    "CVE-2022-0847",
    "2022-03-07",
    "splice",
    "a pipe writes to files that are only readable (Dirty Pipe)",
    lines("5.8", "5.10.102", "5.15.25", "5.16.11", "5.17"),
  ],
  [
    "CVE-2022-23222",
    "2022-01-14",
    "bpf",
    "bpf programs calculate with pointers that may be null",
    lines("5.8", "5.15.37", "5.16.11", "5.17"),
  ],
  [
    "CVE-2022-27666",
    "2022-03-23",
    "netlink-xfrm",
    "ESP writes behind its page",
    lines("4.11", "4.14.274", "4.19.237", "5.4.188", "5.10.108", "5.15.29", "5.16.15", "5.17"),
  ],
  [
    "CVE-2022-29582",
    "2022-04-22",
    "io-uring",
    "a timeout of io_uring is used after it is freed",
    lines("5.5", "5.10.111", "5.15.34", "5.16.20", "5.17.3", "5.18"),
  ],
  [
    "CVE-2022-34918",
    "2022-07-04",
    "netlink-netfilter",
    "nf_tables takes an element that is longer than its place",
    lines("4.1", "4.14.316", "4.19.284", "5.4.244", "5.10.130", "5.15.54", "5.18.11", "5.19"),
  ],
  [
    "CVE-2023-32233",
    "2023-05-08",
    "netlink-netfilter",
    "a set of nf_tables is used after it is freed",
    lines(
      "3.13",
      "4.14.315",
      "4.19.283",
      "5.4.243",
      "5.10.180",
      "5.15.111",
      "6.1.28",
      "6.2.15",
      "6.3.2",
      "6.4",
    ),
  ],
  [
    "CVE-2023-3609",
    "2023-07-21",
    "netlink-route",
    "a filter of traffic control is used after it is freed",
    lines("4.14", "4.14.322", "4.19.291", "5.4.248", "5.10.185", "5.15.118", "6.1.35", "6.3.9", "6.4"),
  ],
  [
    "CVE-2024-0582",
    "2024-01-16",
    "io-uring",
    "io_uring leaves freed pages mapped",
    lines("6.4", "6.6.5", "6.7"),
  ],
  [
    "CVE-2024-1086",
    "2024-01-31",
    ["user-namespace", "netlink-netfilter"],
    "a verdict of nf_tables frees a packet twice",
    lines("3.15", "4.19.307", "5.4.269", "5.10.210", "5.15.149", "6.1.76", "6.6.15", "6.7.3", "6.8"),
  ],
  [
    "CVE-2024-50264",
    "2024-11-19",
    "socket-vsock",
    "a VSOCK socket keeps a pointer to what was freed",
    lines("4.8", "4.19.324", "5.4.286", "5.10.230", "5.15.172", "6.1.117", "6.6.61", "6.11.8", "6.12"),
  ],
  [
    "CVE-2025-21756",
    "2025-02-27",
    "socket-vsock",
    "a VSOCK socket is used after it is freed",
    lines("5.5", "5.10.235", "5.15.179", "6.1.131", "6.6.79", "6.12.16", "6.13.4", "6.14"),
  ],
  [
    "CVE-2026-23111",
    "2026-02-13",
    ["user-namespace", "netlink-netfilter"],
    "a chain of nf_tables is used after it is freed, by a map's element that catches all",
    [
      ...[...lines("4.19.316", "4.20"), ...lines("5.4.262", "5.5"), ...lines("5.10.188", "5.11")],
      ...[...lines("5.15.121", "5.15.200"), ...lines("6.1.36", "6.1.163")],
      ...lines("6.3.10", "6.6.124", "6.12.70", "6.18.10", "6.19"),
    ],
  ],
  [
    "CVE-2026-31431",
    "2026-04-22",
    "socket-alg",
    "AF_ALG writes to files that are only readable (Copy Fail)",
    lines("4.14", "5.10.254", "5.15.204", "6.1.170", "6.6.137", "6.12.85", "6.18.22", "6.19.12", "7.0"),
  ],
  [
    "CVE-2026-43284",
    "2026-05-08",
    ["user-namespace", "netlink-xfrm"],
    "ESP decrypts into files that are only readable (Dirty Frag)",
    lines("4.11", "5.10.255", "5.15.206", "6.1.172", "6.6.138", "6.12.87", "6.18.28", "7.0.5", "7.1"),
  ],
  [
    "CVE-2026-43500",
    "2026-05-11",
    "socket-rxrpc",
    "RxRPC decrypts into files that are only readable (Dirty Frag)",
    lines("5.3", "6.18.29", "7.0.6", "7.1"),
  ],
  [
    "CVE-2026-46300",
    "2026-05-23",
    ["user-namespace", "netlink-xfrm"],
    "ESP decrypts into files that are only readable (Fragnesia)",
    lines("3.9", "5.10.257", "5.15.208", "6.1.174", "6.6.141", "6.12.91", "6.18.33", "7.0.10", "7.1"),
  ],
  [
    "CVE-2026-31635",
    "2026-04-24",
    "socket-rxrpc",
    "RxRPC decrypts into files that are only readable, with keys of RxGK (DirtyDecrypt)",
    lines("6.16", "6.18.23", "6.19.13", "7.0"),
  ],
  [
    "CVE-2026-43494",
    "2026-05-21",
    "socket-rds",
    "RDS gives a page back twice, and it is written through after it became a file's (PinTheft)",
    lines("4.17", "6.6.141", "6.12.91", "6.18.33", "7.0.10", "7.1"),
  ],
  [
    "CVE-2026-43503",
    "2026-05-23",
    ["user-namespace", "netlink-xfrm"],
    "ESP decrypts into files that are only readable, by packets that TCP joined (DirtyClone)",
    lines("3.9", "5.10.257", "5.15.208", "6.1.174", "6.6.141", "6.12.91", "6.18.33", "7.0.10", "7.1"),
  ],
  [
    "CVE-2026-46331",
    "2026-06-16",
    ["user-namespace", "netlink-route"],
    "traffic control's pedit writes to files that are only readable",
    [
      ...[...lines("4.19.244", "4.20"), ...lines("5.4.195", "5.5")],
      ...[...lines("5.10.117", "5.10.260"), ...lines("5.15.41", "5.15.211")],
      ...lines("5.17.9", "6.1.177", "6.6.144", "6.12.94", "6.18.36", "7.0.13", "7.1"),
    ],
  ],
];

/** Holes of the kernel that led out of containers or to root, by the interface that they were used through; oldest first. */
export const kernelAdvisories: readonly Advisory[] = holes
  .map(
    ([id, published, interfaces, summary, events]): Advisory => ({
      ...{ id, aliases: [], published, summary, severity: "high" },
      affected: [{ package: "linux", events }],
      references: [`https://www.cve.org/CVERecord?id=${id}`, `https://nvd.nist.gov/vuln/detail/${id}`],
      ...{ by: "container", mitigatedBy: [] },
      interfaces: typeof interfaces === "string" ? [interfaces] : interfaces,
    }),
  )
  .sort((a, b) => (a.published < b.published ? -1 : 1));
