import { newestVersion, oldestReadable } from "../request/version.ts";

/**
 * The minor version that a word of the policy names: `"1.24"`, or 1.24 without quotes, where YAML makes 1.3 of 1.30. Undefined
 * where the guard knows none such.
 */
export function minorOf(word: string | number): number | undefined {
  const minor = /^1\.([1-9][0-9]?)$/.exec(String(word))?.[1];
  if (minor === undefined) return undefined;
  const number = typeof word === "number" && minor.length === 1 ? Number(minor) * 10 : Number(minor);
  return number >= oldestReadable.minor && number <= newestVersion.minor ? number : undefined;
}
