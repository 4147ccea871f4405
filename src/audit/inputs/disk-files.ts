import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
} from "node:fs";
import { codeOf, whyUnread } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { visible } from "../../base/visible.ts";
import type { Files, FolderFiles } from "../../model/reading.ts";
import { gitTracks } from "./git-index.ts";

/** Larger texts are refused: no real Compose file is so large, and memory must stay bounded. */
export const maxFileBytes = 8 * 1024 * 1024;

const tooLarge = `it is larger than ${maxFileBytes / 1024 / 1024} MiB`;

/** Files on the disk, each read once; texts that were given (standard input, `--run`) stand beside them. */
export interface DiskFiles extends FolderFiles {
  /** Puts a text under a name that is not a file; one that is too large for a file is refused when it is read. */
  give(name: string, text: string): void;
  /** A line of a file that was read, counted from 1. */
  line(file: string, line: number): string | undefined;
  /** Whether the file's first bytes are these, without reading the rest of it. */
  startsWith(path: string, head: string): boolean;
  /** Drops a text that is not needed, so that a walk over a large tree uses little memory. */
  forget(path: string): void;
  /** Whether git tracks the file; undefined where its index cannot be read. */
  isTracked(path: string): boolean | undefined;
  /** Every text that was read so far. */
  texts(): readonly (readonly [file: string, text: string])[];
}

export function diskFiles(environment: Files["environment"] = process.env): DiskFiles {
  const texts = new Map<string, Result<string>>();
  const split = new Map<string, readonly string[]>();
  return {
    environment,
    // node:os takes time to load, so it is used only if HOME is not set.
    home: environment.HOME ?? process.getBuiltinModule("node:os").homedir(),
    give: (name, text) =>
      void texts.set(name, Buffer.byteLength(text) > maxFileBytes ? failed(tooLarge) : ok(withoutBom(text))),
    exists: existsSync,
    list,
    startsWith,
    forget: (path) => void texts.delete(path),
    isTracked: gitTracks(),
    read(path) {
      const known = texts.get(path);
      if (known) return known;
      const text = readText(path);
      texts.set(path, text);
      return text;
    },
    texts: () => [...texts].flatMap(([file, text]) => (text.ok ? [[file, text.value] as const] : [])),
    line(file, line) {
      const text = texts.get(file);
      if (!text?.ok) return undefined;
      const lines = split.get(file) ?? text.value.split(/\r\n|\n/);
      split.set(file, lines);
      return lines[line - 1];
    },
  };
}

function startsWith(path: string, head: string): boolean {
  let file: number | undefined;
  try {
    if (!statSync(path).isFile()) return false;
    file = openSync(path, "r");
    const bytes = Buffer.alloc(Buffer.byteLength(head));
    readSync(file, bytes, 0, bytes.length, 0);
    return bytes.toString("utf8") === head;
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch {
    return [];
  }
}

function readText(path: string): Result<string> {
  try {
    const found = statSync(path);
    if (found.isDirectory()) return failed("it is a folder");
    // A named pipe or a device could block for ever.
    if (!found.isFile()) return failed("it is not a regular file");
    if (found.size > maxFileBytes) return failed(tooLarge);
    return ok(withoutBom(readFileSync(path, "utf8")));
  } catch (error) {
    return failed(whyBroken(path) ?? whyUnread(error));
  }
}

/** Why a symbolic link leads nowhere; undefined for anything else. */
export function whyBroken(path: string): string | undefined {
  try {
    statSync(path);
    return undefined;
  } catch (error) {
    if (codeOf(error) !== "ENOENT") return undefined;
  }
  try {
    return `it is a link to ${visible(readlinkSync(path))}, which does not exist`;
  } catch {
    return undefined;
  }
}

/** Editors do not count a byte order mark as a column, so neither do positions. */
function withoutBom(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}
