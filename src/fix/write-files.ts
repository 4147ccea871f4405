import { setImmediate } from "node:timers/promises";
import { failed, type Result } from "../base/result.ts";
import { createNew, replaceFile } from "./apply.ts";
import type { ChangedText } from "./changed-texts.ts";
import type { FileOutcome } from "./outcome.ts";
import { removeTemporary } from "./put-in-place.ts";

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

/**
 * Writes one file after the other, each at once or not at all. A signal is held until the file at hand is written, and the
 * rest is left as it is.
 */
export async function writeFiles(texts: readonly ChangedText[]): Promise<WrittenFiles> {
  let signal: NodeJS.Signals | undefined;
  const hold = (name: NodeJS.Signals) => {
    signal = name;
  };
  for (const name of signals) process.on(name, hold);
  // Whatever else may end this process must not leave half a file behind.
  process.on("exit", removeTemporary);
  const files: WrittenFile[] = [];
  try {
    for (const text of texts) {
      await setImmediate();
      const done: Result<void> = signal
        ? failed(`${signal} came first`)
        : text.support?.isNew
          ? createNew(text.file, text.after, text.support.mode)
          : replaceFile(text.file, text.before, text.after);
      files.push(done.ok ? { text, written: true } : { text, written: false, reason: done.reason });
    }
    await setImmediate();
  } finally {
    for (const name of signals) process.off(name, hold);
    process.off("exit", removeTemporary);
  }
  return { files, signal };
}
