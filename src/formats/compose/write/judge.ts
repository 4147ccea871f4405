import { failed, ok, type Result } from "../../../base/result.ts";
import { applyPatches, type ContainerPatch } from "../../../model/patch.ts";
import { saysSame } from "../../../model/says-same.ts";
import type { Edit } from "../../../model/writing.ts";
import type { ComposeRequest } from "../load/project.ts";
import { newGap, type ProjectView, viewOf, withEdits } from "./project-view.ts";

/** The patches that are made, by service. */
export type Made = ReadonlyMap<string, readonly ContainerPatch[]>;

/** A patch on trial. Other services may inherit its effect. */
export interface Trial {
  readonly service: string;
  /** All patches of a service if it inherits this one too. Undefined if it must not. */
  readonly following: (service: string) => readonly ContainerPatch[] | undefined;
}

/**
 * Whether the project says after the edits what it should, and nothing else: the services that took over the patch on trial.
 * Else why not.
 */
export function judge(
  request: ComposeRequest,
  edits: readonly Edit[],
  before: ProjectView,
  made: Made,
  trial?: Trial,
): Result<readonly string[]> {
  const after = edits.length === 0 ? before : viewOf(withEdits(request, edits));
  const gap = newGap(before, after);
  if (gap) return failed(gap.reason);
  const followers: string[] = [];
  for (const [name, view] of before.services) {
    const wanted = applyPatches(view, made.get(name) ?? []);
    const now = after.services.get(name);
    if (now && saysSame(now, wanted)) continue;
    const isOther = trial !== undefined && name !== trial.service;
    const following = isOther && now ? trial.following(name) : undefined;
    if (now && following && saysSame(now, applyPatches(view, following))) followers.push(name);
    else return failed(isOther ? `${name} uses this too, and would change with it` : otherwise);
  }
  return ok(followers);
}

const otherwise = "docker compose would not read it as meant: change it by hand";
