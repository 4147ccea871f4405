import type { DiskFiles } from "../../audit/inputs/disk-files.ts";
import { displayWidth } from "../../base/width.ts";
import { coverer } from "../../model/credentials/mask.ts";
import type { FileOrigin } from "../../model/origin.ts";
import { excerpter } from "../../report/excerpt.ts";
import { redactSentence } from "../../report/secrets/redact.ts";

let known: readonly string[] = [];
let cover = coverer(known);

/** From now on no complaint shows one of these credentials, which the files have. */
export function hideInComplaints(values: readonly string[]): void {
  known = values;
  cover = coverer(values);
}

/** Says what is wrong in one line on standard error; answers the exit status of wrong use. */
export function complain(reason: string): 2 {
  process.stderr.write(`bulkhead: ${redactSentence(cover(reason))}\n`);
  return 2;
}

/** The same with file, line and a caret under the place. */
export function complainAt(
  reason: string,
  location: FileOrigin | undefined,
  io: DiskFiles,
  file?: string,
): 2 {
  if (!location) return complain(file === undefined ? reason : `${file}: ${reason}`);
  complain(`${location.file}:${location.startLine}:${location.startColumn}: ${reason}`);
  const shown = excerpter({ sourceLine: io.line, secrets: [], secretValues: known })(location, 100);
  // At the end of a file there is nothing to show.
  if (shown && `${shown.before}${shown.marked}${shown.after}`.trim() !== "") {
    const { before, marked, after } = shown;
    const caret = "^".repeat(Math.max(1, displayWidth(marked)));
    process.stderr.write(`  ${before}${marked}${after}\n  ${" ".repeat(displayWidth(before))}${caret}\n`);
  }
  return 2;
}
