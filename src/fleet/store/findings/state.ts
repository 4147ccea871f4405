import { createHash } from "node:crypto";
import type { Finding } from "../../../audit/finding.ts";
import { isRecord, parsedJson } from "../../../base/json.ts";
import { severities } from "../../../model/severity.ts";
import { subjectKey } from "../../../watch/change.ts";
import type { FleetDatabase } from "../open.ts";

/** The columns that change while a finding is open. */
export function stateOf(finding: Finding) {
  const { control, severity, verdict, fingerprint } = finding;
  const weight = severities.indexOf(severity);
  const message = storable(finding.message);
  return {
    severity,
    weight,
    verdict,
    message,
    wording: wordingOf(control, message),
    fingerprint: storable(fingerprint),
    document: JSON.stringify(finding),
  };
}

/** PostgreSQL's text holds every character but this one. JSON spells it with a backslash, which is no trouble. */
export function storable(text: string): string {
  return text.replaceAll("\0", "\ufffd");
}

/** What tells one open finding of a host from another. */
export function keyOf({ control, subject }: Pick<Finding, "control" | "subject">): string {
  return `${control} ${storable(subjectKey(subject))}`;
}

/** What findings of one control that say the same have in common: a few words a host, where findings are hundreds. */
function wordingOf(control: string, message: string): string {
  return createHash("sha256").update(`${control} ${message}`).digest("base64url").slice(0, 16);
}

/** What the database holds was written here; one that somebody changed by hand is left out. */
export function parseFinding(document: string): Finding | undefined {
  const parsed = parsedJson(document);
  const isFinding = isRecord(parsed) && ["control", "subject", "verdict"].every((name) => name in parsed);
  return isFinding ? (parsed as unknown as Finding) : undefined;
}

/** Milliseconds by which a host's clock may differ. */
const tolerated = 60_000;

/** Whether a host's clock is wrong that is ahead by so many milliseconds. */
export function isClockWrong(ahead: number): boolean {
  return Math.abs(ahead) > tolerated;
}

/** Milliseconds to take from the times that a host tells whose clock is ahead by so many. */
export function clockError(ahead: number): number {
  return isClockWrong(ahead) ? ahead : 0;
}

/**
 * Keeps the number of what a host tells, in a transaction that holds the host. False if it told this before, or is not
 * known.
 */
export async function isNews(
  step: FleetDatabase,
  host: string,
  column: "last_guards" | "last_proofs",
  number: number,
): Promise<boolean> {
  const row = await step
    .updateTable("reporter")
    .set({ [column]: number })
    .where("host", "=", host)
    .where(column, "<", number)
    .returning("host")
    .executeTakeFirst();
  return row !== undefined;
}
