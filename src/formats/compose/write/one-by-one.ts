import { isEqual } from "../../../base/equal.ts";
import { failed, type Result } from "../../../base/result.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import type { Edit } from "../../../model/writing.ts";
import type { ComposeRequest } from "../load/project.ts";
import type { Refusal } from "./fields/fields.ts";
import { judge } from "./judge.ts";
import type { OpenService } from "./open-service.ts";
import type { ProjectView } from "./project-view.ts";

/** So much text is read at most. */
const mostReading = 20_000_000;

interface Wanted {
  readonly service: OpenService;
  readonly patches: readonly ContainerPatch[];
}

/** What is made of a service so far. */
interface State {
  readonly written: ReadonlySet<ContainerPatch>;
  readonly edits: readonly Edit[];
  /** What it takes over from a service that was written before. */
  readonly followed: readonly ContainerPatch[];
}

const untouched: State = { written: new Set(), edits: [], followed: [] };

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
  const states = new Map<string, State>();
  const patchesOf = new Map(services.map(({ service, patches }) => [service.service, patches]));
  const stateOf = (name: string) => states.get(name) ?? untouched;
  // In the order in which they are asked for: one may change what another made.
  const madeOf = (name: string, { written, followed }: State) =>
    (patchesOf.get(name) ?? []).filter((patch) => written.has(patch) || has(followed, patch));
  const has = (patches: readonly ContainerPatch[], patch: ContainerPatch) =>
    patches.some((each) => isEqual(each, patch));
  let reading = 0;

  function attempt({ service, patches }: Wanted, unit: readonly ContainerPatch[]): Result<State> {
    const name = service.service;
    reading += service.length;
    if (reading > mostReading) return failed("the file is too large to try its patches one by one");
    const { written, followed } = stateOf(name);
    const trial = new Set([...written, ...unit]);
    const result = service.write(patches.filter((patch) => trial.has(patch)));
    const own = result.refused.find(({ patch }) => trial.has(patch));
    if (own) return failed(own.reason);
    const state: State = { written: trial, edits: result.edits, followed };
    const tried = new Map(states).set(name, state);
    const edits = [...tried.values()].flatMap((each) => each.edits);
    const made = new Map([...tried].map(([each, its]) => [each, madeOf(each, its)] as const));
    // Of what is said of a fact of one value, the last word counts.
    const last = unit.slice(-1);
    const followedBy = (other: string): State => {
      const its = stateOf(other);
      return { ...its, followed: [...its.followed, ...last] };
    };
    const following = (other: string) => {
      const isWanted = last.some((patch) => has(patchesOf.get(other) ?? [], patch));
      return isWanted ? madeOf(other, followedBy(other)) : undefined;
    };
    const verdict = judge(request, edits, before, made, { service: name, following });
    if (!verdict.ok) return verdict;
    for (const other of verdict.value) states.set(other, followedBy(other));
    return { ok: true, value: state };
  }

  for (const wanted of services.toSorted(basesFirst)) {
    const name = wanted.service.service;
    for (const unit of unitsOf(wanted.patches)) {
      if (unit.slice(-1).every((patch) => has(stateOf(name).followed, patch))) continue;
      const state = attempt(wanted, unit);
      if (state.ok) states.set(name, state.value);
      else refused.push(...unit.map((patch) => ({ patch, reason: state.reason })));
    }
  }
  return { edits: [...states.values()].flatMap((state) => state.edits), refused };
}

/** What stands or falls together: all that is said of a fact of one value, and the same patch said twice. */
function unitsOf(patches: readonly ContainerPatch[]): readonly (readonly ContainerPatch[])[] {
  const units = new Map<string, ContainerPatch[]>();
  for (const patch of patches) {
    const key = patch.op === "set" || patch.op === "unset" ? patch.field : JSON.stringify(patch);
    units.set(key, [...(units.get(key) ?? []), patch]);
  }
  return [...units.values()];
}

function basesFirst(one: Wanted, other: Wanted): number {
  return Number(one.service.isDerived) - Number(other.service.isDerived);
}
