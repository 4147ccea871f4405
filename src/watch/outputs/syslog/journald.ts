import { fstatSync } from "node:fs";
import type { Change } from "../../change.ts";
import { levelOf, textOf } from "./message.ts";

/**
 * A line for standard output under systemd: the journal takes `<N>` before it as its priority, and knows the time by itself. One
 * change is one line, for the text shows line breaks.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/sd-daemon.html
 */
export function journalLine(change: Change): string {
  return `<${levelOf(change)}>${textOf(change)}\n`;
}

/**
 * Whether a file descriptor is a connection to the journal: systemd tells its device and inode.
 *
 * @see https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24JOURNAL_STREAM
 */
export function isJournal(descriptor: number, environment: NodeJS.ProcessEnv = process.env): boolean {
  if (environment.JOURNAL_STREAM === undefined) return false;
  try {
    const { dev, ino } = fstatSync(descriptor);
    return environment.JOURNAL_STREAM === `${dev}:${ino}`;
  } catch {
    return false;
  }
}
