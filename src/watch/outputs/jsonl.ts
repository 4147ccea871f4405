import { findingOf } from "../../report/json.ts";
import type { Change } from "../change.ts";

/** A change as one line of JSON, keys in the order of the type. */
export function jsonLine({ time, change, finding, cause }: Change): string {
  return `${JSON.stringify({ time, change, finding: findingOf(finding), cause })}\n`;
}
