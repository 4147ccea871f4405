import { isEqual } from "../../base/equal.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { applyPatches, type ContainerPatch } from "../../model/patch.ts";
import type { Files } from "../../model/reading.ts";
import { type Edit, saysSame, type Writing } from "../../model/writing.ts";
import { writeInCycle } from "../values/write-cycle.ts";
import type { ComposeRequest } from "./load/project.ts";
import { type ComposeReading, readCompose } from "./read.ts";
import type { Refusal } from "./write/fields/fields.ts";
import { loadQuietly, type OpenService, openService } from "./write/open-service.ts";
import type { OpenProject } from "./write/parsed-file.ts";
import { newGap, type ProjectView, viewOf, viewOfReading, withEdits } from "./write/project-view.ts";

export interface ComposeWriteRequest {
  readonly files: readonly string[];
  readonly io: Files;
  readonly profiles?: readonly string[];
  readonly envFiles?: readonly string[];
  readonly projectDirectory?: string;
  /** What readCompose made of these files, where the caller has that: it is not read again then. */
  readonly reading?: ComposeReading;
}

/**
 * The edits that make patches in one service of a Compose project, in the last of its files that holds the service. They
 * stay inside the service's own block: what it takes from an anchor, a merge key or an `extends` is overridden there. What
 * has been written is read again: a patch that would make docker compose refuse the project, change another service, or not
 * come out as meant is refused with the reason.
 */
export function writeCompose(
  request: ComposeWriteRequest & { readonly service: string; readonly patches: readonly ContainerPatch[] },
): Writing {
  const { service, patches, reading, ...project } = request;
  return writeServices(project, [{ service, patches }], reading);
}

/**
 * The same for several services at once. Where one takes over what another says (`extends`, an anchor) and both are to change
 * alike, it is written once.
 */
export function writeComposeServices(
  request: ComposeWriteRequest & { readonly changes: readonly ServiceChange[] },
): Writing {
  const { changes, reading, ...project } = request;
  return writeServices(project, changes, reading);
}

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
