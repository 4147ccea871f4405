import { isBefore, type Release } from "../../model/release.ts";

/**
 * Known holes of the Docker Engine and of what it runs containers with, in OSV's shape (https://ossf.github.io/osv-schema/): what is affected is every version from
 * `introduced` up to, and without, `fixed`. Each has the project's own advisory and where its range comes from.
 */
export interface Advisory {
  /** The id of the project's advisory. */
  readonly id: string;
  readonly aliases: readonly string[];
  readonly published: string;
  readonly summary: string;
  readonly severity: "medium" | "high";
  /** Where root of a container is nobody on the host, it reaches nothing there. */
  readonly mitigatedBy?: "user namespaces";
  readonly affected: readonly {
    readonly package: { readonly name: Package };
    readonly ranges: readonly { readonly type: "SEMVER"; readonly events: readonly Event[] }[];
  }[];
  readonly references: readonly { readonly type: "ADVISORY" | "FIX" | "WEB"; readonly url: string }[];
}

/** As the Engine names its components; the Engine itself is docker-engine. */
export const packages = ["docker-engine", "containerd", "runc"] as const;
type Package = (typeof packages)[number];

type Event = { readonly introduced: string } | { readonly fixed: string };

/** Each release line by its first fixed release; the first one stands for all lines before it. */
const upTo = (name: Package, first: string, ...later: readonly string[]): Advisory["affected"] => [
  {
    package: { name },
    ranges: [
      {
        type: "SEMVER",
        events: [
          ...[{ introduced: "0" }, { fixed: first }],
          ...later.flatMap((fixed) => [{ introduced: fixed.replace(/\d+$/, "0") }, { fixed }]),
        ],
      },
    ],
  },
];

const sources = (id: string, url: string, project = "moby/moby"): Advisory["references"] => [
  { type: "ADVISORY", url: `https://github.com/${project}/security/advisories/${id}` },
  { type: "WEB", url },
];

const cve = (id: string) => `https://www.cve.org/CVERecord?id=${id}`;

/** The day on which the list below was made. */
export const asOf = "2026-11-30";

let newer: readonly Advisory[] = [];

/** Takes what a file of bulkhead.yaml adds; one with an id that is known takes its place. */
export function knowAdvisories(more: readonly Advisory[]): void {
  newer = more;
}

export function knownAdvisories(): readonly Advisory[] {
  const ids = new Set(newer.map(({ id }) => id));
  return [...advisories.filter(({ id }) => !ids.has(id)), ...newer];
}

