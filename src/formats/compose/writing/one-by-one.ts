import type { ContainerPatch } from "../../../model/patch.ts";
import type { Edit } from "../../../model/writing.ts";
import type { ComposeRequest } from "../project.ts";
import type { Refusal } from "./fields.ts";
import { judge } from "./judge.ts";
import type { OpenService } from "./open-service.ts";
import type { ProjectView } from "./project-view.ts";
import { isSame } from "./same.ts";

/** So much text is read at most. */
const mostReading = 20_000_000;

interface Wanted {
  readonly service: OpenService;
  readonly patches: readonly ContainerPatch[];
}

/**
 * Makes patch after patch, and only those after which the project says what it should. Services that others take things
 * over from come first, so that what those are to have as well is written once.
 */
export function oneByOne(
  services: readonly Wanted[],
  request: ComposeRequest,
  before: ProjectView,
): { readonly edits: readonly Edit[]; readonly refused: readonly Refusal[] } {
  const refused: Refusal[] = [];
  const written = new Map<string, readonly ContainerPatch[]>();
  const made = new Map<string, readonly ContainerPatch[]>();
  const edits = new Map<string, readonly Edit[]>();
  const wanted = new Map(services.map(({ service, patches }) => [service.service, patches]));
  const has = (of: ReadonlyMap<string, readonly ContainerPatch[]>, name: string, patch: ContainerPatch) =>
    (of.get(name) ?? []).some((each) => isSame(each, patch));
  const isWanted = (name: string, patch: ContainerPatch) =>
    has(wanted, name, patch) && !has(made, name, patch);
  let reading = 0;
  for (const { service, patches } of services.toSorted(basesFirst)) {
    const name = service.service;
    for (const patch of patches) {
      if (has(made, name, patch)) continue;
      reading += service.length;
      const tried = [...(written.get(name) ?? []), patch];
      const result = service.write(tried);
      const now = new Map(made).set(name, [...(made.get(name) ?? []), patch]);
      const all = [...new Map(edits).set(name, result.edits).values()].flat();
      const own = result.refused.find((each) => each.patch === patch);
      const verdict =
        reading > mostReading
          ? ({ ok: false, reason: "the file is too large to try its patches one by one" } as const)
          : own
            ? ({ ok: false, reason: own.reason } as const)
            : judge(request, all, before, now, { service: name, patch, isWanted });
      if (!verdict.ok) {
        refused.push({ patch, reason: verdict.reason });
        continue;
      }
      written.set(name, tried);
      edits.set(name, result.edits);
      made.set(name, now.get(name) ?? []);
      for (const follower of verdict.value) made.set(follower, [...(made.get(follower) ?? []), patch]);
    }
  }
  return { edits: [...edits.values()].flat(), refused };
}

function basesFirst(one: Wanted, other: Wanted): number {
  return Number(one.service.isDerived) - Number(other.service.isDerived);
}
