import type { Finding } from "../../audit/finding.ts";
import { wildcard } from "../../base/wildcard.ts";
import { type Exemption, exempts } from "../../model/exemption.ts";
import { compareSeverity, type Severity } from "../../model/severity.ts";
import { type Change, subjectKey } from "../change.ts";

/**
 * - `acknowledged`: somebody knows of one finding. It ends when the finding gets worse or is resolved.
 * - `silenced`: what these controls find in these subjects is kept from the outputs until a time.
 */
export const silenceKinds = ["acknowledged", "silenced"] as const;
export type SilenceKind = (typeof silenceKinds)[number];

/** What somebody asks for. */
export interface SilenceRequest extends Exemption {
  readonly kind: SilenceKind;
  readonly subject: string;
  /** How bad the finding was when it was acknowledged; `critical` for a silence. */
  readonly severity: Severity;
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

/** `web` is `container:web` and `exec:web`, too. */
function namesOf(subject: string): readonly string[] {
  return [subject, subject.replace(/^(?:container|exec):/, "")];
}

/** Matches a subject by a pattern. */
export function subjectMatcher(pattern: string): (subject: string) => boolean {
  const matches = wildcard(pattern);
  return (subject) => namesOf(subject).some(matches);
}

type Named = Pick<Finding, "control" | "subject">;

/** Whether it covers a finding. */
export function isAbout(silence: SilenceRequest, finding: Named): boolean {
  return aboutOf(silence)(finding);
}

/** Whether it covers a finding, for many findings. */
export function aboutOf(silence: SilenceRequest): (finding: Named) => boolean {
  const covers = exempts(silence);
  return ({ control, subject }) => covers({ control, names: namesOf(subjectKey(subject)) });
}

/** Whether it keeps this change from the outputs. An acknowledged finding that gets worse, or is over, is news. */
export function holdsBack(silence: SilenceRequest, { change, finding }: Change): boolean {
  if (!isAbout(silence, finding)) return false;
  if (silence.kind === "silenced") return true;
  return change === "changed" && compareSeverity(finding.severity, silence.severity) <= 0;
}
