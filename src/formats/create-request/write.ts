import { isEqual } from "../../base/equal.ts";
import { isRecord } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { Container, ContainerLists, ContainerScalars } from "../../model/container.ts";
import { type FactList, set, setItems } from "../../model/fact.ts";
import type { Mount } from "../../model/mount.ts";
import { applyPatches, byField, type ContainerPatch, patched } from "../../model/patch.ts";
import { isSaidAlike } from "../../model/writing.ts";
import { writeInCycle } from "../values/write-cycle.ts";
import { readCreateRequest } from "./read.ts";
import { addItems, type ItemPatch, type ListMember, patchMembers } from "./write/list-members.ts";
import { listMembers, patchPorts } from "./write/lists.ts";
import { asRequested } from "./write/mounts.ts";
import { scalarWriters, securityWriters } from "./write/scalars.ts";

export interface CreateRequestWriting {
  /** A new body. What no patch changes is the same object, in the same order. */
  readonly document: unknown;
  /** What could not be written, each with why, as a clause that can follow a colon. */
  readonly refused: readonly { readonly patch: ContainerPatch; readonly reason: string }[];
  /** What the new body asks for, as read again. */
  readonly view: Container;
}

/**
 * Changes the body of `POST /containers/create` so that the container becomes what the patches say. The body that is
 * given is left as it is. Each patch is read again before it counts: one that the Engine API cannot say (a limit of 0, a
 * passed-through variable) or that the body leaves no room for is refused. Never throws. `before` is what was read of the
 * body, where somebody has it already.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerCreate
 */
export function writeCreateRequest(
  document: unknown,
  patches: readonly ContainerPatch[],
  before: Container = readCreateRequest(document),
): CreateRequestWriting {
  const made = new Set<string>();
  const { state, refused } = writeInCycle<ContainerPatch, Written>({
    together: () => writeTogether(document, before, patches),
    start: { body: document, view: before },
    units: patches,
    add(state, patch) {
      const text = JSON.stringify(patch);
      const meant = patchFor(patch, state.view);
      if (!meant && made.has(text)) return ok(state);
      if (!meant) return failed("the request does not contain it");
      const written = writeOne(state.body, state.view, meant);
      if (written.ok) made.add(text);
      return written;
    },
  });
  return {
    document: state.body,
    view: state.view,
    refused: refused.map(({ unit, reason }) => ({ patch: unit, reason })),
  };
}

/**
 * Every patch at once, read again once: what a request that is waited for can afford. Undefined where a single one cannot be
 * written, or where the whole would be read otherwise than meant: then each is tried by itself.
 */
function writeTogether(
  document: unknown,
  before: Container,
  patches: readonly ContainerPatch[],
): Written | undefined {
  if (!isRecord(document)) return undefined;
  const draft: PendingBody = { body: document, wanted: { ...before }, changed: new Set() };
  const fields = byField(patches);
  for (const run of runsOf(patches)) {
    const field = run[0]?.field;
    // Where items are taken out as well, one that is added may be among them.
    const isNew =
      field !== undefined && (fields.get(field) ?? []).every(isForMember) && run.every(isForMember);
    const isWritten = isNew ? addTogether(draft, run) : run.every((patch) => writeInto(draft, patch));
    if (!isWritten) return undefined;
  }
  const { body, wanted, changed } = draft;
  if (changed.size === 0) return { body, view: before };
  const view = readCreateRequest(body);
  return says(view, wanted, changed.has("networkMode") ? "networkMode" : undefined)
    ? { body, view }
    : undefined;
}

interface PendingBody {
  body: unknown;
  /** The view that the body must give when read again. */
  readonly wanted: Container;
  /** Fields that were written. */
  readonly changed: Set<ContainerPatch["field"]>;
}

/** Patches of one field that follow one another. */
function runsOf(patches: readonly ContainerPatch[]): readonly (readonly ContainerPatch[])[] {
  const runs: ContainerPatch[][] = [];
  for (const patch of patches) {
    const last = runs.at(-1);
    if (last?.[0]?.field === patch.field) last.push(patch);
    else runs.push([patch]);
  }
  return runs;
}

/** Whether the patch could be written, or is true already. */
function writeInto(draft: PendingBody, patch: ContainerPatch): boolean {
  const { wanted } = draft;
  const meant = patchFor(patch, wanted);
  if (!meant) return false;
  const then = patched(wanted[meant.field], [meant]);
  return isSaidAlike(wanted[meant.field], then) || put(draft, meant.field, then, write(draft.body, meant));
}

