import type { Remedy } from "../controls/control.ts";
import type { Patch } from "../model/patch.ts";
import type { Subject } from "../model/subject.ts";

export type StepKind = Remedy["kind"];

/** What is done, or left to do, in one go: its patches belong together and are made all or not at all. */
export interface Step {
  readonly kind: StepKind;
  /** The controls whose findings it mends, the worst first. */
  readonly controls: readonly string[];
  /** One imperative sentence. */
  readonly summary: string;
  /** What an attacker or an accident does with it as it is: the first control's own words. */
  readonly why: string;
  /** What could stop working and how to tell; undefined where nothing can. */
  readonly breaks: string | undefined;
  /** In order; empty where the step is advice. */
  readonly patches: readonly Patch[];
}

/** What there is to do about one subject, the worst first. */
export interface SubjectPlan {
  readonly subject: Subject;
  /** The controls that it fails today, silenced ones left out. */
  readonly failing: readonly string[];
  readonly steps: readonly Step[];
}

/** The riskier of two. */
export function riskier(a: StepKind, b: StepKind): StepKind {
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}

const order = ["safe", "behavioural", "manual"] as const;

/** Texts that differ, one after the other. */
export function joinTexts(...texts: readonly (string | undefined)[]): string {
  return [...new Set(texts.filter((text) => text !== undefined && text !== ""))].join(" ");
}
