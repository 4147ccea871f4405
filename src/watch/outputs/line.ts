import { visible } from "../../base/visible.ts";
import { padEnd } from "../../base/width.ts";
import { styleOf } from "../../report/text/style.ts";
import type { Change } from "../change.ts";
import { sayCause, sayMessage, weightOf } from "./words.ts";

/** A change as one line of text: `2026-11-25T03:58:08Z opened critical docker-socket-mount container:web (configured): Mounts …`. */
export function lineOf(change: Change, colour: boolean): string {
  const { bold, dim, severity } = styleOf(colour);
  const { finding } = change;
  const word = padEnd(change.change, 8);
  const weight = padEnd(weightOf(finding), 8);
  return [
    dim(change.time),
    change.change === "resolved" ? dim(word) : word,
    change.change === "resolved" ? dim(weight) : severity(finding.severity, weight),
    bold(finding.control),
    `${visible(finding.subject)} (${finding.level}):`,
    sayMessage(change),
    dim(`[${sayCause(change.cause)}]`),
  ].join(" ");
}
