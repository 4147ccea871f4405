import type { Finding } from "../../../audit/finding.ts";
import {
  type Cause,
  type Change,
  type ChangeKind,
  isNote,
  knownAs,
  type Named,
  subjectKey,
} from "../../../watch/change.ts";
import type { HeldChange } from "../../../watch/changes/gate.ts";
import type { Output } from "../../../watch/outputs/output.ts";
import { type Database, whyDatabase } from "../database.ts";
import type { AreaOf } from "../findings/rows.ts";
import { parseFinding, stateOf } from "../findings/state.ts";
import type { HostNews } from "../hosts/hosts.ts";
import { openProofs, type Proofs } from "./proofs.ts";
import { openSilences, type Silences } from "./silences.ts";

/** Findings over time, as an output of the watch. */
export interface History extends Output {
  /** What was open when the last watch ended. */
  remembered(): readonly Finding[];
  /** The watch looked, and what is open still is. */
  seen(now: number): void;
  /** Takes a change that a silence keeps from the outputs. */
  hold(change: Change): void;
  /** The outputs were told the latest of these findings. */
  released(findings: readonly Named[]): void;
  /** What was held back when the last watch ended, the oldest first. */
  held(): readonly HeldChange[];
  readonly silences: Silences;
  readonly proofs: Proofs;
}

export interface HistoryOptions {
  /** The host, as `bulkhead serve` knows it: its id stays the same when its name changes. */
  readonly host: Pick<HostNews, "id" | "name" | "engine" | "version">;
  readonly areaOf: AreaOf;
  /** Milliseconds that resolved findings are kept. */
  readonly retention: number;
  readonly say: (text: string) => void;
  /** Milliseconds until what could not be written is tried again. */
  readonly retryEvery?: number;
}

/** Changes that wait for a database that cannot be written. */
const most = 20_000;

const day = 86_400_000;

/**
 * Writes each change as soon as the event loop turns, those of one moment together. While the database cannot be written (a
 * full disk) changes wait in memory, and the watch goes on.
 */
export function openHistory(database: Database, options: HistoryOptions): History {
  const { areaOf, retention, say, retryEvery = 1_000 } = options;
  const host = options.host.id;
  const statements = prepare(database);
  const silences = openSilences(database);
  const proofs = openProofs(database, host);
  let waiting: Kept[] = [];
  let sent = 0;
  let failures = 0;
  let lost = 0;
  let scheduled = false;
  let retry: NodeJS.Timeout | undefined;

  const writeAll = database.transaction((changes: readonly Kept[]) => {
    statements.host.run({ ...options.host, now: Date.now() });
    for (const each of changes) write(statements, host, each, areaOf);
  });

  function flush(): void {
    scheduled = false;
    if (waiting.length === 0) return;
    try {
      writeAll.immediate(waiting);
    } catch (error) {
      failures += 1;
      if (!retry)
        say(`the history cannot be written: ${whyDatabase(error)}; the watch goes on, and changes wait`);
      retry ??= setInterval(flush, retryEvery);
      return;
    }
    sent += waiting.length;
    waiting = [];
    if (!retry) return;
    clearInterval(retry);
    retry = undefined;
    say(`the history can be written again${lost > 0 ? `; ${lost} changes were too many to wait` : ""}`);
    lost = 0;
  }

  /** What is no change is not worth waiting for. */
  function attempt(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!retry) say(`the history cannot be written: ${whyDatabase(error)}`);
    }
  }

  function forget(): void {
    const before = Date.now() - retention;
    attempt(() => {
      statements.forget.run({ before });
      silences.forget(before);
      proofs.forget(before);
    });
  }

  function keep(kept: Kept): void {
    waiting.push(kept);
    if (waiting.length > most) {
      waiting.shift();
      lost += 1;
    }
    if (scheduled || retry) return;
    scheduled = true;
    setImmediate(flush);
  }

  attempt(() => void statements.host.run({ ...options.host, now: Date.now() }));
  forget();
  const daily = setInterval(forget, day);
  return {
    remembered: () => statements.open.all({ host }).flatMap(({ document }) => parseFinding(document) ?? []),
    seen(now) {
      if (!retry) attempt(() => statements.seen.run({ host, now }));
    },
    state() {
      const time = Date.parse(waiting[0]?.change.time ?? "");
      const oldest = Number.isNaN(time) ? undefined : time / 1000;
      return { name: "history", sent, failures, waiting: waiting.length, oldest };
    },
    send: (change) => keep({ change, isHeld: false }),
    hold: (change) => keep({ change, isHeld: true }),
    released(findings) {
      flush();
      attempt(() => {
        for (const { subject, control } of findings)
          statements.release.run({ host, subject: subjectKey(subject), control });
      });
    },
    held: () =>
      statements.held.all({ host }).flatMap(({ document, time, change, cause, known }) => {
        const finding = parseFinding(document);
        const said = { time: new Date(time).toISOString(), change, cause: JSON.parse(cause) as Cause };
        return finding ? [{ change: { ...said, finding }, known: known === 1 }] : [];
      }),
    silences,
    proofs,
    async close() {
      clearInterval(daily);
      if (retry) clearInterval(retry);
      flush();
      if (retry) clearInterval(retry);
      if (waiting.length > 0) say(`${waiting.length} changes could not be written to the history`);
      attempt(() => database.close());
    },
  };
}

