import { wildcard } from "../base/wildcard.ts";

/**
 * What somebody lets be, whatever the word for it: an ignore (a comment, bulkhead.yaml) and an acceptance of serve hide a
 * finding from counts and the exit status; a silence keeps it from the outputs of watch, an acknowledgement until it gets
 * worse; `fix --accept` names a decision to write. All are matched by `exempts`, by control and subject, never by a message.
 */
export interface Exemption extends Scope {
  readonly reason: string;
  readonly until: Until;
  /** Who asked for it, where that is known. */
  readonly by?: string;
}

/** What it is limited to: all that is set must match. `*` matches any characters in the last three. */
export interface Scope {
  /** A control's id, or `*` for every one. */
  readonly control: string;
  /** A name or id. */
  readonly subject?: string | undefined;
  readonly image?: string | undefined;
  /** The Compose project of a container. */
  readonly project?: string | undefined;
}

/** Its last day (YYYY-MM-DD, UTC), or its end in milliseconds since 1970; without either it has no end. */
export type Until = string | number | null | undefined;

/** A finding, as far as a scope asks. */
export interface ScopedFinding {
  readonly control: string;
  /** All that its subject is called. */
  readonly names: readonly string[];
  readonly image?: string | undefined;
  readonly project?: string | undefined;
}

/** Matches findings by a scope, for many findings. */
export function exempts({ control, subject, image, project }: Scope): (finding: ScopedFinding) => boolean {
  const isSubject = matcherOf(subject);
  const isImage = matcherOf(image);
  const isProject = matcherOf(project);
  return (finding) =>
    (control === "*" || control === finding.control) &&
    (!isSubject || finding.names.some(isSubject)) &&
    (!isImage || (finding.image !== undefined && isImage(finding.image))) &&
    (!isProject || (finding.project !== undefined && isProject(finding.project)));
}

function matcherOf(pattern: string | undefined): ((text: string) => boolean) | undefined {
  return pattern === undefined ? undefined : wildcard(pattern);
}

/** `now` is a day (YYYY-MM-DD) or a time in milliseconds since 1970. */
export function isInForce({ until }: { readonly until?: Until }, now: string | number): boolean {
  if (until === null || until === undefined) return true;
  if (typeof until === "number") return (typeof now === "number" ? now : Date.parse(now)) < until;
  return (typeof now === "number" ? dayOf(now) : now) <= until;
}

/** The day of a time, in UTC. */
export function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** A day that the calendar has. */
export function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return (
    /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(date.valueOf()) && date.toISOString().startsWith(text)
  );
}

/** Why a finding does not count, as reports print it. */
export interface Suppression {
  readonly kind: "comment" | "config";
  readonly reason: string;
  /** The last day; then the finding returns. */
  readonly until: string | null;
  /** Where it is written: `compose.yaml:4`, `bulkhead.yaml`. */
  readonly at?: string;
}
