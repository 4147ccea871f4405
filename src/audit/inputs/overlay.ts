import type { Subject } from "../../model/subject.ts";

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
