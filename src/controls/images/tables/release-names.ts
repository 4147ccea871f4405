/** A release of a distribution that images are tagged with by its code name. */
interface Release {
  readonly name: string;
  readonly version: string;
  /** The last day with security fixes for everyone, YYYY-MM-DD: the free long-term support where there is one. */
  readonly until: string;
}

interface Distribution {
  /** Its own images, by the last part of the repository. */
  readonly repositories: readonly string[];
  readonly title: string;
  readonly releases: readonly Release[];
  /** Releases that are tagged by number: the number's beginning and the last day. */
  readonly numbered: readonly (readonly [version: string, until: string])[];
  readonly source: string;
}

function releases(text: string): readonly Release[] {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [name = "", version = "", until = ""] = line.trim().split(/\s+/);
      return { name, version, until };
    });
}

function numbers(text: string): readonly (readonly [string, string])[] {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [version = "", until = ""] = line.trim().split(/\s+/);
      return [version, until];
    });
}

export const distributions: readonly Distribution[] = [
  {
    title: "Debian",
    repositories: ["debian", "debian-debug"],
    releases: releases(`
      wheezy   7  2018-05-31
      jessie   8  2020-06-30
      stretch  9  2022-06-30
      buster   10 2024-06-30
      bullseye 11 2026-08-31
      bookworm 12 2028-06-30
      trixie   13 2030-06-30
      forky    14 2032-06-30`),
    numbered: numbers(`
      7  2018-05-31
      8  2020-06-30
      9  2022-06-30
      10 2024-06-30
      11 2026-08-31
      12 2028-06-30
      13 2030-06-30`),
    source: "https://wiki.debian.org/LTS and https://wiki.debian.org/DebianReleases",
  },
  {
    title: "Ubuntu",
    repositories: ["ubuntu", "ubuntu-debootstrap"],
    releases: releases(`
      precise  12.04 2017-04-28
      trusty   14.04 2019-04-25
      xenial   16.04 2021-04-30
      artful   17.10 2018-07-19
      bionic   18.04 2023-05-31
      cosmic   18.10 2019-07-18
      disco    19.04 2020-01-23
      eoan     19.10 2020-07-17
      focal    20.04 2025-05-31
      groovy   20.10 2021-07-22
      hirsute  21.04 2022-01-20
      impish   21.10 2022-07-14
      jammy    22.04 2027-04-30
      kinetic  22.10 2023-07-20
      lunar    23.04 2024-01-25
      mantic   23.10 2024-07-11
      noble    24.04 2029-04-30
      oracular 24.10 2025-07-10
      plucky   25.04 2026-01-15
      questing 25.10 2026-07-31
      resolute 26.04 2031-04-30`),
    numbered: numbers(`
      14.04 2019-04-25
      16.04 2021-04-30
      18.04 2023-05-31
      20.04 2025-05-31
      22.04 2027-04-30
      24.04 2029-04-30
      24.10 2025-07-10
      25.04 2026-01-15
      25.10 2026-07-31`),
    source: "https://wiki.ubuntu.com/Releases",
  },
  {
    title: "Alpine",
    repositories: ["alpine"],
    releases: [],
    numbered: numbers(`
      2    2017-11-01
      3.1  2016-11-01
      3.2  2017-05-01
      3.3  2017-11-01
      3.4  2018-05-01
      3.5  2018-11-01
      3.6  2019-05-01
      3.7  2019-11-01
      3.8  2020-05-01
      3.9  2020-11-01
      3.10 2021-05-01
      3.11 2021-11-01
      3.12 2022-05-01
      3.13 2022-11-01
      3.14 2023-05-01
      3.15 2023-11-01
      3.16 2024-05-23
      3.17 2024-11-22
      3.18 2025-05-09
      3.19 2025-11-01
      3.20 2026-04-01
      3.21 2026-11-01
      3.22 2027-05-01
      3.23 2027-11-01`),
    source: "https://alpinelinux.org/releases/",
  },
  {
    title: "CentOS",
    repositories: ["centos"],
    releases: [],
    numbered: numbers(`
      5 2017-03-31
      6 2020-11-30
      7 2024-06-30
      8 2021-12-31`),
    source: "https://www.centos.org/centos-linux-eol/",
  },
  {
    title: "Fedora",
    repositories: ["fedora", "fedora-minimal"],
    releases: [],
    numbered: numbers(`
      37 2023-12-05
      38 2024-05-21
      39 2024-11-26
      40 2025-05-13
      41 2025-12-15
      42 2026-05-13`),
    source: "https://docs.fedoraproject.org/en-US/releases/eol/",
  },
  {
    // Not a distribution of its own, but its images are named the same way, on Ubuntu.
    title: "ROS",
    repositories: ["ros", "ros-core", "ros-base", "desktop", "desktop-full"],
    releases: releases(`
      melodic  1 2023-05-30
      noetic   1 2025-05-31
      foxy     2 2023-06-20
      galactic 2 2022-12-09
      humble   2 2027-05-31
      iron     2 2024-12-04
      jazzy    2 2029-05-31
      kilted   2 2026-12-31`),
    numbered: [],
    source: "https://docs.ros.org/en/rolling/Releases.html",
  },
];

