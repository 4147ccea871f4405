import { sincesInJson } from "../../../model/since.ts";
import { subjectMatcher } from "../../../watch/changes/silence.ts";
import type { Database } from "../database.ts";
import { parseFinding } from "../findings/state.ts";
import { type KeptSilence, openSilences, spoke } from "./silences.ts";

/** One time that a finding was open, as `bulkhead history` shows it. A public interface. */
export interface HistoryEntry {
  /** Its name and its id. */
  readonly host: string;
  readonly subject: string;
  readonly control: string;
  readonly verdict: string;
  readonly severity: string;
  readonly level: string;
  readonly message: string;
  /** ISO 8601, UTC. */
  readonly firstSeen: string;
  readonly lastSeen: string;
  /** Null while it is open. */
  readonly resolved: string | null;
  /** What opened it. */
  readonly cause: unknown;
  readonly fingerprint: string;
  /** What people acknowledged or silenced of it while it was open. */
  readonly silences: readonly HistorySilence[];
  /** Of drift: when each field came apart, as in a change. Null for any other finding. */
  readonly since: ReturnType<typeof sincesInJson> | null;
}

/** A silence as `bulkhead history` shows it: times are ISO 8601, UTC. */
export interface HistorySilence {
  readonly id: number;
  readonly kind: string;
  readonly control: string;
  readonly subject: string;
  readonly reason: string;
  readonly by: string;
  readonly since: string;
  /** Null: until the finding is resolved. */
  readonly until: string | null;
  /** When somebody or something ended it before its time. */
  readonly ended: string | null;
  readonly endedBy: string | null;
}

export interface HistoryQuery {
  /** Milliseconds since 1970: only what was open at that time or later. */
  readonly since: number | undefined;
  /** A subject's id or name; `*` stands for any characters. */
  readonly subject: string | undefined;
  readonly control: string | undefined;
  readonly openOnly: boolean;
}

interface Row {
  readonly host: string;
  readonly subject: string;
  readonly control: string;
  readonly verdict: string;
  readonly severity: string;
  readonly message: string;
  readonly fingerprint: string;
  readonly first: number;
  readonly last: number;
  readonly resolved: number | null;
  readonly cause: string | null;
  readonly document: string;
}

/** Entries by when they opened, oldest first. What is open was seen when its watch last looked. */
export function queryHistory(database: Database, query: HistoryQuery): readonly HistoryEntry[] {
  const rows = database
    .prepare<{ since: number; control: string | null; open: number }, Row>(
      `SELECT h.name || '/' || h.id AS host, f.subject, f.control, f.verdict, f.severity, f.message, f.fingerprint,
         f.document, f.opened AS first, f.resolved,
         CASE WHEN f.resolved IS NULL THEN max(f.changed, h.seen) ELSE f.changed END AS last,
         (SELECT cause FROM change c WHERE c.finding = f.id ORDER BY c.id LIMIT 1) AS cause
       FROM finding f JOIN host h ON h.id = f.host
       WHERE (f.resolved IS NULL OR f.resolved >= @since)
         AND (@control IS NULL OR f.control = @control)
         AND (@open = 0 OR f.resolved IS NULL)
       ORDER BY f.opened, f.id`,
    )
    .all({ since: query.since ?? 0, control: query.control ?? null, open: query.openOnly ? 1 : 0 });
  const matches = query.subject === undefined ? () => true : subjectMatcher(query.subject);
  const silences = openSilences(database).all();
  return rows.filter(({ subject }) => matches(subject)).map((row) => entryOf(row, silences));
}

function entryOf(
  { first, last, resolved, cause, document, ...row }: Row,
  silences: readonly KeptSilence[],
): HistoryEntry {
  const open = { from: first, to: resolved ?? Number.POSITIVE_INFINITY };
  const { host, subject, control, verdict, severity, message, fingerprint } = row;
  const finding = parseFinding(document);
  return {
    ...{ host, subject, control, verdict, severity, level: finding?.level ?? "", message },
    firstSeen: new Date(first).toISOString(),
    lastSeen: new Date(last).toISOString(),
    resolved: resolved === null ? null : new Date(resolved).toISOString(),
    cause: cause === null ? null : JSON.parse(cause),
    fingerprint,
    silences: silences.filter((each) => spoke(each, row, open)).map(shownSilence),
    since: finding?.since ? sincesInJson(finding.since) : null,
  };
}

export function shownSilence(silence: KeptSilence): HistorySilence {
  const { id, kind, control, subject, reason, by, since, until, ended, endedBy } = silence;
  const iso = (time: number | undefined) => (time === undefined ? null : new Date(time).toISOString());
  return {
    ...{ id, kind, control, subject, reason, by },
    since: new Date(since).toISOString(),
    until: iso(until),
    ended: iso(ended),
    endedBy: endedBy ?? null,
  };
}
