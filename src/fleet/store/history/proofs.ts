import type { Outcome, Proved } from "../../../model/proof.ts";
import type { Database } from "../database.ts";

/** A time during which a probe had the same outcome. Times are milliseconds since 1970. */
export interface ProofSpan {
  readonly host: string;
  readonly subject: string;
  readonly probe: string;
  readonly control: string;
  readonly outcome: Outcome;
  /** Of the last time. */
  readonly evidence: string;
  readonly first: number;
  readonly last: number;
}

/** The latest span of a probe that did not hold, and when it held before. */
export interface LostSpan extends ProofSpan {
  readonly held: number;
}

/** Proofs of one host's containers, over time. */
export interface Proofs {
  /** What could not be told does not end what is known. */
  add(subject: string, probes: readonly Proved[], now: number): void;
  /** What held before and did not the last time. */
  lost(): readonly LostSpan[];
  /** How many probes have each outcome now. */
  counts(): readonly { readonly outcome: Outcome; readonly count: number }[];
  /** When a container was proven last; undefined before that. */
  latest(): number | undefined;
  forget(before: number): void;
}

const columns = "host, subject, probe, control, outcome, evidence, first_seen AS first, last_seen AS last";
/** The spans that no later one of the same probe follows. */
const isLatest =
  "id = (SELECT max(id) FROM proof_span l WHERE l.host = proof_span.host AND l.subject = proof_span.subject AND l.probe = proof_span.probe)";

export function openProofs(database: Database, host: string): Proofs {
  type Key = { readonly host: string; readonly subject: string; readonly probe: string };
  const latest = database.prepare<Key, { readonly id: number; readonly outcome: string }>(
    "SELECT id, outcome FROM proof_span WHERE host = @host AND subject = @subject AND probe = @probe ORDER BY id DESC LIMIT 1",
  );
  const extend = database.prepare(
    "UPDATE proof_span SET evidence = @evidence, last_seen = @now WHERE id = @id",
  );
  const insert = database.prepare(
    `INSERT INTO proof_span (host, subject, probe, control, outcome, evidence, first_seen, last_seen)
     VALUES (@host, @subject, @probe, @control, @outcome, @evidence, @now, @now)`,
  );
  const lost = database.prepare<{ host: string }, LostSpan>(
    `SELECT * FROM (
       SELECT ${columns}, (
         SELECT max(h.last_seen) FROM proof_span h WHERE h.host = proof_span.host AND h.subject = proof_span.subject
           AND h.probe = proof_span.probe AND h.outcome = 'held'
       ) AS held
       FROM proof_span WHERE host = @host AND outcome = 'notHeld' AND ${isLatest}
     ) WHERE held IS NOT NULL ORDER BY subject, probe`,
  );
  const counts = database.prepare<{ host: string }, { outcome: Outcome; count: number }>(
    `SELECT outcome, count(*) AS count FROM proof_span WHERE host = @host AND ${isLatest} GROUP BY outcome ORDER BY outcome`,
  );
  const last = database.prepare<{ host: string }, { last: number | null }>(
    "SELECT max(last_seen) AS last FROM proof_span WHERE host = @host",
  );
  const forget = database.prepare("DELETE FROM proof_span WHERE last_seen < @before");
  const addAll = database.transaction((subject: string, probes: readonly Proved[], now: number) => {
    for (const { probe, control, outcome, evidence } of probes) {
      if (outcome === "inconclusive") continue;
      const known = latest.get({ host, subject, probe });
      if (known?.outcome === outcome) extend.run({ id: known.id, evidence, now });
      else insert.run({ host, subject, probe, control, outcome, evidence, now });
    }
  });
  return {
    add: (subject, probes, now) => void addAll.immediate(subject, probes, now),
    lost: () => lost.all({ host }),
    counts: () => counts.all({ host }),
    latest: () => last.get({ host })?.last ?? undefined,
    forget: (before) => void forget.run({ before }),
  };
}

/** All that is known of proofs, by subject and probe, the oldest first. */
export function queryProofs(database: Database): readonly ProofSpan[] {
  return database
    .prepare<[], ProofSpan>(
      `SELECT name || '/' || host.id AS host, ${columns.replace("host, ", "")}
       FROM proof_span JOIN host ON host.id = proof_span.host ORDER BY host, subject, probe, proof_span.id`,
    )
    .all();
}
