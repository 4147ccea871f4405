import { InvalidArgumentError } from "commander";
import { parseBytes } from "../../formats/values/bytes.ts";

/** Of an option that may be given several times. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** The same, each with one or several, with commas between. */
export function list(value: string, before: readonly string[]): readonly string[] {
  return [...before, ...value.split(",").map((part) => part.trim())].filter(Boolean);
}

/** A size such as 64m, in bytes; 0 is one. */
export function size(value: string): number {
  const bytes = parseBytes(value);
  if (bytes === undefined || bytes < 0) throw new InvalidArgumentError("A size such as 64m is expected.");
  return bytes;
}

/** A whole number from 0 to 999,999. */
export function count(value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new InvalidArgumentError("A whole number is expected.");
  return Number(value);
}
