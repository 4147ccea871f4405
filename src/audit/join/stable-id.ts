import { dirname, join, relative, resolve } from "node:path";
import type { Files } from "../../model/reading.ts";
import type { Subject } from "../../model/subject.ts";

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
  const tops: Tops = new Map();
  return subjects.map((subject) => {
    const at = subject.stableId.indexOf("#");
    const file = at < 0 ? subject.stableId : subject.stableId.slice(0, at);
    if (!files.has(file)) return subject;
    const name = names.get(file) ?? nameOf(file, tops, io);
    names.set(file, name);
    return { ...subject, stableId: name + subject.stableId.slice(file.length) };
  });
}

/** Each folder's top, so that the folders above many files are asked for once. */
type Tops = Map<string, string | undefined>;

function nameOf(file: string, tops: Tops, io: Files): string {
  const path = resolve(file);
  const top = topOf(dirname(path), tops, io);
  return top === undefined ? path : relative(top, path);
}

function topOf(folder: string, tops: Tops, io: Files): string | undefined {
  if (tops.has(folder)) return tops.get(folder);
  const above = dirname(folder);
  const isTop = marks.some((mark) => io.exists(join(folder, mark)));
  const top = isTop ? folder : above === folder ? undefined : topOf(above, tops, io);
  tops.set(folder, top);
  return top;
}
