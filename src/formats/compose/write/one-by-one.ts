import { isEqual } from "../../../base/equal.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import type { Edit } from "../../../model/writing.ts";
import type { ComposeRequest } from "../load/project.ts";
import { judge } from "./judge.ts";
import type { OpenService } from "./open-service.ts";
import type { ProjectView } from "./project-view.ts";

/** The most characters to read in all trials together. */
const mostReading = 20_000_000;

export interface ServicePatches {
  readonly service: OpenService;
  readonly patches: readonly ContainerPatch[];
}

/** What is made of a service so far. */
export interface State {
  readonly written: ReadonlySet<ContainerPatch>;
  readonly edits: readonly Edit[];
  /** Patches that it inherits from a service written before. */
  readonly followed: readonly ContainerPatch[];
}

const untouched: State = { written: new Set(), edits: [], followed: [] };

/** What is made of each service, by its name. */
export type States = ReadonlyMap<string, State>;

/** Patches of one service that stand or fall together. */
export interface ServiceUnit {
  readonly wanted: ServicePatches;
  readonly patches: readonly ContainerPatch[];
}

/** Services that others take things over from come first: what those are to have as well is written once. */
export function serviceUnits(services: readonly ServicePatches[]): readonly ServiceUnit[] {
  return services
    .toSorted(basesFirst)
    .flatMap((wanted) => unitsOf(wanted.patches).map((patches) => ({ wanted, patches })));
}

/** Writes one unit more, if the project then says what it should. */
export function unitWriter(
  services: readonly ServicePatches[],
  request: ComposeRequest,
  before: ProjectView,
): (states: States, unit: ServiceUnit) => Result<States> {
  const patchesOf = new Map(services.map(({ service, patches }) => [service.service, patches]));
  // In the order of the request: a patch may change what an earlier one made.
  const madeOf = (name: string, { written, followed }: State) =>
    (patchesOf.get(name) ?? []).filter((patch) => written.has(patch) || has(followed, patch));
  const has = (patches: readonly ContainerPatch[], patch: ContainerPatch) =>
    patches.some((each) => isEqual(each, patch));
  let reading = 0;

  return (states, { wanted: { service, patches }, patches: unit }) => {
    const name = service.service;
    const stateOf = (other: string) => states.get(other) ?? untouched;
    const { written, followed } = stateOf(name);
    // Of several patches of one scalar fact, the last counts.
    const last = unit.slice(-1);
    if (last.every((patch) => has(followed, patch))) return ok(states);
    reading += service.length;
    if (reading > mostReading) return failed("the file is too large to try its patches one by one");
    const trial = new Set([...written, ...unit]);
    const result = service.write(patches.filter((patch) => trial.has(patch)));
    const own = result.refused.find(({ patch }) => trial.has(patch));
    if (own) return failed(own.reason);
    const tried = new Map(states).set(name, { written: trial, edits: result.edits, followed });
    const made = new Map([...tried].map(([each, its]) => [each, madeOf(each, its)] as const));
    const followedBy = (other: string): State => {
      const its = stateOf(other);
      return { ...its, followed: [...its.followed, ...last] };
    };
    const following = (other: string) => {
      const isWanted = last.some((patch) => has(patchesOf.get(other) ?? [], patch));
      return isWanted ? madeOf(other, followedBy(other)) : undefined;
    };
    const verdict = judge(request, editsOf(tried), before, made, { service: name, following });
    if (!verdict.ok) return verdict;
    for (const other of verdict.value) tried.set(other, followedBy(other));
    return ok(tried);
  };
}

export function editsOf(states: States): readonly Edit[] {
  return [...states.values()].flatMap(({ edits }) => edits);
}

/** What is made or refused together: all patches of one scalar fact, and a repeated patch. */
function unitsOf(patches: readonly ContainerPatch[]): readonly (readonly ContainerPatch[])[] {
  const units = new Map<string, ContainerPatch[]>();
  for (const patch of patches) {
    const key = patch.op === "set" || patch.op === "unset" ? patch.field : JSON.stringify(patch);
    units.set(key, [...(units.get(key) ?? []), patch]);
  }
  return [...units.values()];
}

function basesFirst(one: ServicePatches, other: ServicePatches): number {
  return Number(one.service.isDerived) - Number(other.service.isDerived);
}
