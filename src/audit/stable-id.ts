import { dirname, relative, resolve } from "node:path";
import type { Files } from "../model/reading.ts";
import type { Subject } from "../model/subject.ts";

/** What marks the folder that a project's paths begin at. */
const marks = [".git", "bulkhead.yaml"];

/**
 * The same subjects with stable ids that do not depend on the folder the audit is run in: a file is named from the top
 * of its repository (or the folder of its bulkhead.yaml), or in full where there is none.
 */
export function anchored(
  subjects: readonly Subject[],
  files: ReadonlySet<string>,
  io: Files,
): readonly Subject[] {
  const names = new Map<string, string>();
  return subjects.map((subject) => {
    const at = subject.stableId.indexOf("#");
    const file = at < 0 ? subject.stableId : subject.stableId.slice(0, at);
    if (!files.has(file)) return subject;
    const name = names.get(file) ?? nameOf(file, io);
    names.set(file, name);
    return { ...subject, stableId: name + subject.stableId.slice(file.length) };
  });
}

function nameOf(file: string, io: Files): string {
  const path = resolve(file);
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (marks.some((mark) => io.exists(resolve(folder, mark)))) return relative(folder, path);
    if (dirname(folder) === folder) return path;
  }
}
