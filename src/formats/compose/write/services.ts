import type { ContainerPatch } from "../../../model/patch.ts";
import type { Writing } from "../../../model/writing.ts";
import type { ComposeRequest } from "../load/project.ts";
import { type ComposeReading, readCompose } from "../read.ts";
import type { Refusal } from "./fields/fields.ts";
import { judge, type Made } from "./judge.ts";
import { oneByOne } from "./one-by-one.ts";
import { loadQuietly, type OpenService, openService } from "./open-service.ts";
import type { OpenProject } from "./parsed-file.ts";
import { viewOfReading } from "./project-view.ts";

export interface ServiceChange {
  readonly service: string;
  readonly patches: readonly ContainerPatch[];
}

/**
 * Writes all patches at once and reads the result. Only where that is not as it should be, patch by patch, to find those
 * that cannot be.
 */
export function writeServices(
  request: ComposeRequest,
  changes: readonly ServiceChange[],
  reading: ComposeReading = readCompose({ ...request, forWriting: true }),
): Writing {
  const before = viewOfReading(reading);
  const project: OpenProject = { ...(reading.project ?? loadQuietly(request)), open: new Map() };
  const refused: Refusal[] = [];
  const open: { readonly service: OpenService; readonly patches: readonly ContainerPatch[] }[] = [];
  for (const { service, patches } of changes) {
    const view = before.services.get(service);
    const opened = view && openService(service, view, request, project);
    if (opened?.ok) open.push({ service: opened.value, patches });
    else {
      const reason = opened?.reason ?? "the files have no such service";
      refused.push(...patches.map((patch) => ({ patch, reason })));
    }
  }
  const written = open.map(({ service, patches }) => {
    const { edits, refused: left } = service.write(patches);
    refused.push(...left);
    const gone = new Set(left.map((each) => each.patch));
    return { service, edits, patches: patches.filter((patch) => !gone.has(patch)) };
  });
  const edits = written.flatMap((each) => each.edits);
  const made: Made = new Map(written.map(({ service, patches }) => [service.service, patches]));
  if (judge(request, edits, before, made).ok) return { edits, refused };
  const possible = oneByOne(written, request, before);
  return { edits: possible.edits, refused: [...refused, ...possible.refused] };
}
