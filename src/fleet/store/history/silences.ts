import type { Severity } from "../../../model/severity.ts";
import {
  isAbout,
  type Silence,
  type SilenceKind,
  type SilenceRequest,
} from "../../../watch/changes/silence.ts";
import type { Database } from "../database.ts";

/** A silence, kept for the record after its end. Times are milliseconds since 1970. */
export interface KeptSilence extends Silence {
  /** When it was ended before its time; undefined if it was not. */
  readonly ended: number | undefined;
  /** Who ended it, or why it ended by itself. */
  readonly endedBy: string | undefined;
}

/** What people acknowledged and silenced. Every process that opens the database sees the same. */
export interface Silences {
  /** Those that nobody ended; some may have expired. */
  current(): readonly KeptSilence[];
  /** All, the oldest first. */
  all(): readonly KeptSilence[];
  add(request: SilenceRequest, by: string, now: number): KeptSilence;
  /** False if no silence with this number is active. */
  end(id: number, by: string, now: number): boolean;
  move(id: number, subject: string): void;
  /** Drops those that ended before this time. */
  forget(before: number): void;
}

interface Row {
  readonly id: number;
  readonly kind: SilenceKind;
  readonly control: string;
  readonly subject: string;
  readonly severity: Severity;
  readonly reason: string;
  readonly author: string;
  readonly since: number;
  readonly until: number | null;
  readonly ended: number | null;
  readonly ended_by: string | null;
}

export function openSilences(database: Database): Silences {
  const current = database.prepare<[], Row>("SELECT * FROM silence WHERE ended IS NULL ORDER BY id");
  const all = database.prepare<[], Row>("SELECT * FROM silence ORDER BY id");
  const insert = database.prepare(
    `INSERT INTO silence (kind, control, subject, severity, reason, author, since, until)
     VALUES (@kind, @control, @subject, @severity, @reason, @by, @now, @until)`,
  );
  const end = database.prepare(
    `UPDATE silence SET ended = @now, ended_by = @by
     WHERE id = @id AND ended IS NULL AND (until IS NULL OR until > @now)`,
  );
  const move = database.prepare("UPDATE silence SET subject = @subject WHERE id = @id");
  const forget = database.prepare("DELETE FROM silence WHERE coalesce(ended, until) < @before");
  return {
    current: () => current.all().map(silenceOf),
    all: () => all.all().map(silenceOf),
    add(request, by, now) {
      const row = { ...request, by, now, until: request.until ?? null };
      const id = Number(insert.run(row).lastInsertRowid);
      return { ...request, id, by, since: now, ended: undefined, endedBy: undefined };
    },
    end: (id, by, now) => end.run({ id, by, now }).changes > 0,
    move: (id, subject) => void move.run({ id, subject }),
    forget: (before) => void forget.run({ before }),
  };
}

/** Whether it spoke of a finding while that was open. */
export function spoke(
  silence: KeptSilence,
  finding: { readonly control: string; readonly subject: string },
  { from, to }: { readonly from: number; readonly to: number },
): boolean {
  const over = silence.ended ?? silence.until ?? Number.POSITIVE_INFINITY;
  return silence.since <= to && over > from && isAbout(silence, finding);
}

function silenceOf({ author, until, ended, ended_by, ...row }: Row): KeptSilence {
  return {
    ...row,
    by: author,
    until: until ?? undefined,
    ended: ended ?? undefined,
    endedBy: ended_by ?? undefined,
  };
}
