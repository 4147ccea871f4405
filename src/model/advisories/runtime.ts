import type { Advisory, Event, Package } from "./advisory.ts";

/** Each release line by its first fixed release; the first one is for all lines before it. */
function upTo(first: string, ...later: readonly string[]): readonly Event[] {
  const lineOf = (fixed: string) => `${fixed.slice(0, fixed.lastIndexOf("."))}.0`;
  return from("0", first, ...later.flatMap((fixed) => [lineOf(fixed), fixed]));
}

/** Fixes of containerd's releases of September 2026: 2.1 had none, the next line has it from its start or says so beside. */
function september(one: string, twoNought: string, twoTwo: string, twoThree: string): readonly Event[] {
  return from("0", one, "2.0.0", twoNought, "2.1.0", twoTwo, "2.3.0", twoThree);
}

/** Pairs of the release that has it first and the one that fixes it. */
function from(...releases: readonly string[]): readonly Event[] {
  return releases.map((release, at) => (at % 2 === 0 ? { introduced: release } : { fixed: release }));
}

const projects: Readonly<Record<Package, string>> = {
  "docker-engine": "moby/moby",
  buildkit: "moby/buildkit",
  containerd: "containerd/containerd",
  runc: "opencontainers/runc",
  linux: "torvalds/linux",
};

type Fields = Partial<Pick<Advisory, "by" | "mitigatedBy" | "interfaces" | "affected">>;

function hole(
  name: Package,
  [id, alias, published]: readonly [string, string, string],
  severity: Advisory["severity"],
  summary: string,
  events: readonly Event[],
  { affected = [], ...fields }: Fields = {},
): Advisory {
  const own = `https://github.com/${projects[name]}/security/advisories/${id}`;
  return {
    ...{ id, aliases: alias === id ? [] : [alias], published, summary, severity },
    affected: [{ package: name, events }, ...affected],
    references: [...(id.startsWith("GHSA") ? [own] : []), `https://www.cve.org/CVERecord?id=${alias}`],
    ...{ by: "container", mitigatedBy: [], interfaces: [], ...fields },
  };
}

const client = { by: "client" } as const;
/** Only uid 0 of the host writes to its /proc: so the advisory's own workarounds. */
const notRoot = { mitigatedBy: ["user namespace", "user with no-new-privileges"] } as const;

/** BuildKit is a part of the Engine, which does not name its version. */
function build(...events: readonly Event[]): Fields {
  return {
    by: "build",
    ...(events.length > 0 && { affected: [{ package: "docker-engine" as const, events }] }),
  };
}

/** Another client's HTTP/2 against the Engine, closed by the Go that 29.9.0 is built with. */
function http2(id: string, summary: string): Advisory {
  return {
    ...hole("docker-engine", [id, id, "2026-10-08"], "medium", summary, upTo("29.9.0"), client),
    references: [
      "https://github.com/moby/moby/releases/tag/docker-v29.9.0",
      `https://www.cve.org/CVERecord?id=${id}`,
    ],
  };
}

