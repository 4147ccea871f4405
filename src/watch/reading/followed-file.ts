import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { whyUnread } from "../../base/error-words.ts";

export interface FollowedFile {
  /** The whole lines that were written since the last read. */
  read(): readonly string[];
  close(): void;
}

export interface FollowOptions {
  /** Bytes that are read at once; of more, the newest. */
  readonly most: number;
  /** Hears why the file cannot be read, once for each time that it gets so. */
  readonly unread: (why: string) => void;
  /** Hears of bytes that were left out because they were too many. */
  readonly skipped?: (bytes: number) => void;
}

/** Follows a file, also when it is moved away and begun anew. What was written before is not read. */
export function followFile(path: string, { most, unread, skipped }: FollowOptions): FollowedFile {
  let descriptor: number | undefined;
  let offset = 0;
  let rest = "";
  let complained = false;

  function attempt<T>(run: () => T): T | undefined {
    try {
      const result = run();
      complained = false;
      return result;
    } catch (error) {
      if (!complained) unread(whyUnread(error));
      complained = true;
      return undefined;
    }
  }

  function open(fromEnd: boolean): void {
    attempt(() => {
      descriptor = openSync(path, "r");
      offset = fromEnd ? fstatSync(descriptor).size : 0;
      rest = "";
    });
  }

  function readOn(): readonly string[] {
    if (descriptor === undefined) return [];
    const { size } = fstatSync(descriptor);
    const isEmptied = size < offset;
    const start = isEmptied ? 0 : offset;
    const from = Math.max(start, size - most);
    if (from > start) skipped?.(from - start);
    // The beginning of a line whose end is gone, or is not read, is no line.
    if (isEmptied || from > start || rest.length > most) rest = "";
    offset = from;
    const bytes = Buffer.alloc(size - offset);
    const length = readSync(descriptor, bytes, 0, bytes.length, offset);
    offset += length;
    const lines = `${rest}${bytes.subarray(0, length).toString("latin1")}`.split("\n");
    rest = lines.pop() ?? "";
    return lines.map((line) => Buffer.from(line, "latin1").toString("utf8"));
  }

  function close(): void {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  }

  open(true);
  return {
    read: () =>
      attempt(() => {
        const before = readOn();
        const current = statSync(path);
        const known = descriptor === undefined ? undefined : fstatSync(descriptor);
        if (known && known.ino === current.ino && known.dev === current.dev) return before;
        close();
        open(false);
        return [...before, ...readOn()];
      }) ?? [],
    close,
  };
}
