import type { Finding } from "../../audit/finding.ts";
import { wildcard } from "../../base/wildcard.ts";
import { parseDuration } from "../../formats/values/duration.ts";
import { type Exemption, exempts, isDate } from "../../model/exemption.ts";
import { compareSeverity, type Severity } from "../../model/severity.ts";
import { type Change, subjectKey } from "../change.ts";

/**
 * - `acknowledged`: somebody knows of one finding. It ends when the finding gets worse or is resolved.
 * - `silenced`: what these controls find in these subjects is kept from the outputs until a time.
 */
const silenceKinds = ["acknowledged", "silenced"] as const;
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

/** What `untilOf` takes, for a message. */
export const untilForms = "4h, 7d, 2027-01-31 or 2027-01-31T12:00:00Z";

/** Milliseconds since 1970 of the last moment that a Date can say (ECMA-262, Time Values). */
const lastMoment = 8.64e15;

/** Milliseconds since 1970: a duration from `now` on, the end of a day (UTC), or a moment; undefined for anything else. */
export function untilOf(text: string, now: number): number | undefined {
  const duration = parseDuration(text);
  if (duration !== undefined)
    return duration > 0 && now + duration <= lastMoment ? now + duration : undefined;
  return isDate(text) ? Date.parse(`${text}T00:00:00Z`) + 86_400_000 : momentOf(text);
}

/** A day and a time with its zone. */
export function momentOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