const byName = new Map(
  distributions.flatMap((distribution) =>
    distribution.releases.map((release) => [release.name, { ...release, distribution }] as const),
  ),
);

/** `alpine3.20`, `arm64v8`, `x86_64`: what the image is built on, or for. */
const base =
  /^(?:alpine|debian|ubuntu|ubi|centos|fedora|rocky(?:linux)?|amazonlinux|windowsservercore|nanoserver)[\d.]+$|^(?:amd|arm|x|i|ppc|s|riscv|mips|armv)\d+\w*$|^x86_64$/;

/**
 * Whether a tag names a version of the image: a number that is not only its base's or its architecture's, a commit, or, of a
 * distribution's own image, the code name of a release. `latest`, `sid`, `edge`, `prod` and the like move with every push.
 */
export function namesVersion(repository: string, tag: string): boolean {
  const parts = tag.toLowerCase().split(/[-_+]/);
  const short = repository.slice(repository.lastIndexOf("/") + 1);
  if (parts.some((part) => releaseOf(part)?.distribution.repositories.includes(short))) return true;
  if (short === "buildpack-deps" && parts.some((part) => byName.has(part))) return true;
  return parts.some((part) => /^[0-9a-f]{7,64}$/.test(part) || (/\d/.test(part) && !base.test(part)));
}

function releaseOf(name: string) {
  return byName.get(name);
}

/** The distribution that the image is, or is built on by its tag, with the last day of its security fixes. */
export function supportOf(
  repository: string,
  tag: string,
): { readonly title: string; readonly until: string } | undefined {
  const parts = tag.toLowerCase().split(/[-_+]/);
  for (const part of parts) {
    const release = byName.get(part);
    if (release) {
      const { title } = release.distribution;
      return { title: `${title} ${release.version} (${release.name})`, until: release.until };
    }
    const on = /^alpine([\d.]+)$/.exec(part)?.[1];
    const alpine = on === undefined ? undefined : numbered(on, "Alpine");
    if (alpine) return alpine;
  }
  const short = repository.slice(repository.lastIndexOf("/") + 1);
  const own = distributions.find(({ repositories }) => repositories.includes(short));
  return own && /^\d/.test(parts[0] ?? "") ? numbered(parts[0] ?? "", own.title) : undefined;
}

function numbered(version: string, title: string) {
  const rows = distributions.find((each) => each.title === title)?.numbered ?? [];
  const row = rows.find(([known]) => version === known || version.startsWith(`${known}.`));
  return row && { title: `${title} ${row[0]}`, until: row[1] };
}