function put(
  draft: PendingBody,
  field: ContainerPatch["field"],
  then: unknown,
  written: Result<unknown>,
): boolean {
  if (!written.ok) return false;
  draft.body = written.value;
  Reflect.set(draft.wanted, field, then);
  draft.changed.add(field);
  return true;
}

type MemberPatch = Extract<ContainerPatch, { readonly op: "add" }> & {
  readonly field: keyof typeof listMembers;
};

function isForMember(patch: ContainerPatch): patch is MemberPatch {
  return patch.op === "add" && patch.field !== "ports";
}

/** What is new to one list, at once, and each item once. */
function addTogether(draft: PendingBody, patches: readonly MemberPatch[]): boolean {
  const [first] = patches;
  if (!first) return true;
  const { field } = first;
  const now: FactList<unknown> = draft.wanted[field];
  const present = setItems(now).map(({ value }) => value);
  const items: (typeof first)["value"][] = [];
  for (const { value } of patches) {
    const item = field === "mounts" ? asRequested(value as Mount) : value;
    if (![...present, ...items].some((each) => isEqual(each, item))) items.push(item);
  }
  if (items.length === 0) return true;
  const then = [...now, ...items.map((item) => set(item))];
  return put(draft, field, then, addItems(draft.body, membersOf(field), items));
}

interface Written {
  readonly body: unknown;
  readonly view: Container;
}

function writeOne(body: unknown, view: Container, patch: ContainerPatch): Result<Written> {
  if (!isRecord(body)) return failed("the request is not a JSON object");
  const wanted = applyPatches(view, [patch]);
  if (says(view, wanted, patch.field)) return { ok: true, value: { body, view } };
  const written = write(body, patch);
  if (!written.ok) return written;
  const after = readCreateRequest(written.value);
  return says(after, wanted, patch.field)
    ? { ok: true, value: { body: written.value, view: after } }
    : failed("the Engine would not read the change as meant");
}

/** Each writer takes values of its own field, and so does each patch. */
const writers = { ...scalarWriters, ...securityWriters } as Readonly<
  Record<keyof ContainerScalars, (body: unknown, value: unknown) => Result<unknown>>
>;

function write(body: unknown, patch: ContainerPatch): Result<unknown> {
  if (patch.op === "set" || patch.op === "unset") {
    const value = patch.op === "set" ? patch.value : undefined;
    return writers[patch.field](body, value);
  }
  if (patch.field === "ports") return patchPorts(body, patch);
  return patchMembers(body, membersOf(patch.field), patch as ItemPatch<Item>);
}

type Item = ContainerLists[keyof ContainerLists];

/** The listMembers of a list take the items of that list. */
function membersOf(field: keyof typeof listMembers): readonly ListMember<Item>[] {
  return listMembers[field] as readonly ListMember<Item>[];
}

/**
 * The patch with the item that the body holds for the one it speaks of: other readers see more of a mount. Undefined where
 * the body holds none.
 */
function patchFor(patch: ContainerPatch, view: Container): ContainerPatch | undefined {
  if (patch.op === "set" || patch.op === "unset") return patch;
  if (patch.op === "add")
    return patch.field === "mounts" ? { ...patch, value: asRequested(patch.value) } : patch;
  const items = setItems(view[patch.field] as FactList<unknown>).map(({ value }) => value);
  if (patch.field !== "mounts") {
    const found = items.find((item) => isEqual(item, patch.value));
    return found === undefined ? undefined : ({ ...patch, value: found } as ContainerPatch);
  }
  const found = setItems(view.mounts).find(({ value }) => isSameMount(value, patch.value));
  if (!found) return undefined;
  const { value } = found;
  if (patch.op === "remove") return { ...patch, value };
  const wanted = asRequested(patch.with);
  const stays = patch.with.source === patch.value.source;
  return {
    ...patch,
    value,
    with: stays ? { ...wanted, source: value.source, hostPath: value.hostPath } : wanted,
  };
}

/** Ignores what only the host or a volume's options show. */
function isSameMount(one: Mount, other: Mount): boolean {
  const asked = (mount: Mount): Mount => ({
    ...asRequested(mount),
    hostPath: mount.type === "bind" ? mount.hostPath : undefined,
  });
  return isEqual(asked(one), asked(other));
}

/** Whether two views agree. If the network mode changes, the networks may differ: some go with it. */
function says(one: Container, other: Container, changed: ContainerPatch["field"] | undefined): boolean {
  return (Object.keys(other) as (keyof Container)[]).every(
    (field) => isSaidAlike(one[field], other[field]) || (field === "networks" && changed === "networkMode"),
  );
}
