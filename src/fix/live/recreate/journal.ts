import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { whyUnwritten } from "../../../base/error-words.ts";
import { isRecord } from "../../../base/json.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import { stateFolder } from "../../../base/state-folder.ts";
import { isOrphan } from "../../../engine/owner.ts";
import { putInPlace } from "../../apply.ts";

/**
 * How far the replacement of one container is. It is on the disk before each step, so that a later run can finish or undo
 * whatever this one leaves behind.
 */
export interface Journal {
  readonly version: 1;
  /** The Engine's own id: another Engine has other containers. */
  readonly engine: string;
  readonly address: string;
  /** `making`: undo it. `kept`: the new one works, the old one waits. `confirmed`: remove the old one. */
  readonly phase: "making" | "kept" | "confirmed";
  /** The step that comes next, in words. */
  readonly step: string;
  readonly name: string;
  readonly old: {
    readonly id: string;
    readonly running: boolean;
    /** As it was: the old one must not come up beside the new one when the Engine restarts. */
    readonly restartPolicy: unknown;
  };
  /** The old one's name while the new one has its own. */
  readonly aside: string;
  readonly fresh: {
    /** Its name until it takes over: nobody else uses it. */
    readonly name: string;
    readonly id: string | undefined;
  };
  /** The image made of the old one's writable layer; undefined where none was asked for. */
  readonly layerImage: string | undefined;
  /** The process that works on it (see src/engine/owner.ts). */
  readonly owner: string;
  /** Milliseconds since 1970 from which on the old one may go; undefined until somebody confirms. */
  readonly keepUntil: number | undefined;
}

function folder(): string {
  return join(stateFolder(), "recreate");
}

function pathOf({ old }: Journal): string {
  return join(folder(), `${old.id}.json`);
}

/** Puts the journal on the disk, synced. */
export function writeJournal(journal: Journal): Result<void> {
  try {
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
  } catch (error) {
    return failed(`the journal cannot be written to ${folder()}: ${whyUnwritten(error)}`);
  }
  const done = putInPlace(pathOf(journal), `${JSON.stringify(journal, null, 2)}\n`, { mode: 0o600 });
  return done.ok ? done : failed(`the journal cannot be written to ${folder()}: ${done.reason}`);
}

export function removeJournal(journal: Journal): void {
  try {
    rmSync(pathOf(journal), { force: true });
  } catch {
    // It was never there: the folder could not be made.
  }
}

/** Every journal that is there. What cannot be read is an error: it may be the only trace of a stopped container. */
export function readJournals(): Result<readonly Journal[]> {
  let names: readonly string[];
  try {
    names = readdirSync(folder()).filter((name) => /^[0-9a-f]+\.json$/.test(name));
  } catch {
    return ok([]);
  }
  const journals: Journal[] = [];
  for (const name of names) {
    const path = join(folder(), name);
    const journal = journalIn(path);
    if (!journal) return failed(`${path} is not a journal that this version can read`);
    journals.push(journal);
  }
  return ok(journals);
}

function journalIn(path: string): Journal | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isRecord(value) && value.version === 1 ? (value as unknown as Journal) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process that wrote it still works on it. One of another boot is gone. */
export function isAtWork({ owner, phase }: Journal): boolean {
  return phase !== "kept" && isOrphan(owner) === false;
}

/** Where the last lines of a container that failed are kept. */
export function logPathOf(name: string, now: Date): string {
  return join(folder(), `${name}-${now.toISOString().replace(/[:.]/g, "")}.log`);
}
