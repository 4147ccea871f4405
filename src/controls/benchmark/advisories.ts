/**
 * Known holes of the Docker Engine, in OSV's shape (https://ossf.github.io/osv-schema/): what is affected is every version from
 * `introduced` up to, and without, `fixed`. As of 30 November 2026. Each has the project's own advisory and where its range comes from.
 */
export interface Advisory {
  /** The id of the project's advisory. */
  readonly id: string;
  readonly aliases: readonly string[];
  readonly published: string;
  readonly summary: string;
  readonly severity: "medium" | "high";
  readonly affected: readonly {
    readonly package: { readonly name: "docker-engine" };
    readonly ranges: readonly { readonly type: "SEMVER"; readonly events: readonly Event[] }[];
  }[];
  readonly references: readonly { readonly type: "ADVISORY" | "FIX" | "WEB"; readonly url: string }[];
}

type Event = { readonly introduced: string } | { readonly fixed: string };

const upTo = (fixed: string): Advisory["affected"] => [
  {
    package: { name: "docker-engine" },
    ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed }] }],
  },
];

const sources = (id: string, url: string): Advisory["references"] => [
  { type: "ADVISORY", url: `https://github.com/moby/moby/security/advisories/${id}` },
  { type: "WEB", url },
];

export const advisories: readonly Advisory[] = [
  {
    id: "GHSA-x744-4wpc-v9h2",
    aliases: ["CVE-2026-34040"],
    published: "2026-03-31",
    summary: "a request with a large body passes an authorization plugin",
    severity: "high",
    affected: upTo("29.3.1"),
    references: sources("GHSA-x744-4wpc-v9h2", "https://nvd.nist.gov/vuln/detail/CVE-2026-34040"),
  },
  {
    id: "GHSA-pxq6-2prw-chj9",
    aliases: ["CVE-2026-33997"],
    published: "2026-03-31",
    summary: "a plugin gets a privilege that nobody granted",
    severity: "medium",
    affected: upTo("29.3.1"),
    references: sources("GHSA-pxq6-2prw-chj9", "https://github.com/moby/moby/releases/tag/docker-v29.3.1"),
  },
  {
    id: "GHSA-x86f-5xw2-fm2r",
    aliases: ["CVE-2026-41567"],
    published: "2026-06-05",
    summary: "docker cp into a container runs a program of the container on the host",
    severity: "high",
    affected: upTo("29.5.1"),
    references: sources("GHSA-x86f-5xw2-fm2r", "https://www.cve.org/CVERecord?id=CVE-2026-41567"),
  },
  {
    id: "GHSA-rg2x-37c3-w2rh",
    aliases: ["CVE-2026-42306"],
    published: "2026-06-12",
    summary: "a container leads a mount of docker cp to a path of the host",
    severity: "high",
    affected: upTo("29.5.1"),
    // The fix is in the tag docker-v29.5.1 and in none before.
    references: sources("GHSA-rg2x-37c3-w2rh", "https://www.cve.org/CVERecord?id=CVE-2026-42306"),
  },
  {
    id: "GHSA-vp62-88p7-qqf5",
    aliases: ["CVE-2026-41568"],
    published: "2026-06-12",
    summary: "a container makes docker cp create empty files on the host",
    severity: "medium",
    affected: upTo("29.5.1"),
    references: sources("GHSA-vp62-88p7-qqf5", "https://www.cve.org/CVERecord?id=CVE-2026-41568"),
  },
];

/** A version of the Engine as it reports it. */
export interface Release {
  readonly numbers: readonly [major: number, minor: number, patch: number];
  /** A release candidate is older than its release. */
  readonly isCandidate: boolean;
  /** A distribution's own build (`26.1.5+dfsg1`): it has fixes that the number does not show. */
  readonly isOfDistribution: boolean;
}

/** Undefined for what is not a release: `dev`, a commit. */
export function releaseOf(version: string): Release | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(.*)$/s.exec(version);
  if (!match) return undefined;
  const [, major, minor, patch, rest = ""] = match;
  return {
    numbers: [Number(major), Number(minor), Number(patch)],
    isCandidate: /^-(?:rc|beta|alpha)/.test(rest),
    isOfDistribution: rest !== "" && !/^-(?:rc|beta|alpha)[.\d]*$|^-ce$/.test(rest),
  };
}

/** The advisories that a release is affected by. */
export function affecting(release: Release): readonly Advisory[] {
  return advisories.filter(({ affected }) =>
    affected.some(({ ranges }) => ranges.some(({ events }) => isWithin(release, events))),
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

function isBefore({ numbers, isCandidate }: Release, version: string): boolean {
  const other = version.split(".").map(Number);
  const at = numbers.findIndex((number, index) => number !== other[index]);
  return at === -1 ? isCandidate : (numbers[at] ?? 0) < (other[at] ?? 0);
}
