import { chmodSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Database } from "better-sqlite3";
import { codeInWords, codeOf, unreachedInWords } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { schemaStatements, schemaVersion } from "./schema/tables.ts";

export type { Database } from "better-sqlite3";

export interface OpenOptions {
  /** Reads what is there, makes and changes nothing. */
  readonly readonly?: boolean;
  /**
   * Whether each write is on the disk before it returns. If not, a process that is killed loses nothing, and a machine that loses
   * power loses the last moments (https://www.sqlite.org/wal.html).
   */
  readonly durable?: boolean;
}

/**
 * Opens a database in a file, and makes it if there is none. One with another schema is refused and stays as it is. The driver is
 * native and optional, so it is loaded here and not before.
 */
export async function openDatabase(
  path: string,
  { readonly = false, durable = false }: OpenOptions = {},
): Promise<Result<Database>> {
  const driver = await loadDriver();
  if (!driver.ok) return driver;
  let database: Database | undefined;
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (readonly && !there) return failed(`there is no history at ${path}: bulkhead watch writes it`);
    if (there && !there.isFile()) return failed(`${path} is not a file`);
    if (!readonly) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    database = new driver.value(path, { readonly, timeout: 1_000 });
    // Accounts, and what is wrong in which container, are for their owner alone.
    if (!readonly) chmodSync(path, 0o600);
    const prepared = prepare(database, readonly, durable);
    if (prepared.ok) return ok(database);
    database.close();
    return failed(`${path} ${prepared.reason}`);
  } catch (error) {
    database?.close();
    return failed(`${path} cannot be used: ${whyDatabase(error)}`);
  }
}

/** Whether the driver is here and its native part fits this Node.js. Never rejects. */
export async function tryDriver(): Promise<Result<void>> {
  const driver = await loadDriver();
  if (!driver.ok) return driver;
  try {
    new driver.value(":memory:").close();
    return ok(undefined);
  } catch {
    return failed("the database driver is built for another Node.js (npm rebuild better-sqlite3)");
  }
}

/** The driver, where it is installed. Never rejects. */
export async function loadDriver(): Promise<Result<typeof import("better-sqlite3")>> {
  try {
    const loaded = await import("better-sqlite3");
    return ok(loaded.default);
  } catch {
    return failed(
      "the database driver is not installed: in a checkout run scripts/set-up.sh databases, elsewhere npm install better-sqlite3@12.11.1",
    );
  }
}

function prepare(database: Database, readonly: boolean, durable: boolean): Result<void> {
  const versionOf = () => Number(database.pragma("user_version", { simple: true }));
  const hasTables = () => database.prepare("select 1 from sqlite_master").get() !== undefined;
  if (versionOf() !== 0 || hasTables() || readonly) {
    const why = whyOtherSchema(versionOf());
    if (why !== undefined) return failed(why);
  }
  if (readonly) return ok(undefined);
  database.pragma("journal_mode = WAL");
  database.pragma(`synchronous = ${durable ? "FULL" : "NORMAL"}`);
  database.pragma("foreign_keys = ON");
  database
    .transaction(() => {
      if (versionOf() !== 0) return;
      for (const statement of schemaStatements("sqlite")) database.exec(statement);
      database.pragma(`user_version = ${schemaVersion}`);
    })
    .immediate();
  return ok(undefined);
}

/** Why a database with this version of the schema cannot be used; undefined if it can. */
export function whyOtherSchema(version: number): string | undefined {
  if (version > schemaVersion) {
    return `was written by a newer bulkhead: its schema is ${version}, and ${schemaVersion} is the newest known here`;
  }
  return version === schemaVersion
    ? undefined
    : "was written by a bulkhead from before the first release: move it away to begin a new one";
}

const reasons: Readonly<Record<string, string>> = {
  SQLITE_FULL: "the disk is full",
  SQLITE_NOTADB: "it is not a database",
  SQLITE_CORRUPT: "it is damaged",
  SQLITE_CANTOPEN: "it cannot be opened",
  SQLITE_READONLY: "it may not be written",
  SQLITE_BUSY: "another process is writing to it",
  SQLITE_LOCKED: "another process is writing to it",
  // PostgreSQL's own: https://www.postgresql.org/docs/current/errcodes-appendix.html
  "28P01": "the password is wrong",
  "28000": "it does not let this user in",
  "3D000": "there is no such database",
  "42501": "this user may not do that there",
  "25006": "it may only be read: it is a standby",
  "53100": "its disk is full",
  "53300": "it takes no more connections",
  "57014": "it took too long to answer",
  "57P01": "it is shutting down",
  "57P02": "it is shutting down",
  "57P03": "it is starting up",
};

/** What pg says without a code. */
const sentences: Readonly<Record<string, string>> = {
  "timeout exceeded when trying to connect": "it does not answer",
  "Connection terminated unexpectedly": "it broke the connection off",
  "Client has encountered a connection error and is not queryable": "it broke the connection off",
  "Connection terminated due to connection timeout": "it does not answer",
  "Query read timeout": "it took too long to answer",
};

/** A fault of the database in words. An I/O error of a write is a full disk as often as a broken one. */
export function whyDatabase(error: unknown): string {
  const code = codeOf(error);
  const known = codeInWords(code) ?? reasons[code] ?? reasons[code.split("_", 2).join("_")];
  if (known !== undefined) return known;
  const unreached = unreachedInWords(code);
  if (unreached !== undefined) return `it ${unreached}`;
  if (code.startsWith("SQLITE_IOERR")) return "the disk cannot be written, or is full";
  const said = error instanceof Error ? error.message : String(error);
  return sentences[said] ?? said;
}
