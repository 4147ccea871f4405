import { setImmediate } from "node:timers/promises";
import type { DiskFiles } from "../audit/inputs/disk-files.ts";
import { type Input, readInput } from "../audit/inputs/inputs.ts";
import { failed, type Result } from "../base/result.ts";
import type { ComposeOptions } from "../formats/format.ts";
import type { Gap } from "../model/gap.ts";
import { createNew, removeTemporary, replaceFile } from "./apply.ts";
import type { ChangedText } from "./changed-texts.ts";
import type { FileOutcome } from "./outcome.ts";

export interface WrittenFile extends FileOutcome {
  /** Why it was not written, as a clause; undefined where nobody tried. */
  readonly reason?: string;
}

export interface WrittenFiles {
  readonly files: readonly WrittenFile[];
  /** The signal that broke the writing off; undefined where none came. */
  readonly signal: NodeJS.Signals | undefined;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Holds the signals that would end this process, until they are released. */
export function holdSignals(): {
  readonly held: () => NodeJS.Signals | undefined;
  readonly release: () => void;
} {
  let signal: NodeJS.Signals | undefined;
  const hold = (name: NodeJS.Signals) => {
    signal = name;
  };
  for (const name of signals) process.on(name, hold);
  return {
    held: () => signal,
    release() {
      for (const name of signals) process.off(name, hold);
    },
  };
}

/**
 * Writes one file after the other, each at once or not at all. A signal is held until the file at hand is written, and the
 * rest is left as it is.
 */
export async function writeFiles(texts: readonly ChangedText[]): Promise<WrittenFiles> {
  const { held, release } = holdSignals();
  // Whatever else may end this process must not leave half a file behind.
  process.on("exit", removeTemporary);
  const files: WrittenFile[] = [];
  try {
    for (const text of texts) {
      await setImmediate();
      const signal = held();
      const done: Result<void> = signal
        ? failed(`${signal} came first`)
        : text.support?.isNew
          ? createNew(text.file, text.after, text.support.mode)
          : replaceFile(text.file, text.before, text.after);
      files.push(done.ok ? { text, written: true } : { text, written: false, reason: done.reason });
    }
    await setImmediate();
  } finally {
    release();
    process.off("exit", removeTemporary);
  }
  return { files, signal: held() };
}

/**
 * Reads what is about to be written as an audit would. The answer names the files that must not be: those of an input that
 * could be read before and cannot after, each with the reason. A writer's fault then costs a fix, never a file.
 */
export async function unreadableAfter(
  inputs: readonly Input[],
  texts: readonly ChangedText[],
  gapsBefore: readonly Gap[],
  compose: ComposeOptions,
  io: DiskFiles,
): Promise<ReadonlyMap<string, string>> {
  const changed = new Set(texts.map(({ file }) => file));
  const known = new Set(gapsBefore.map(({ reason }) => reason));
  const faults = new Map<string, string>();
  for (const input of inputs) {
    const { files } = input;
    if (!files.some((file) => changed.has(file))) continue;
    const { gaps } = await readInput(input, compose, io);
    const fresh = gaps.find(({ reason }) => !known.has(reason));
    if (!fresh) continue;
    for (const file of files) if (changed.has(file)) faults.set(file, fresh.reason);
  }
  return faults;
}
