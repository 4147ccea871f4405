import type { RemedyKind } from "../../controls/control.ts";
import { exempts, type Scope } from "../../model/exemption.ts";
import type { Patch } from "../../model/patch.ts";
import type { Subject } from "../../model/subject.ts";

export type StepKind = RemedyKind;

/** One change, or one piece of advice. Its patches belong together: all of them are made, or none. */
export interface Step {
  readonly kind: StepKind;
  /**
   * Names the step in every plan of its subject: its control and what that wants to change. The keys of steps that it has
   * taken in follow.
   */
  readonly keys: readonly [string, ...string[]];
  /** The controls whose findings it fixes, the worst first. */
  readonly controls: readonly string[];
  /** One imperative sentence. */
  readonly summary: string;
  /** What an attacker or an accident can do without it: the first control's words. */
  readonly why: string;
  /** What could stop working and how to tell, a sentence or two each; empty where nothing can. */
  readonly breaks: readonly string[];
  /** How that is known: a run that was made, or a page. Absent where it is the control's own. */
  readonly knownFrom?: readonly string[];
  /** In order; empty where the step is advice. */
  readonly patches: readonly Patch[];
}

/** What there is to do about one subject, the worst first. */
export interface SubjectPlan {
  readonly subject: Subject;
  /** The controls that it fails today, without the silenced ones. */
  readonly failing: readonly string[];
  /** What is made, and advice. */
  readonly steps: readonly Step[];
  /** Decisions that nobody has made yet. */
  readonly open: readonly Step[];
}

/** The riskier of two. */
export function riskier(a: StepKind, b: StepKind): StepKind {
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}

const order = ["safe", "behavioural", "decision", "manual"] as const;

/** Texts that differ, one after the other. */
export function joinTexts(...texts: readonly (string | undefined)[]): string {
  return distinct(...texts).join(" ");
}

export function distinct(...texts: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(texts.filter((text): text is string => text !== undefined && text !== ""))];
}

/** What could stop working, as one text; undefined where nothing can. */
export function breaksText({
  breaks,
  knownFrom = [],
}: Pick<Step, "breaks" | "knownFrom">): string | undefined {
  return breaks.length === 0 ? undefined : joinTexts(...breaks, ...knownFrom);
}

/** A decision that somebody named: `published-port`, or `published-port@web` for one subject. */
export type Acceptance = Pick<Scope, "control" | "subject">;

export function parseAcceptance(text: string): Acceptance {
  const at = text.indexOf("@");
  return at < 0
    ? { control: text, subject: undefined }
    : { control: text.slice(0, at), subject: text.slice(at + 1) };
}

export function spellAcceptance({ control, subject }: Acceptance): string {
  return subject === undefined ? control : `${control}@${subject}`;
}

/** A subject goes by its name (`web`) or its whole id (`compose.yaml#web`). Every decision has to be named. */
export function accepts(
  acceptance: Acceptance,
  { controls }: Pick<Step, "controls">,
  { id, name }: Pick<Subject, "id" | "name">,
): boolean {
  if (acceptance.control === "*") return false;
  const covers = exempts(acceptance);
  return controls.some((control) => covers({ control, names: [name, id] }));
}
