import type { Finding } from "../../audit/finding.ts";
import { visible } from "../../base/visible.ts";
import { displayWidth, padEnd, truncate } from "../../base/width.ts";
import { compareSeverity } from "../../model/severity.ts";
import { listCounts, severityCounts } from "../../report/groups/tally.ts";
import { type Style, styleOf } from "../../report/text/style.ts";
import { count, sentence } from "../../report/words.ts";
import type { Change } from "../change.ts";
import { sayCause, weightOf } from "./words.ts";

/** What the live view shows. */
export interface ViewState {
  readonly address: string;
  readonly connected: boolean;
  /** Everything was read once. */
  readonly known: boolean;
  readonly containers: number;
  readonly running: number;
  readonly events: number;
  /** Seconds since the kernel was last looked at; undefined before that. */
  readonly sweptAgo: number | undefined;
  readonly open: readonly Finding[];
  /** Latest first. */
  readonly changes: readonly Change[];
  /** What the watch has to say of itself, latest last. */
  readonly said: readonly string[];
}

export interface ViewSize {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

/** The view's lines: never more than there are rows, none wider than there are columns. */
export function viewLines(state: ViewState, { columns, rows, colour }: ViewSize): readonly string[] {
  const style = styleOf(colour);
  const head = [headLine(state, columns, style), countsLine(state, columns, style)];
  const said = state.said.slice(-1).map((text) => style.dim(truncate(visible(text), columns)));
  const foot = [style.dim(truncate("q quits", columns))];
  const room = rows - head.length - said.length - foot.length - 2;
  if (room < 2) return [...head, ...said].slice(0, Math.max(0, rows));
  // Half of the room each, and what one does not need goes to the other.
  const forChanges = Math.min(state.changes.length, Math.max(Math.floor(room / 2), room - state.open.length));
  const findings = openLines(state.open, { columns, rows: room - forChanges, style });
  const shown = state.changes.toSorted(latestWorstFirst).slice(0, room - findings.length);
  const about = aboutOf(shown.map(({ finding }) => finding));
  const changes = shown.map((change) => changeLine(change, about, columns, style));
  const rule = (title: string) => style.dim(padRule(title, columns));
  return [...head, rule("open"), ...findings, rule("changes (UTC)"), ...changes, ...said, ...foot];
}

/** Columns of a control's or a subject's name; a longer one moves what follows it. */
const widest = 24;

/** What came in the same moment by how bad it is. */
function latestWorstFirst(a: Change, b: Change): number {
  return b.time.localeCompare(a.time, "en") || compareSeverity(b.finding.severity, a.finding.severity);
}

function headLine(
  { address, containers, running, connected, known }: ViewState,
  columns: number,
  { bold, state: paint }: Style,
): string {
  // The address comes last: it may be long, and who looks knows it.
  const what = !connected
    ? "the Engine does not answer"
    : known
      ? `${count(containers, "container")}, ${running} running`
      : "reading what runs";
  const plain = truncate(`bulkhead watch  ${what}  ${visible(address)}`, columns);
  return connected ? bold(plain) : paint("fail", plain);
}

function countsLine({ open, events, sweptAgo, known }: ViewState, columns: number, style: Style): string {
  if (!known) return style.dim(truncate("nothing is known yet", columns));
  const fails = open.filter(({ verdict }) => verdict === "fail");
  const counts = listCounts(severityCounts(fails)).map(([severity, number]) => ({
    severity,
    text: `${number} ${severity}`,
  }));
  const unknown = open.length - fails.length;
  const swept = sweptAgo === undefined ? "not swept yet" : `swept ${Math.round(sweptAgo)} s ago`;
  const tail = [...(unknown > 0 ? [`${unknown} unknown`] : []), count(events, "event"), swept].join("  ");
  const plain = [...counts.map(({ text }) => text), tail].join("  ");
  if (displayWidth(plain) > columns) return truncate(plain, columns);
  return [...counts.map(({ severity, text }) => style.severity(severity, text)), style.dim(tail)].join("  ");
}

function openLines(
  open: readonly Finding[],
  { columns, rows, style }: { readonly columns: number; readonly rows: number; readonly style: Style },
): readonly string[] {
  const worst = open.toSorted(
    (a, b) =>
      Number(b.verdict === "fail") - Number(a.verdict === "fail") ||
      compareSeverity(b.severity, a.severity) ||
      a.subject.localeCompare(b.subject, "en"),
  );
  const fits = worst.length <= rows;
  const shown = worst.slice(0, fits ? rows : Math.max(0, rows - 1));
  const about = aboutOf(shown);
  const lines = shown.map((finding) => {
    const weight = padEnd(weightOf(finding), 9);
    const rest = `${about(finding)}  ${visible(sentence(finding.message))}`;
    if (columns < 10) return truncate(weight, columns);
    return `${style.severity(finding.severity, weight)}${truncate(rest, columns - 9)}`;
  });
  return fits || rows < 1
    ? lines
    : [...lines, style.dim(truncate(`and ${worst.length - shown.length} more`, columns))];
}

/** A finding's control and subject, in columns as wide as those that are shown need. */
function aboutOf(shown: readonly Finding[]): (finding: Finding) => string {
  const controlOf = ({ control }: Finding) => visible(control);
  const subjectOf = ({ subject }: Finding) =>
    visible(subject.replace(/^container:/, "").replace(/^exec:(.*)\/[^/]*$/, "$1 (exec)"));
  const widthOf = (text: (finding: Finding) => string) =>
    Math.min(widest, Math.max(0, ...shown.map((finding) => displayWidth(text(finding)))));
  const [controls, subjects] = [widthOf(controlOf), widthOf(subjectOf)];
  return (finding) => `${padEnd(controlOf(finding), controls)}  ${padEnd(subjectOf(finding), subjects)}`;
}

function changeLine(
  change: Change,
  about: (finding: Finding) => string,
  columns: number,
  style: Style,
): string {
  const { finding, time } = change;
  const head = `${time.slice(11, 19)}  ${padEnd(change.change, 9)}`;
  const weight = padEnd(weightOf(finding), 9);
  const rest = `${about(finding)}  ${sayCause(change.cause)}`;
  const room = columns - displayWidth(head) - displayWidth(weight);
  if (room < 1) return truncate(head, columns);
  const painted = change.change === "resolved" ? style.dim(weight) : style.severity(finding.severity, weight);
  return `${style.dim(head)}${painted}${truncate(rest, room)}`;
}

function padRule(title: string, columns: number): string {
  return truncate(`── ${title} ${"─".repeat(Math.max(0, columns - title.length - 4))}`, columns, "");
}