export const advisories: readonly Advisory[] = [
  {
    id: "GHSA-x744-4wpc-v9h2",
    aliases: ["CVE-2026-34040"],
    published: "2026-03-31",
    summary: "a request with a large body passes an authorization plugin",
    severity: "high",
    affected: upTo("docker-engine", "29.3.1"),
    references: sources("GHSA-x744-4wpc-v9h2", "https://nvd.nist.gov/vuln/detail/CVE-2026-34040"),
  },
  {
    id: "GHSA-pxq6-2prw-chj9",
    aliases: ["CVE-2026-33997"],
    published: "2026-03-31",
    summary: "a plugin gets a privilege that nobody granted",
    severity: "medium",
    affected: upTo("docker-engine", "29.3.1"),
    references: sources("GHSA-pxq6-2prw-chj9", "https://github.com/moby/moby/releases/tag/docker-v29.3.1"),
  },
  {
    id: "GHSA-x86f-5xw2-fm2r",
    aliases: ["CVE-2026-41567"],
    published: "2026-06-05",
    summary: "docker cp into a container runs a program of the container on the host",
    severity: "high",
    affected: upTo("docker-engine", "29.5.1"),
    references: sources("GHSA-x86f-5xw2-fm2r", "https://www.cve.org/CVERecord?id=CVE-2026-41567"),
  },
  {
    id: "GHSA-rg2x-37c3-w2rh",
    aliases: ["CVE-2026-42306"],
    published: "2026-06-12",
    summary: "a container leads a mount of docker cp to a path of the host",
    severity: "high",
    affected: upTo("docker-engine", "29.5.1"),
    // The fix is in the tag docker-v29.5.1 and in none before.
    references: sources("GHSA-rg2x-37c3-w2rh", "https://www.cve.org/CVERecord?id=CVE-2026-42306"),
  },
  {
    id: "GHSA-vp62-88p7-qqf5",
    aliases: ["CVE-2026-41568"],
    published: "2026-06-12",
    summary: "a container makes docker cp create empty files on the host",
    severity: "medium",
    affected: upTo("docker-engine", "29.5.1"),
    references: sources("GHSA-vp62-88p7-qqf5", "https://www.cve.org/CVERecord?id=CVE-2026-41568"),
  },
  {
    id: "GHSA-xr7r-f8xq-vfvv",
    aliases: ["CVE-2024-21626"],
    published: "2024-01-31",
    summary: "a container starts or execs in a folder of the host, by a descriptor that runc leaves open",
    severity: "high",
    affected: upTo("runc", "1.1.12"),
    references: sources("GHSA-xr7r-f8xq-vfvv", cve("CVE-2024-21626"), "opencontainers/runc"),
  },
  {
    id: "GHSA-9493-h29p-rfm2",
    aliases: ["CVE-2025-31133"],
    published: "2025-11-05",
    summary:
      "an image or a container that starts beside it swaps /dev/null, and a file of the host's /proc is not masked but mounted",
    severity: "high",
    mitigatedBy: "user namespaces",
    affected: upTo("runc", "1.2.8", "1.3.3"),
    references: sources("GHSA-9493-h29p-rfm2", cve("CVE-2025-31133"), "opencontainers/runc"),
  },
  {
    id: "GHSA-qw9x-cqr3-wc7r",
    aliases: ["CVE-2025-52565"],
    published: "2025-11-05",
    summary: "a link in the place of /dev/console mounts a file of the host's /proc before it is masked",
    severity: "high",
    mitigatedBy: "user namespaces",
    affected: upTo("runc", "1.2.8", "1.3.3"),
    references: sources("GHSA-qw9x-cqr3-wc7r", cve("CVE-2025-52565"), "opencontainers/runc"),
  },
  {
    id: "GHSA-cgrx-mc8f-2prm",
    aliases: ["CVE-2025-52881"],
    published: "2025-11-05",
    summary:
      "a container leads runc's writes to /proc to another file: labels are not set, and the host's kernel settings are",
    severity: "high",
    affected: upTo("runc", "1.2.8", "1.3.3"),
    references: sources("GHSA-cgrx-mc8f-2prm", cve("CVE-2025-52881"), "opencontainers/runc"),
  },
  {
    id: "GHSA-265r-hfxg-fhmg",
    aliases: ["CVE-2024-40635"],
    published: "2025-03-17",
    summary: "a user number above 2147483647 runs as root",
    severity: "medium",
    affected: upTo("containerd", "1.6.38", "1.7.27", "2.0.4"),
    references: sources("GHSA-265r-hfxg-fhmg", cve("CVE-2024-40635"), "containerd/containerd"),
  },
  {
    id: "GHSA-pwhc-rpq9-4c8w",
    aliases: ["CVE-2024-25621"],
    published: "2025-11-05",
    summary: "users of the host can go into /var/lib/containerd and /run/containerd",
    severity: "high",
    affected: upTo("containerd", "1.7.29", "2.0.7", "2.1.5"),
    references: sources("GHSA-pwhc-rpq9-4c8w", cve("CVE-2024-25621"), "containerd/containerd"),
  },
];

/** The advisories that a release is affected by. */
export function affecting(release: Release, name: Package = "docker-engine"): readonly Advisory[] {
  return knownAdvisories().filter(({ affected }) =>
    affected.some(
      (each) => each.package.name === name && each.ranges.some(({ events }) => isWithin(release, events)),
    ),
  );
}

function isWithin(release: Release, events: readonly Event[]): boolean {
  let isIn = false;
  for (const event of events) {
    if ("introduced" in event) isIn ||= event.introduced === "0" || !isBefore(release, event.introduced);
    else if (!isBefore(release, event.fixed)) isIn = false;
  }
  return isIn;
}
