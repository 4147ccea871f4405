/** A version of the Engine API: `1.45` is major 1, minor 45. */
export interface ApiVersion {
  readonly major: 1;
  readonly minor: number;
}

/** What the table of routes covers. Newer versions are denied, and older ones unless the policy says `versions`. */
export const oldestVersion: ApiVersion = { major: 1, minor: 41 };
/** The oldest that a policy can open: what older requests say differently is in older.ts. */
export const oldestReadable: ApiVersion = { major: 1, minor: 24 };
export const newestVersion: ApiVersion = { major: 1, minor: 54 };

/** The version that a path begins with, `v1.45`; undefined where it is not written in the one form that is taken. */
export function parseVersion(segment: string): ApiVersion | undefined {
  const minor = /^v1\.([1-9][0-9]{0,2})$/.exec(segment)?.[1];
  return minor === undefined ? undefined : { major: 1, minor: Number(minor) };
}

export function printVersion(version: ApiVersion): string {
  return `v${version.major}.${version.minor}`;
}
