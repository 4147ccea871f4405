import type { Finding } from "../../audit/finding.ts";
import { wildcard } from "../../base/wildcard.ts";
import { compareSeverity, type Severity } from "../../model/severity.ts";
import { type Change, subjectKey } from "../change.ts";

/**
 * - `acknowledged`: somebody knows of one finding. It ends when the finding gets worse or is resolved.
 * - `silenced`: what these controls find in these subjects is kept from the outputs until a time.
 */
export const silenceKinds = ["acknowledged", "silenced"] as const;
export type SilenceKind = (typeof silenceKinds)[number];

/** What somebody asks for. */
export interface SilenceRequest {
  readonly kind: SilenceKind;
  /** A control's id, or `*`. */
  readonly control: string;
  /** A subject's id or name; `*` matches any characters. */
  readonly subject: string;
  /** How bad the finding was when it was acknowledged; `critical` for a silence. */
  readonly severity: Severity;
  readonly reason: string;
  /** Milliseconds since 1970; undefined: until the finding is resolved. */
  readonly until: number | undefined;
}

export interface Silence extends SilenceRequest {
  readonly id: number;
  /** Who asked for it, as the machine knows them. */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** Matches a subject by a pattern: `web` is `container:web` and `exec:web`, too. */
export function subjectMatcher(pattern: string): (subject: string) => boolean {
  const matches = wildcard(pattern);
  return (subject) => matches(subject) || matches(subject.replace(/^(?:container|exec):/, ""));
}

type Named = Pick<Finding, "control" | "subject">;

/** Whether it speaks of a finding. */
export function isAbout(silence: SilenceRequest, finding: Named): boolean {
  return aboutOf(silence)(finding);
}

/** Whether it speaks of a finding, for many findings. */
export function aboutOf({ control, subject }: SilenceRequest): (finding: Named) => boolean {
  const matches = subjectMatcher(subject);
  return (finding) =>
    (control === "*" || control === finding.control) && matches(subjectKey(finding.subject));
}

/** Whether it keeps this change from the outputs. An acknowledged finding that gets worse, or is over, is news. */
export function holdsBack(silence: SilenceRequest, { change, finding }: Change): boolean {
  if (!isAbout(silence, finding)) return false;
  if (silence.kind === "silenced") return true;
  return change === "changed" && compareSeverity(finding.severity, silence.severity) <= 0;
}

export function isInForce({ until }: SilenceRequest, now: number): boolean {
  return until === undefined || now < until;
}
