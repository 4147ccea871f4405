import type { Finding } from "../../../audit/finding.ts";
import { compareSeverity } from "../../../model/severity.ts";
import { type Change, findingKey } from "../../change.ts";
import type { SilenceOf } from "../../changes/gate.ts";
import type { SilenceRequest } from "../../changes/silence.ts";

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
  /** What somebody acknowledged or silenced. */
  readonly silenceOf: SilenceOf;
}

export const panes = ["open", "changes"] as const;
export type Pane = (typeof panes)[number];

/** Where somebody is in the view. */
export interface ViewModel {
  readonly pane: Pane;
  readonly filter: string;
  readonly places: Readonly<Record<Pane, Choice>>;
  readonly mode: Mode;
}

/** The chosen line. A line that goes leaves the choice at its place; the top of a list without a choice stays the top. */
export interface Choice {
  readonly id: string | undefined;
  readonly index: number;
}

export type Mode =
  | { readonly kind: "list" }
  | { readonly kind: "detail"; readonly item: ViewItem; readonly scroll: number }
  | { readonly kind: "help" }
  | Question;

/** A line that is being typed. */
export interface Question {
  readonly kind: "ask";
  readonly what: "filter" | "reason" | "until";
  readonly text: string;
  /** What is to be acknowledged or silenced, as far as it is known. */
  readonly request: Omit<SilenceRequest, "until"> | undefined;
  /** Why the last answer was none. */
  readonly wrong: string | undefined;
}

/** A line of a list: a finding that is open, or a change. */
export interface ViewItem {
  readonly id: string;
  readonly finding: Finding;
  readonly change: Change | undefined;
}

export const start: ViewModel = {
  pane: "open",
  filter: "",
  places: { open: { id: undefined, index: 0 }, changes: { id: undefined, index: 0 } },
  mode: { kind: "list" },
};

/** What each list holds, filtered: what is open with the worst first, changes with the latest first. */
export function itemsOf(state: ViewState, filter: string): Readonly<Record<Pane, readonly ViewItem[]>> {
  const wanted = filter.toLowerCase();
  const isWanted = ({ finding }: ViewItem) =>
    wanted === "" ||
    [finding.control, finding.subject, finding.severity, finding.message].some((text) =>
      text.toLowerCase().includes(wanted),
    );
  const quiet = (finding: Finding) => Number(state.silenceOf(finding) !== undefined);
  const open = state.open
    .map((finding) => ({ finding, quiet: quiet(finding) }))
    .toSorted(
      (a, b) =>
        a.quiet - b.quiet ||
        Number(b.finding.verdict === "fail") - Number(a.finding.verdict === "fail") ||
        compareSeverity(b.finding.severity, a.finding.severity) ||
        a.finding.subject.localeCompare(b.finding.subject, "en"),
    )
    .map(({ finding }) => ({ id: findingKey(finding), finding, change: undefined }));
  const changes = state.changes.toSorted(latestWorstFirst).map((change) => ({
    id: `${change.time} ${change.change} ${findingKey(change.finding)}`,
    finding: change.finding,
    change,
  }));
  return { open: open.filter(isWanted), changes: changes.filter(isWanted) };
}

/** The index of the chosen line; 0 of an empty list. */
export function chosen({ id, index }: Choice, items: readonly ViewItem[]): number {
  const at = id === undefined ? 0 : items.findIndex((each) => each.id === id);
  return at >= 0 ? at : Math.max(0, Math.min(index, items.length - 1));
}

/** What came in the same moment by how bad it is. */
function latestWorstFirst(a: Change, b: Change): number {
  return b.time.localeCompare(a.time, "en") || compareSeverity(b.finding.severity, a.finding.severity);
}
