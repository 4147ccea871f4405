import { composeBaseOf, composeOverrideOf } from "../../formats/compose/override-file.ts";
import type { Files } from "../../model/reading.ts";
import type { Subject } from "../../model/subject.ts";

export interface ComposeProject {
  readonly files: readonly string[];
  /** The second file changes the first, which is judged without it: only what it has a part in is judged. */
  readonly overlay?: true;
}

/**
 * The Compose files of a walk in the groups that are read together: a folder's default file with its override, as
 * `docker compose` loads them without `-f`, a file that only changes that one behind it, every other file by itself.
 */
export function composeProjects(paths: readonly string[], io: Files): readonly ComposeProject[] {
  const overrides = new Map(paths.map((path) => [path, composeOverrideOf(path, io)]));
  const taken = new Set(overrides.values());
  return paths
    .filter((path) => !taken.has(path))
    .map((path) => {
      const override = overrides.get(path);
      return override === undefined ? composeProjectOf(path, io) : { files: [path, override] };
    });
}

/** A Compose file, with the one that it only changes in front of it. */
export function composeProjectOf(path: string, io: Files): ComposeProject {
  const base = composeBaseOf(path, io);
  if (base === undefined) return { files: [path] };
  return composeOverrideOf(base, io) === path
    ? { files: [base, path] }
    : { files: [base, path], overlay: true };
}

/** The id of a service of the merged files, named after the file that changes the other. */
export function inOverlay<S extends Pick<Subject, "id" | "stableId">>(
  subject: S,
  files: readonly string[],
): S {
  const [base = "", overlay = ""] = files;
  const renamed = (id: string) => (id.startsWith(`${base}#`) ? overlay + id.slice(base.length) : id);
  return { ...subject, id: renamed(subject.id), stableId: renamed(subject.stableId) };
}

/** Whether anything that a service says stands in the file. */
export function hasPartIn(subject: Subject, file: string | undefined): boolean {
  if (subject.location?.file === file) return true;
  return subject.views.some((view) => JSON.stringify(view).includes(`"file":${JSON.stringify(file)}`));
}
