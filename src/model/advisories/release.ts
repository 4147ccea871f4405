/** A version as the Engine reports it, its own or another part's. */
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

/** Whether it is older than a release: `29.4.2`. */
export function isBefore({ numbers, isCandidate }: Release, version: string): boolean {
  const other = version.split(".").map(Number);
  const at = numbers.findIndex((number, index) => number !== (other[index] ?? 0));
  return at === -1 ? isCandidate : (numbers[at] ?? 0) < (other[at] ?? 0);
}
