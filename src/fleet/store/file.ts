import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Database } from "better-sqlite3";
import { codeOf } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { loadDriver, openDatabase, whyDatabase, whyOtherSchema } from "./database.ts";

// The database of `bulkhead serve` as a file: who serves it, and copies of it that are whole.

/** Holds a file for one process, until it ends in any way. */
export interface Claim {
  release(): void;
}

/**
 * Claims a database's file: a second `bulkhead serve` over it would apply what comes twice. The lock is SQLite's own, on a file
 * beside it, so that it ends with the process; the row in it says who holds it.
 */
export async function claimFile(place: string): Promise<Result<Claim>> {
  const driver = await loadDriver();
  if (!driver.ok) return driver;
  const path = `${place}-serving`;
  let lock: Database | undefined;
  try {
    mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
    lock = new driver.value(path, { timeout: 0 });
    chmodSync(path, 0o600);
    lock.pragma("journal_mode = DELETE");
    lock.exec("create table if not exists holder (pid integer not null, since text not null)");
    const write = lock.transaction((own: Database) => {
      own.exec("delete from holder");
      own.prepare("insert into holder values (?, ?)").run(process.pid, new Date().toISOString());
    });
    write.immediate(lock);
    // Others can read who it is, and nobody else can begin to write.
    lock.exec("begin immediate");
    const held = lock;
    return ok({ release: () => held.close() });
  } catch (error) {
    const holder = codeOf(error).startsWith("SQLITE_BUSY") ? holderOf(lock) : undefined;
    lock?.close();
    if (holder === undefined) return failed(`${path} cannot be used: ${whyDatabase(error)}`);
    return failed(`another bulkhead serve uses ${place}: ${holder}`);
  }
}

function holderOf(lock: Database | undefined): string {
  try {
    const row = lock?.prepare("select pid, since from holder").get() as
      | { readonly pid: number; readonly since: string }
      | undefined;
    return row ? `process ${row.pid}, since ${row.since}` : "it has just begun";
  } catch {
    return "it has just begun";
  }
}

/**
 * Copies a database to a new file while it is written, as it was at one moment, with what waits in its WAL. The copy appears as a
 * whole or not at all.
 */
export async function backUpFile(place: string, to: string): Promise<Result<void>> {
  if (!statSync(place, { throwIfNoEntry: false })?.isFile())
    return failed(`there is no database at ${place}`);
  if (existsSync(to)) return failed(`${to} exists already: choose another name, or remove it`);
  const opened = await openDatabase(place, { readonly: true });
  if (!opened.ok) return opened;
  const unfinished = `${to}.unfinished`;
  try {
    rmSync(unfinished, { force: true });
    await opened.value.backup(unfinished);
    chmodSync(unfinished, 0o600);
    renameSync(unfinished, to);
    return ok(undefined);
  } catch (error) {
    rmSync(unfinished, { force: true });
    return failed(`${to} cannot be written: ${whyDatabase(error)}`);
  } finally {
    opened.value.close();
  }
}

/**
 * Puts a copy in a database's place. What was there stays beside it, under the name that is given back; undefined if nothing was.
 * It fails while a `bulkhead serve` uses the database.
 */
export async function restoreFile(from: string, place: string): Promise<Result<string | undefined>> {
  if (resolve(from) === resolve(place)) return failed(`${from} is the database itself`);
  if (!statSync(from, { throwIfNoEntry: false })?.isFile()) return failed(`there is no copy at ${from}`);
  const claim = await claimFile(place);
  if (!claim.ok) return claim;
  const unfinished = `${place}.unfinished`;
  try {
    const whole = await whyNotWhole(from);
    if (whole !== undefined) return failed(`${from} ${whole}`);
    const copied = await copyTo(from, unfinished);
    if (!copied.ok) return copied;
    const before = existsSync(place)
      ? `${place}.before-${new Date().toISOString().replace(/[:.]/g, "-")}`
      : undefined;
    // The old WAL belongs to the old file: it must not be replayed over the new one.
    if (before !== undefined) {
      for (const end of ["-wal", "-shm"]) if (existsSync(place + end)) renameSync(place + end, before + end);
      renameSync(place, before);
    }
    renameSync(unfinished, place);
    return ok(before);
  } catch (error) {
    return failed(`${place} cannot be replaced: ${whyDatabase(error)}`);
  } finally {
    rmSync(unfinished, { force: true });
    claim.value.release();
  }
}

async function whyNotWhole(path: string): Promise<string | undefined> {
  const driver = await loadDriver();
  if (!driver.ok) return driver.reason;
  let database: Database | undefined;
  try {
    database = new driver.value(path, { readonly: true });
    const other = whyOtherSchema(Number(database.pragma("user_version", { simple: true })));
    if (other !== undefined) return other;
    return database.pragma("quick_check", { simple: true }) === "ok" ? undefined : "is damaged";
  } catch (error) {
    return `cannot be read: ${whyDatabase(error)}`;
  } finally {
    database?.close();
  }
}

async function copyTo(from: string, to: string): Promise<Result<void>> {
  rmSync(to, { force: true });
  const opened = await openDatabase(from, { readonly: true });
  if (!opened.ok) return opened;
  try {
    await opened.value.backup(to);
    chmodSync(to, 0o600);
    return ok(undefined);
  } finally {
    opened.value.close();
  }
}
