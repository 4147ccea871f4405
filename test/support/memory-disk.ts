import { basename, dirname } from "node:path";
import type { DiskFiles } from "../../src/audit/inputs/disk-files.ts";
import { memoryFiles } from "./memory-files.ts";

/** Files that live in a table, for what also asks for lines and for what was read. */
export function memoryDisk(
  texts: Readonly<Record<string, string>>,
  tracked: readonly string[] | "unknown" = [],
): DiskFiles {
  const files = memoryFiles(texts);
  return {
    ...files,
    give: () => undefined,
    list: (folder) =>
      Object.keys(texts).flatMap((path) => (dirname(path) === folder ? [basename(path)] : [])),
    isTracked: (path) => (tracked === "unknown" ? undefined : tracked.includes(path)),
    startsWith: (path, head) => (texts[path] ?? "").startsWith(head),
    forget: () => undefined,
    line: (file, line) => texts[file]?.split("\n")[line - 1],
    texts: () => Object.entries(texts),
  };
}
