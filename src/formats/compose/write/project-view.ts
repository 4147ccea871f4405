import { ok } from "../../../base/result.ts";
import type { Container } from "../../../model/container.ts";
import type { Gap } from "../../../model/gap.ts";
import type { Files, Reading } from "../../../model/reading.ts";
import { applyEdits, type Edit } from "../../../model/writing.ts";
import type { ComposeRequest } from "../load/project.ts";
import { readCompose } from "../read.ts";

/** What a project says, for comparing before and after. */
export interface ProjectView {
  readonly services: ReadonlyMap<string, Container>;
  /** What could not be read, or docker compose would refuse. */
  readonly gaps: readonly Gap[];
}

export function viewOf(request: ComposeRequest): ProjectView {
  return viewOfReading(readCompose(request));
}

export function viewOfReading({ subjects, gaps }: Reading): ProjectView {
  const services = new Map<string, Container>();
  for (const subject of subjects) {
    const [view] = subject.kind === "container" ? subject.views : [];
    if (view) services.set(subject.name, view);
  }
  return { services, gaps };
}

/** The request with the edits made to its files, in memory. */
export function withEdits(request: ComposeRequest, edits: readonly Edit[]): ComposeRequest {
  const changed = new Map<string, string>();
  for (const file of new Set(edits.map((edit) => edit.file))) {
    const before = request.io.read(file);
    if (!before.ok) continue;
    const own = edits.filter((edit) => edit.file === file);
    if (fits(own)) changed.set(file, applyEdits(before.value, own));
  }
  const io: Files = {
    ...request.io,
    read: (path) => {
      const text = changed.get(path);
      return text === undefined ? request.io.read(path) : ok(text);
    },
    exists: (path) => changed.has(path) || request.io.exists(path),
  };
  return { ...request, io };
}

/** Edits that run into each other are none that could be made. */
function fits(edits: readonly Edit[]): boolean {
  const sorted = edits.toSorted((a, b) => a.start - b.start);
  return sorted.every((edit, index) => index === 0 || (sorted[index - 1]?.end ?? 0) <= edit.start);
}

/** The first thing that is wrong after and was not before. */
export function newGap(before: ProjectView, after: ProjectView): Gap | undefined {
  const known = new Map<string, number>();
  for (const { reason } of before.gaps) known.set(reason, (known.get(reason) ?? 0) + 1);
  return after.gaps.find(({ reason }) => {
    const left = known.get(reason) ?? 0;
    known.set(reason, left - 1);
    return left <= 0;
  });
}
