import { writeSync } from "node:fs";

/** At once, and before docker says anything. */
export function tell(sentence: string): void {
  try {
    writeSync(2, `bulkhead: ${sentence}\n`);
  } catch {
    // A standard error that nobody reads does not keep a container from running.
  }
}