/** Known holes of the Engine, BuildKit, containerd and runc. */
export const runtimeAdvisories: readonly Advisory[] = [
  hole(
    "docker-engine",
    ["GHSA-x744-4wpc-v9h2", "CVE-2026-34040", "2026-03-31"],
    "high",
    "a request with a large body passes an authorization plugin",
    upTo("29.3.1"),
    client,
  ),
  hole(
    "docker-engine",
    ["GHSA-pxq6-2prw-chj9", "CVE-2026-33997", "2026-03-31"],
    "medium",
    "a plugin gets a privilege that nobody granted",
    upTo("29.3.1"),
    client,
  ),
  hole(
    "docker-engine",
    ["GHSA-x86f-5xw2-fm2r", "CVE-2026-41567", "2026-06-05"],
    "high",
    "docker cp into a container runs a program of the container on the host",
    upTo("29.5.1"),
  ),
  // The fix is in the tag docker-v29.5.1 and in none before.
  hole(
    "docker-engine",
    ["GHSA-rg2x-37c3-w2rh", "CVE-2026-42306", "2026-06-12"],
    "high",
    "a container leads a mount of docker cp to a path of the host",
    upTo("29.5.1"),
  ),
  hole(
    "docker-engine",
    ["GHSA-vp62-88p7-qqf5", "CVE-2026-41568", "2026-06-12"],
    "medium",
    "a container makes docker cp create empty files on the host",
    upTo("29.5.1"),
  ),
  hole(
    "docker-engine",
    ["GHSA-7cfq-22r6-qp73", "CVE-2026-92543", "2026-09-30"],
    "high",
    "an answer of DNS that has a loopback address beside its own makes dockerd accept any certificate of a registry, or plain HTTP",
    upTo("29.8.2"),
    client,
  ),
  hole(
    "docker-engine",
    ["GHSA-6m9p-4h64-m6vh", "CVE-2026-92542", "2026-10-07"],
    "medium",
    "a process on the host's network of a Swarm node sends packets into its encrypted overlay networks",
    from("0", "25.0.19", "26.0.0", "29.8.2"),
    client,
  ),
  hole(
    "docker-engine",
    ["CVE-2026-17106", "CVE-2026-17106", "2026-08-18"],
    "high",
    "a container makes docker cp write outside of the folder that it copies to, as the user of the client",
    upTo("29.7.0"),
  ),
  hole(
    "docker-engine",
    ["CVE-2026-61801", "CVE-2026-61801", "2026-06-26"],
    "medium",
    "an image's /etc/passwd or /etc/group uses up dockerd's memory",
    upTo("29.6.1"),
  ),
  hole(
    "docker-engine",
    ["CVE-2026-32288", "CVE-2026-32288", "2026-05-14"],
    "medium",
    "an image that is made for it keeps dockerd busy when it is pulled",
    upTo("29.5.0"),
  ),
  http2("CVE-2026-97032", "an HTTP/2 client of the API ends the daemon by the header table of HTTP/2"),
  http2("CVE-2026-78659", "an HTTP/2 client of the API uses up the daemon's memory by fields of a trailer"),
  http2("CVE-2026-78663", "an HTTP/2 client of the API makes the daemon keep more data than it allows"),
  http2("CVE-2026-78669", "an HTTP/2 client of the API keeps the daemon's CPU busy by HTTP/2 settings"),
  hole(
    "docker-engine",
    ["GHSA-x4rx-4gw3-53p4", "CVE-2025-54388", "2025-07-29"],
    "medium",
    "after firewalld reloads its rules, other machines reach ports that are published on the loopback address",
    from("28.2.0", "28.3.3"),
  ),
  hole(
    "docker-engine",
    ["GHSA-v23v-6jw2-98fq", "CVE-2024-41110", "2024-07-23"],
    "high",
    "a request of length zero passes an authorization plugin",
    from("19.3.0", "23.0.15", "24.0.0", "25.0.6", "26.0.0", "26.1.5", "27.0.0", "27.1.1"),
    client,
  ),
  hole(
    "docker-engine",
    ["GHSA-xw73-rw38-6vjc", "CVE-2024-24557", "2024-02-01"],
    "medium",
    "the classic builder takes a step from a cache that a foreign image filled",
    upTo("24.0.9", "25.0.2"),
    { by: "build" },
  ),
  hole(
    "docker-engine",
    ["GHSA-mq39-4gv4-mvpx", "CVE-2024-29018", "2024-03-20"],
    "medium",
    "a container on an internal network sends data out by DNS",
    from("0", "23.0.11", "24.0.0", "25.0.5"),
  ),
  hole(
    "buildkit",
    ["GHSA-7236-3392-c5c6", "GHSA-7236-3392-c5c6", "2026-08-19"],
    "high",
    "a foreign frontend (# syntax=) turns seccomp and AppArmor off for a build step",
    upTo("0.31.1"),
    build(),
  ),
  hole(
    "buildkit",
    ["GHSA-4c29-8rgm-jvjj", "CVE-2026-33747", "2026-03-26"],
    "high",
    "a foreign frontend (# syntax=) writes files outside of BuildKit's folder",
    upTo("0.28.1"),
    build(),
  ),
  hole(
    "buildkit",
    ["GHSA-4vrq-3vrq-g6gg", "CVE-2026-33748", "2026-03-27"],
    "high",
    "a build from a Git URL with a subfolder reads files outside of the repository",
    upTo("0.28.1"),
    build(),
  ),
  ...(
    [
      [
        "GHSA-m3r6-h7wv-7xxv",
        "CVE-2024-23651",
        "two build steps that share a cache mount reach files of the host",
      ],
      [
        "GHSA-4v98-7qmw-rqr8",
        "CVE-2024-23652",
        "a build step removes files of the host by an empty mount point",
      ],
      ["GHSA-wr6v-9f75-vh2g", "CVE-2024-23653", "a foreign frontend (# syntax=) runs a privileged step"],
    ] as const
  ).map(([id, alias, summary]) =>
    // The Engine 24.0.9 has none of these fixes, 25.0.2 has all.
    hole("buildkit", [id, alias, "2024-01-31"], "high", summary, upTo("0.12.5"), build(...upTo("25.0.2"))),
  ),
  hole(
    "runc",
    ["GHSA-xr7r-f8xq-vfvv", "CVE-2024-21626", "2024-01-31"],
    "high",
    "a container starts or execs in a folder of the host, by a descriptor that runc leaves open",
    upTo("1.1.12"),
  ),
  hole(
    "runc",
    ["GHSA-9493-h29p-rfm2", "CVE-2025-31133", "2025-11-05"],
    "high",
    "an image or a container that starts beside it swaps /dev/null, and a file of the host's /proc is not masked but mounted",
    upTo("1.2.8", "1.3.3"),
    { ...notRoot, interfaces: ["proc-core-pattern", "proc-sysrq"] },
  ),
  hole(
    "runc",
    ["GHSA-qw9x-cqr3-wc7r", "CVE-2025-52565", "2025-11-05"],
    "high",
    "a link in the place of /dev/console mounts a file of the host's /proc before it is masked",
    upTo("1.2.8", "1.3.3"),
    notRoot,
  ),
  hole(
    "runc",
    ["GHSA-cgrx-mc8f-2prm", "CVE-2025-52881", "2025-11-05"],
    "high",
    "a container leads runc's writes to /proc to another file: labels are not set, and the host's kernel settings are",
    upTo("1.2.8", "1.3.3"),
  ),
  hole(
    "runc",
    ["GHSA-jfvp-7x6p-h2pv", "CVE-2024-45310", "2024-09-03"],
    "medium",
    "a container that shares a volume with one that starts makes runc create empty files on the host",
    upTo("1.1.14", "1.2.0"),
    { mitigatedBy: ["user namespace"] },
  ),
  hole(
    "containerd",
    ["GHSA-265r-hfxg-fhmg", "CVE-2024-40635", "2025-03-17"],
    "medium",
    "a user number above 2147483647 runs as root",
    upTo("1.6.38", "1.7.27", "2.0.4"),
    { mitigatedBy: ["user"] },
  ),
  hole(
    "containerd",
    ["GHSA-pwhc-rpq9-4c8w", "CVE-2024-25621", "2025-11-05"],
    "high",
    "users of the host can go into /var/lib/containerd and /run/containerd",
    upTo("1.7.29", "2.0.7", "2.1.5"),
    client,
  ),
  hole(
    "containerd",
    ["GHSA-cm76-qm8v-3j95", "CVE-2025-47290", "2025-05-20"],
    "high",
    "an image that is pulled changes files of the host while it is unpacked",
    from("2.1.0", "2.1.1"),
  ),
  hole(
    "containerd",
    ["GHSA-fqw6-gf59-qr4w", "CVE-2026-46680", "2026-05-20"],
    "medium",
    "an image's user that is out of range is looked up as another one, root among them",
    from("1.7.27", "1.7.32", "2.0.4", "2.0.9", "2.1.0", "2.1.8", "2.2.0", "2.2.4", "2.3.0", "2.3.1"),
    { mitigatedBy: ["user"] },
  ),
  hole(
    "containerd",
    ["GHSA-jpcc-p29g-p8mq", "CVE-2026-47262", "2026-06-18"],
    "medium",
    "an image's /etc/group uses up containerd's memory",
    from("1.7.0", "1.7.33", "2.0.0", "2.0.10", "2.1.0", "2.1.9", "2.2.0", "2.2.5", "2.3.0", "2.3.2"),
  ),
  hole(
    "containerd",
    ["GHSA-xhf5-7wjv-pqxp", "CVE-2026-53488", "2026-06-18"],
    "high",
    "an image that Kubernetes' CRI pulls runs a command on the host by a label",
    from("1.7.0", "1.7.33", "2.0.0", "2.0.10", "2.1.0", "2.1.9", "2.2.0", "2.2.5", "2.3.0", "2.3.2"),
    client,
  ),
  ...(
    [
      ["GHSA-cvxm-645q-p574", "CVE-2026-50195", "gives a local image another's name"],
      ["GHSA-33vj-92qq-66hc", "CVE-2026-53492", "mounts devices and folders of the host by CDI"],
      ["GHSA-rgh6-rfwx-v388", "CVE-2026-53489", "reads files of the host by a link in place of its log"],
    ] as const
  ).map(([id, alias, does]) =>
    hole(
      "containerd",
      [id, alias, "2026-06-18"],
      "high",
      `a checkpoint that Kubernetes' CRI restores ${does}`,
      from("2.1.0", "2.1.9", "2.2.0", "2.2.5", "2.3.0", "2.3.2"),
      client,
    ),
  ),
  hole(
    "containerd",
    ["GHSA-7jxh-36q5-gcqv", "CVE-2026-53495", "2026-09-04"],
    "medium",
    "commands that Kubernetes' CRI runs and gives up stay, and use up containerd's memory",
    september("1.7.35", "2.0.12", "2.2.8", "2.3.5"),
    client,
  ),
  hole(
    "containerd",
    ["GHSA-rp3h-jf77-q9p4", "GHSA-rp3h-jf77-q9p4", "2026-09-04"],
    "medium",
    "an image with many whiteouts keeps containerd busy while it is unpacked",
    september("1.7.35", "2.0.12", "2.2.8", "2.3.5"),
  ),
  hole(
    "containerd",
    ["GHSA-pg57-6jwg-q645", "CVE-2026-53493", "2026-09-24"],
    "medium",
    "an image whose index names others over and over uses up CPU and memory when it is pulled",
    [...september("1.7.36", "2.0.13", "2.2.9", "2.3.6"), ...from("2.4.0", "2.4.1")],
    // dockerd pulls with containerd's code, too.
    { affected: [{ package: "docker-engine", events: upTo("29.8.2") }] },
  ),
  // BuildKit 0.31.2 (https://github.com/moby/buildkit/releases/tag/v0.31.2), without CVE-2026-15788, which is Windows' alone.
  hole(
    "buildkit",
    ["GHSA-g2h8-426c-7976", "CVE-2026-15789", "2026-07-16"],
    "high",
    "a client that sends its build context writes files outside of BuildKit's folder",
    upTo("0.31.2"),
    build(...upTo("29.6.2")),
  ),
  hole(
    "buildkit",
    ["GHSA-32pv-7hq5-qhwj", "CVE-2026-15791", "2026-07-16"],
    "medium",
    "a file operation of a build empties /tmp of the host",
    upTo("0.31.2"),
    build(...upTo("29.6.2")),
  ),
  hole(
    "buildkit",
    ["GHSA-qx3x-mv6r-52p6", "CVE-2026-15792", "2026-07-16"],
    "medium",
    "a client or a foreign frontend (# syntax=) ends the daemon by wrong parameters",
    upTo("0.31.2"),
    build(...upTo("29.6.2")),
  ),
  hole(
    "buildkit",
    ["GHSA-hw3h-2gp9-cxpv", "CVE-2026-15793", "2026-07-16"],
    "high",
    "a client or a foreign frontend (# syntax=) takes a Git bundle for source, which runs a command on the host",
    from("0.30.0", "0.31.2"),
    build(...from("29.5.0", "29.6.2")),
  ),
  // BuildKit 0.33.1, which is in 29.8.2: https://docs.docker.com/engine/release-notes/29/#2982. CVE-2026-93316 needs an option that dockerd has not.
  hole(
    "buildkit",
    ["GHSA-f2v9-hprr-32q3", "CVE-2026-93318", "2026-10-05"],
    "high",
    "an image with layers that it does not name takes another's place in the build cache",
    upTo("0.33.1"),
    build(...upTo("29.8.2")),
  ),
  ...(
    [
      ["GHSA-4hgw-qrhw-fhg8", "CVE-2026-93319", "ends the daemon by requests at the same time"],
      ["GHSA-fjj4-h6vf-m9hj", "CVE-2026-93321", "ends the daemon by a file operation"],
      ["GHSA-cv6p-7w7g-xjwq", "CVE-2026-93322", "ends the daemon by a merge of layers"],
    ] as const
  ).map(([id, alias, does]) =>
    hole(
      "buildkit",
      [id, alias, "2026-10-05"],
      "medium",
      `a foreign frontend (# syntax=) ${does}`,
      upTo("0.33.1"),
      build(...upTo("29.8.2")),
    ),
  ),
  hole(
    "buildkit",
    ["GHSA-9728-qjrv-2xh2", "CVE-2026-93320", "2026-10-05"],
    "medium",
    "a build puts a device where BuildKit looks for a file, and reaches the host's",
    upTo("0.33.1"),
    build(...upTo("29.8.2")),
  ),
  hole(
    "buildkit",
    ["GHSA-mgqf-486f-49vp", "CVE-2026-93323", "2026-10-05"],
    "medium",
    "a Dockerfile or .dockerignore of any size uses up the daemon's memory",
    upTo("0.33.1"),
    build(...upTo("29.8.2")),
  ),
  hole(
    "buildkit",
    ["GHSA-p3rc-w3hc-pqvv", "CVE-2026-93317", "2026-10-05"],
    "medium",
    "a registry gives other content than a digest says, and later builds take it (by blobs in LLB, not by a Dockerfile)",
    from("0.28.0", "0.33.1"),
    build(...from("29.3.0", "29.8.2")),
  ),
  hole(
    "buildkit",
    ["GHSA-2f5p-x9ph-g97x", "CVE-2026-93315", "2026-10-05"],
    "medium",
    "a build that a proxy's CA is put into leads BuildKit's clean-up out of its root file system",
    from("0.31.0", "0.33.1"),
    build(...from("29.6.0", "29.8.2")),
  ),
  hole(
    "buildkit",
    ["GHSA-66hf-6vf5-87hc", "CVE-2026-93326", "2026-10-05"],
    "medium",
    "a Git source shows another address to a build policy than it is fetched from",
    upTo("0.33.1"),
    build(...upTo("29.8.2")),
  ),
];
