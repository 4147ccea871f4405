import type { ContainerPatch } from "../../../model/patch.ts";
import type { Writing } from "../../../model/writing.ts";
import { writeInCycle } from "../../values/write-cycle.ts";
import type { ComposeRequest } from "../load/project.ts";
import { type ComposeReading, readCompose } from "../read.ts";
import type { Refusal } from "./fields/fields.ts";
import { judge, type Made } from "./judge.ts";
import {
  editsOf,
  type ServiceUnit,
  type State,
  type States,
  serviceUnits,
  unitWriter,
} from "./one-by-one.ts";
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
  const made: Made = new Map(written.map(({ service, patches }) => [service.service, patches]));
  const cycle = writeInCycle<ServiceUnit, States>({
    together() {
      const all = new Map(written.map((each) => [each.service.service, wholeOf(each)]));
      const isWhole = all.size === written.length && judge(request, editsOf(all), before, made).ok;
      return isWhole ? all : undefined;
    },
    start: new Map(),
    units: serviceUnits(written),
    add: unitWriter(written, request, before),
  });
  const spoiling = cycle.refused.flatMap(({ unit, reason }) =>
    unit.patches.map((patch) => ({ patch, reason })),
  );
  return { edits: editsOf(cycle.state), refused: [...refused, ...spoiling] };
}

function wholeOf({
  edits,
  patches,
}: {
  readonly edits: State["edits"];
  readonly patches: Iterable<ContainerPatch>;
}): State {
  return { edits, written: new Set(patches), followed: [] };
}
