import type { Finding } from "../../../audit/finding.ts";
import { visible } from "../../../base/visible.ts";
import { displayWidth, padEnd, truncate, truncateStart } from "../../../base/width.ts";
import { listCounts, severityCounts } from "../../../report/groups/tally.ts";
import { type Style, styleOf } from "../../../report/text/style.ts";
import { count, sentence } from "../../../report/words.ts";
import type { Change } from "../../change.ts";
import { sayCause, weightOf } from "../words.ts";
import { detailLines, helpLines } from "./detail.ts";
import {
  chosen,
  itemsOf,
  type Pane,
  type Question,
  start,
  type ViewItem,
  type ViewModel,
  type ViewState,
} from "./state.ts";

export interface ViewSize {
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

/** The view's lines: never more than there are rows, none wider than there are columns. */
export function viewLines(state: ViewState, size: ViewSize, model: ViewModel = start): readonly string[] {
  const { columns, rows } = size;
  const style = styleOf(size.colour);
  const head = [headLine(state, columns, style), countsLine(state, columns, style)];
  const said = state.said.slice(-1).map((text) => style.dim(truncate(visible(text), columns)));
  const foot = footLine(model, columns, style);
  const room = roomOf(state, rows);
  if (room < 2) return [...head, ...said].slice(0, Math.max(0, rows));
  if (model.mode.kind === "detail" || model.mode.kind === "help") {
    const all =
      model.mode.kind === "help"
        ? helpLines(columns)
        : detailLines(model.mode.item, state, { columns, style });
    const from = model.mode.kind === "help" ? 0 : Math.min(model.mode.scroll, Math.max(0, all.length - room));
    const shown = all.slice(from, from + room + 1);
    const place = all.length > shown.length ? ` ${from + 1}–${from + shown.length} of ${all.length}` : "";
    const title = model.mode.kind === "help" ? "keys" : "detail";
    return [...head, style.dim(padRule(`${title}${place}`, columns)), ...shown, ...said, foot];
  }
  const items = itemsOf(state, model.filter);
  // Half of the room each, and what one does not need goes to the other.
  const forChanges = Math.min(items.changes.length, Math.max(Math.floor(room / 2), room - items.open.length));
  const painter = { model, items, columns, style, state };
  const open = paneLines("open", "open", room - forChanges, painter);
  const changes = paneLines("changes", "changes (UTC)", room - (open.length - 1), painter);
  return [...head, ...open, ...changes, ...said, foot];
}

/** Lines of both lists together. */
function roomOf({ said }: ViewState, rows: number): number {
  return rows - 2 - Math.min(1, said.length) - 1 - 2;
}

/** Lines by which a page of the chosen list, or of a detail, moves. */
export function pageOf(state: ViewState, rows: number, { mode }: ViewModel): number {
  const room = roomOf(state, rows);
  return Math.max(1, mode.kind === "detail" ? room : Math.floor(room / 2) - 1);
}

interface Painter {
  readonly model: ViewModel;
  readonly items: Readonly<Record<Pane, readonly ViewItem[]>>;
  readonly columns: number;
  readonly style: Style;
  readonly state: ViewState;
}

/** A list's title, and as many of its lines as there is room for, the chosen one among them. */
function paneLines(pane: Pane, title: string, rows: number, painter: Painter): readonly string[] {
  const { model, items, columns, style, state } = painter;
  const all = items[pane];
  const at = chosen(model.places[pane], all);
  const from = Math.max(0, Math.min(at - Math.floor(rows / 2), all.length - rows));
  const shown = all.slice(from, from + rows);
  const none = all.length === 0 ? ": nothing" : "";
  const filtered = model.filter === "" ? "" : ` with “${visible(model.filter)}”${none}`;
  const place =
    all.length <= shown.length
      ? ""
      : shown.length === 0
        ? ` ${all.length}`
        : ` ${from + 1}–${from + shown.length} of ${all.length}`;
  const isFocused = model.pane === pane;
  const rule = padRule(`${title}${filtered}${place}`, columns);
  const about = aboutOf(shown.map(({ finding }) => finding));
  const lines = shown.map((item, index) => {
    const isChosen = isFocused && from + index === at;
    // A narrow terminal needs its columns.
    const gutter = columns < 40 ? "" : isChosen ? "› " : "  ";
    const room = columns - gutter.length;
    const line = item.change
      ? changeLine(item.change, about, room, style)
      : openLine(item.finding, about, { columns: room, style, state });
    return isChosen ? style.bold(`${gutter}${line}`) : `${gutter}${line}`;
  });
  return [isFocused ? style.bold(rule) : style.dim(rule), ...lines];
}

/** Columns of a control's or a subject's name; a longer one moves what follows it. */
const widest = 24;

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

/** What is open, without what somebody acknowledged or silenced, which is counted by itself. */
function countsLine(state: ViewState, columns: number, style: Style): string {
  const { open, events, sweptAgo, known, silenceOf } = state;
  if (!known) return style.dim(truncate("nothing is known yet", columns));
  const kinds = open.map((finding) => silenceOf(finding)?.kind);
  const loud = open.filter((_, index) => kinds[index] === undefined);
  const fails = loud.filter(({ verdict }) => verdict === "fail");
  const counts = listCounts(severityCounts(fails)).map(([severity, number]) => ({
    severity,
    text: `${number} ${severity}`,
  }));
  const unknown = loud.length - fails.length;
  const numberOf = (wanted: string) => kinds.filter((kind) => kind === wanted).length;
  const quiet = [
    { number: unknown, word: "unknown" },
    { number: numberOf("acknowledged"), word: "acknowledged" },
    { number: numberOf("silenced"), word: "silenced" },
  ].flatMap(({ number, word }) => (number > 0 ? [`${number} ${word}`] : []));
  const swept = sweptAgo === undefined ? "not swept yet" : `swept ${Math.round(sweptAgo)} s ago`;
  const tail = [...quiet, count(events, "event"), swept].join("  ");
  const plain = [...counts.map(({ text }) => text), tail].join("  ");
  if (displayWidth(plain) > columns) return truncate(plain, columns);
  return [...counts.map(({ severity, text }) => style.severity(severity, text)), style.dim(tail)].join("  ");
}

function openLine(
  finding: Finding,
  about: (finding: Finding) => string,
  { columns, style, state }: Pick<Painter, "columns" | "style" | "state">,
): string {
  const weight = padEnd(weightOf(finding), 9);
  if (columns < 10) return truncate(weight, columns);
  const silence = state.silenceOf(finding);
  const mark = silence ? `(${silence.kind}) ` : "";
  const rest = truncate(`${about(finding)}  ${mark}${visible(sentence(finding.message))}`, columns - 9);
  return silence ? style.dim(`${weight}${rest}`) : `${style.severity(finding.severity, weight)}${rest}`;
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

/** The second is for a terminal that has no room for the first. */
const keys = {
  list: [
    "q quits  ↑↓ choose  tab list  enter detail  / filter  a ack  s silence  ? keys",
    "q quits  ? keys  ↑↓  tab  enter  /  a  s  u",
  ],
  detail: [
    "esc back  ↑↓ scroll  a acknowledge  s silence  u end a silence  q quits",
    "esc back  ↑↓  a  s  u  q quits",
  ],
  help: ["any key: back", "any key: back"],
} as const;

function footLine({ mode }: ViewModel, columns: number, style: Style): string {
  if (mode.kind !== "ask") {
    const [long, short] = keys[mode.kind];
    return style.dim(truncate(displayWidth(long) <= columns ? long : short, columns));
  }
  const typed = `${visible(mode.text)}▏`;
  const wrong = mode.wrong === undefined ? "" : `  (${mode.wrong})`;
  const whole = `${asked(mode)} ${typed}${wrong}`;
  if (displayWidth(whole) <= columns) return style.bold(whole);
  // Who types needs the end of it, and why it was no answer more than the question.
  const head = truncate(mode.wrong ?? asked(mode), Math.floor(columns / 2));
  const end = truncateStart(typed, columns - displayWidth(head) - 1);
  return style.bold(truncate(`${head} ${end}`, columns));
}

function asked({ what, request }: Question): string {
  if (what === "filter" || !request) return "Filter:";
  const verb = request.kind === "acknowledged" ? "Acknowledge" : "Silence";
  if (what === "reason") return `${verb} ${request.control} on ${visible(request.subject)}. Reason:`;
  const empty = request.kind === "acknowledged" ? "; empty: its end" : "";
  return `${verb} until (4h, 7d, 2027-01-31${empty}):`;
}

function padRule(title: string, columns: number): string {
  const rest = Math.max(0, columns - displayWidth(title) - 4);
  return truncate(`── ${title} ${"─".repeat(rest)}`, columns, "");
}
