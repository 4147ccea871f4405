import { visible } from "../../../base/visible.ts";
import { wrap } from "../../../base/width.ts";
import { findControl } from "../../../controls/registry.ts";
import type { Style } from "../../../report/text/style.ts";
import { sentence } from "../../../report/words.ts";
import { type Change, type ChangeKind, findingKey } from "../../change.ts";
import { sayCause, sayTime, sayUntil, sayWho, weightOf } from "../words.ts";
import type { ViewItem, ViewState } from "./state.ts";

/** Columns of what a line is about. */
const label = 9;

const notes: Readonly<Partial<Record<ChangeKind, string>>> = {
  loosened: "it is a limit",
  refused: "the rule holds",
};

/** All that is known of a finding, wrapped to the columns. */
export function detailLines(
  { finding, change, id }: ViewItem,
  state: ViewState,
  { columns, style }: { readonly columns: number; readonly style: Style },
): readonly string[] {
  const room = columns - label;
  const said = (name: string, text: string): readonly string[] =>
    wrap(visible(text), room).map((line, index) => `${(index === 0 ? name : "").padEnd(label)}${line}`);
  const control = findControl(finding.control);
  const isOpen = state.open.some((each) => findingKey(each) === findingKey(finding));
  const latest = change ?? state.changes.find((each) => findingKey(each.finding) === id);
  const silence = state.silenceOf(finding);
  const plain = [
    ...said(weightOf(finding), `${finding.control} on ${finding.subject} (${finding.level})`),
    ...said("", sentence(finding.message)),
    "",
    ...(change ? said("change", `${change.change} at ${sayTime(change.time)}`) : []),
    ...said("now", isOpen ? "it is open" : ((change && notes[change.change]) ?? "it is resolved")),
    ...(latest ? causeLines(latest, said) : said("cause", "it was open when the watch began")),
    ...(silence
      ? said(
          silence.kind === "silenced" ? "silenced" : "known",
          `by ${silence.by} ${sayUntil(silence.until)}: ${silence.reason}`,
        )
      : []),
    ...finding.views.flatMap(({ level, verdict, observed }) =>
      said(level === "effective" ? "kernel" : "Engine", `${observed ?? "it does not say"} (${verdict})`),
    ),
    ...(control ? ["", ...said("why", control.why)] : []),
    ...(finding.fix ? ["", ...said("fix", finding.fix.summary)] : []),
    ...(finding.fix?.breaks ? said("", finding.fix.breaks) : []),
  ];
  return plain
    .map((line, index) => (index === 0 ? style.severity(finding.severity, line) : line))
    .map((line) => cut(line, columns));
}

function causeLines(
  { cause }: Change,
  said: (name: string, text: string) => readonly string[],
): readonly string[] {
  return [...said("cause", sayCause(cause)), ...said("who", sayWho(cause))];
}

/** `wrap` needs some room: a terminal that has less shows the beginning. */
function cut(line: string, columns: number): string {
  return columns < label + 8 ? "" : line;
}

const help: readonly (readonly [string, string])[] = [
  ["↑ ↓ j k", "choose a line; Page Up, Page Down, Home and End go further"],
  ["tab", "the other list: what is open, or what changed"],
  ["enter", "all that is known of the line"],
  ["/", "show only lines with these characters; esc shows all again"],
  [
    "a",
    "acknowledge: you know of this finding. What changes in it stays quiet until it gets worse or is resolved",
  ],
  ["s", "silence: nothing of this control in this subject goes out until a time"],
  ["u", "end what was acknowledged or silenced of this line"],
  ["q", "quit"],
];

export function helpLines(columns: number): readonly string[] {
  if (columns < label + 9) return [];
  return help.flatMap(([keys, does]) =>
    wrap(does, columns - label - 1).map(
      (line, index) => `${(index === 0 ? keys : "").padEnd(label + 1)}${line}`,
    ),
  );
}