/** A change, and whether a silence kept it from the outputs. */
interface Kept {
  readonly change: Change;
  readonly isHeld: boolean;
}

type Statements = ReturnType<typeof prepare>;

function prepare(database: Database) {
  return {
    open: database.prepare<{ host: string }, { document: string }>(
      "SELECT document FROM finding WHERE host = @host AND resolved IS NULL ORDER BY id",
    ),
    find: database.prepare<{ host: string; subject: string; control: string }, { id: number }>(
      "SELECT id FROM finding WHERE host = @host AND subject = @subject AND control = @control AND resolved IS NULL",
    ),
    host: database.prepare(
      `INSERT INTO host (id, name, engine, version, connected, seen, enrolled) VALUES (@id, @name, @engine, @version, 1, 0, @now)
       ON CONFLICT (id) DO UPDATE SET name = @name, engine = @engine, version = @version`,
    ),
    insert: database.prepare(
      `INSERT INTO finding (host, subject, control, area, severity, weight, verdict, message, wording, fingerprint, document,
         opened, changed)
       VALUES (@host, @subject, @control, @area, @severity, @weight, @verdict, @message, @wording, @fingerprint, @document,
         @time, @time)`,
    ),
    update: database.prepare(
      `UPDATE finding SET subject = @subject, severity = @severity, weight = @weight, verdict = @verdict, message = @message, wording = @wording,
         fingerprint = @fingerprint, document = @document, changed = @time WHERE id = @id`,
    ),
    resolve: database.prepare("UPDATE finding SET resolved = @time, changed = @time WHERE id = @id"),
    change: database.prepare(
      `INSERT INTO change (finding, time, change, verdict, severity, message, cause, held)
       VALUES (@id, @time, @change, @verdict, @severity, @message, @cause, @held)`,
    ),
    held: database.prepare<{ host: string }, HeldRow>(
      `SELECT f.document, c.time, c.change, c.cause,
         EXISTS (SELECT 1 FROM change k WHERE k.finding = f.id AND k.held <> 1) AS known
       FROM change c JOIN finding f ON f.id = c.finding
       WHERE f.host = @host AND c.held = 1 AND c.id = (SELECT max(id) FROM change m WHERE m.finding = f.id)
       ORDER BY c.id`,
    ),
    release: database.prepare(
      `UPDATE change SET held = 2 WHERE held = 1
         AND finding IN (SELECT id FROM finding WHERE host = @host AND subject = @subject AND control = @control)`,
    ),
    seen: database.prepare("UPDATE host SET seen = @now WHERE id = @host"),
    forget: database.prepare("DELETE FROM finding WHERE resolved < @before"),
  };
}

interface HeldRow {
  readonly document: string;
  readonly time: number;
  readonly change: ChangeKind;
  readonly cause: string;
  readonly known: number;
}

function write(statements: Statements, host: string, { change: said, isHeld }: Kept, areaOf: AreaOf): void {
  const { time, change, finding, cause } = said;
  const { control } = finding;
  const key = { host, subject: subjectKey(finding.subject), control };
  const at = Date.parse(time);
  const row = { ...stateOf(finding), subject: key.subject, time: at };
  const own = statements.find.get(key)?.id;
  const known = statements.find.get({ ...key, subject: subjectKey(knownAs(said).subject) })?.id ?? own;
  // What another container of this name left open.
  if (own !== undefined && own !== known) statements.resolve.run({ id: own, time: at });
  // Another watch may have written here meanwhile: what is open is updated, and what is not open cannot be resolved.
  if (known === undefined && change === "resolved") return;
  const id =
    known ?? Number(statements.insert.run({ ...key, ...row, area: areaOf(control) }).lastInsertRowid);
  // A note is over in its moment, and leaves what is open as it is.
  const isOver = change === "resolved" || (isNote({ change }) && known === undefined);
  if (isOver) statements.resolve.run({ id, time: at });
  else if (known !== undefined && !isNote({ change })) statements.update.run({ ...row, id });
  statements.change.run({ ...row, id, change, cause: JSON.stringify(cause), held: isHeld ? 1 : 0 });
}
