/** A version of the Engine API: `1.45` is major 1, minor 45. */
export interface ApiVersion {
  readonly major: 1;
  readonly minor: number;
}

/** What the table of routes covers. Older and newer versions are denied. */
export const oldestVersion: ApiVersion = { major: 1, minor: 41 };
export const newestVersion: ApiVersion = { major: 1, minor: 54 };
