import { createHash, randomBytes } from "node:crypto";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { codeOf, whyUnwritten } from "../../base/error-words.ts";
import { isRecord, parsedJson } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { stateFolder } from "../../base/state-folder.ts";
import { startOf } from "../engine/views.ts";

export const kept = ["volumes", "images"] as const;
export type Kept = (typeof kept)[number];

/** What a leash writes down before it begins, for anyone who has to clean up after it. */
export interface LeashRecord {
  /** As its owner calls it. */
  readonly name: string;
  /**
   * The value of its owner's label, `NAME-RANDOM`. It stays the same for a name, so that a later run finds the build's cache and what
   * was kept; the random part is known to nobody else, so that no other leash, user or host has the same.
   */
  readonly value: string;
  readonly host?: string;
  readonly context?: string;
  /** The Engine's address, for messages. */
  readonly engine: string;
  /** Of its socket. */
  readonly runFolder: string;
  readonly keep: readonly Kept[];
  readonly process: ProcessMark;
  /** Whether everything was removed that had to be. */
  readonly isOver?: boolean;
}

/** A process that no other one is taken for, after a reboot either. */
interface ProcessMark {
  readonly pid: number;
  readonly started: string;
  readonly boot: string;
}

/** A leash's folder, held by this process until it lets go. */
export interface HeldRecord {
  readonly folder: string;
  readonly record: LeashRecord;
  write(record: LeashRecord): void;
  release(): void;
}

function leashFolder(): string {
  return join(stateFolder(), "leash");
}

/** The mark of the containers of a leash, in a field of theirs that the Engine hands on to no image and reads nowhere. */
export function containerMark(value: string): string {
  return `/bulkhead-leash/${value}/`;
}

/** A name for a folder: one for each, whatever another folder is called. */
export function usualName(folder: string): string {
  const plain = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 24)
    .replace(/^-|-$/g, "");
  const hash = createHash("sha256").update(folder).digest("hex").slice(0, 6);
  return plain === "" ? `leash-${hash}` : `${plain}-${hash}`;
}

export function checkName(name: string): Result<string> {
  return /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(name) && name.length <= 40
    ? ok(name)
    : failed(`--name ${name} must be lower-case letters and digits with . _ - between them, 40 at most`);
}

type Begun = Omit<LeashRecord, "value" | "process" | "isOver">;

/** Takes the name, if no leash that lives has it. `before` is what a leash of that name left behind. */
export function holdRecord(begun: Begun): Result<HeldRecord & { readonly before: LeashRecord | undefined }> {
  const folder = join(leashFolder(), begun.name);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const own = lock(folder);
    if (!own.ok) return own;
    const before = readRecord(folder);
    const value = before?.value ?? `${begun.name}-${randomBytes(8).toString("hex")}`;
    const record = { ...begun, value, process: own.value };
    return ok({ ...held(folder, record), before });
  } catch (error) {
    return failed(`${folder} cannot be written: ${whyUnwritten(error)}`);
  }
}

/** Takes what a dead leash left; undefined where it lives, or nothing is to be done. */
export function holdLeft(name: string): HeldRecord | undefined {
  const folder = join(leashFolder(), name);
  const own = lock(folder);
  if (!own.ok) return undefined;
  const record = readRecord(folder);
  if (record && !record.isOver) return held(folder, record);
  unlock(folder);
  return undefined;
}

/** The names of all leashes of this user, living or not. */
export function knownNames(): readonly string[] {
  try {
    return readdirSync(leashFolder());
  } catch {
    return [];
  }
}

export function isLiving(name: string): boolean {
  const holder = readMark(join(leashFolder(), name, "lock"));
  return holder !== undefined && isThere(holder);
}

function held(folder: string, record: LeashRecord): HeldRecord {
  return {
    folder,
    record,
    write(next) {
      // Whole or not at all: a power cut leaves the one before.
      const path = join(folder, "leash.json");
      writeFileSync(`${path}.new`, `${JSON.stringify(next)}\n`, { mode: 0o600, flush: true });
      renameSync(`${path}.new`, path);
    },
    release: () => unlock(folder),
  };
}

function readRecord(folder: string): LeashRecord | undefined {
  try {
    const read = parsedJson(readFileSync(join(folder, "leash.json"), "utf8"));
    const isWhole =
      isRecord(read) &&
      typeof read.value === "string" &&
      typeof read.name === "string" &&
      isRecord(read.process);
    return isWhole ? (read as unknown as LeashRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** One process at a time: a link to a file is made by one alone. The lock of a dead process is moved away and looked at again. */
function lock(folder: string): Result<ProcessMark> {
  const path = join(folder, "lock");
  const own: ProcessMark = { pid: process.pid, ...marksOf(process.pid) };
  const mine = join(folder, `lock.${process.pid}`);
  writeFileSync(mine, JSON.stringify(own), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      try {
        linkSync(mine, path);
        return ok(own);
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
      }
      const holder = readMark(path);
      if (holder && isThere(holder))
        return failed(
          `a leash called ${basename(folder)} runs already (process ${holder.pid}): give another --name`,
        );
      const stale = `${mine}.stale`;
      try {
        renameSync(path, stale);
      } catch (error) {
        if (codeOf(error) === "ENOENT") continue;
        throw error;
      }
      const moved = readMark(stale);
      if (moved && isThere(moved) && !existsSync(path)) linkSync(stale, path);
      rmSync(stale, { force: true });
    }
    return failed(`a leash called ${basename(folder)} begins at this moment: give another --name`);
  } finally {
    rmSync(mine, { force: true });
  }
}

function unlock(folder: string): void {
  rmSync(join(folder, "lock"), { force: true });
}

function readMark(path: string): ProcessMark | undefined {
  try {
    const read = parsedJson(readFileSync(path, "utf8"));
    return isRecord(read) && typeof read.pid === "number" ? (read as unknown as ProcessMark) : undefined;
  } catch {
    return undefined;
  }
}

function isThere({ pid, started, boot }: ProcessMark): boolean {
  const now = marksOf(pid);
  return now.started !== "" && now.started === started && now.boot === boot;
}

/** When it was started, and in which boot. */
function marksOf(pid: number): Omit<ProcessMark, "pid"> {
  try {
    return {
      started: startOf(pid),
      boot: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    };
  } catch {
    return { started: "", boot: "" };
  }
}
