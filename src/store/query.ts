import type { Database } from "./database.ts";

/** One time that a finding was open, as `bulkhead history` shows it. A public interface. */
export interface HistoryEntry {
  /** The Engine's address. */
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
  readonly level: string;
  readonly message: string;
  readonly fingerprint: string;
  readonly first: number;
  readonly last: number;
  readonly resolved: number | null;
  readonly cause: string | null;
}

/** Entries by when they opened, oldest first. What is open was seen when its watch last looked. */
export function queryHistory(database: Database, query: HistoryQuery): readonly HistoryEntry[] {
  const rows = database
    .prepare<{ since: number; control: string | null; open: number }, Row>(
      `SELECT f.host, f.subject, f.control, f.verdict, f.severity, f.level, f.message, f.fingerprint,
         f.first_seen AS first, f.resolved,
         CASE WHEN f.resolved IS NULL THEN max(f.last_seen, coalesce(w.seen, 0)) ELSE f.last_seen END AS last,
         (SELECT cause FROM change c WHERE c.finding = f.id ORDER BY c.id LIMIT 1) AS cause
       FROM finding f LEFT JOIN watch w ON w.host = f.host
       WHERE (f.resolved IS NULL OR f.resolved >= @since)
         AND (@control IS NULL OR f.control = @control)
         AND (@open = 0 OR f.resolved IS NULL)
       ORDER BY f.first_seen, f.id`,
    )
    .all({ since: query.since ?? 0, control: query.control ?? null, open: query.openOnly ? 1 : 0 });
  const matches = query.subject === undefined ? () => true : subjectMatcher(query.subject);
  return rows.filter(({ subject }) => matches(subject)).map(entryOf);
}

function entryOf({ first, last, resolved, cause, ...row }: Row): HistoryEntry {
  const { host, subject, control, verdict, severity, level, message, fingerprint } = row;
  return {
    ...{ host, subject, control, verdict, severity, level, message },
    firstSeen: new Date(first).toISOString(),
    lastSeen: new Date(last).toISOString(),
    resolved: resolved === null ? null : new Date(resolved).toISOString(),
    cause: cause === null ? null : JSON.parse(cause),
    fingerprint,
  };
}

/** `web` is `container:web` and `exec:web`, too. */
function subjectMatcher(pattern: string): (subject: string) => boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const whole = new RegExp(`^(?:container:|exec:)?${parts.join(".*")}$`, "s");
  return (subject) => whole.test(subject);
}
