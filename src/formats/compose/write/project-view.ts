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

/** Whether two views are equal, apart from origins. */
export function saysSame(one: Container, other: Container): boolean {
  return fields(one).every((field) => isSaidAlike(Reflect.get(one, field), Reflect.get(other, field)));
}

function isSaidAlike(one: unknown, other: unknown): boolean {
  // Most say the same in the same order, which is found out sooner.
  return one === other || saidAsIs(one) === saidAsIs(other) || said(one) === said(other);
}

function saidAsIs(fact: unknown): string {
  if (Array.isArray(fact)) return fact.map(saidAsIs).join("\n");
  const { state, value } = fact as { readonly state: string; readonly value?: unknown };
  return state === "set" ? JSON.stringify(value) : state;
}

function fields(view: Container): readonly string[] {
  return Object.keys(view).filter((field) => !["kind", "level", "processes"].includes(field));
}

function said(fact: unknown): string {
  if (Array.isArray(fact)) return fact.map(said).toSorted().join("\n");
  const { state, value } = fact as { readonly state: string; readonly value?: unknown };
  return state === "set" ? JSON.stringify(value, inOrder) : state;
}

/** Objects say the same whatever order their keys are in. */
function inOrder(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
