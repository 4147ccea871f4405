import type { Container, ContainerLists, ContainerScalars } from "../../model/container.ts";
import { type FactList, setItems } from "../../model/fact.ts";
import type { Mount } from "../../model/mount.ts";
import { applyPatches, type ContainerPatch, patched } from "../../model/patch.ts";
import { failed, type Result } from "../../model/result.ts";
import { isObject } from "./json.ts";
import { readCreateRequest } from "./read.ts";
import { shelves } from "./writing/lists.ts";
import { asRequested } from "./writing/mounts.ts";
import { patchPorts } from "./writing/ports.ts";
import { scalarWriters } from "./writing/scalars.ts";
import { securityWriters } from "./writing/security.ts";
import { type ItemPatch, isSame, patchShelves, type Shelf } from "./writing/shelf.ts";

export interface CreateRequestWriting {
  /** A new body; what no patch is about is the very same, in the same order. */
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
  const together = writeTogether(document, before, patches);
  if (together) return { document: together.body, refused: [], view: together.view };
  const refused: { patch: ContainerPatch; reason: string }[] = [];
  const made = new Set<string>();
  let body = document;
  let view = before;
  for (const patch of patches) {
    const text = JSON.stringify(patch);
    const meant = patchFor(patch, view);
    if (!meant && made.has(text)) continue;
    const written = meant ? writeOne(body, view, meant) : failed("it does not stand in the request");
    if (written.ok) {
      made.add(text);
      ({ body, view } = written.value);
    } else refused.push({ patch, reason: written.reason });
  }
  return { document: body, refused, view };
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
  if (!isObject(document)) return undefined;
  let body: unknown = document;
  const wanted = { ...before };
  const fields = new Set<ContainerPatch["field"]>();
  for (const patch of patches) {
    const meant = patchFor(patch, wanted);
    if (!meant) return undefined;
    const then = patched(wanted[meant.field], [meant]);
    if (isSaidBy(wanted[meant.field], then)) continue;
    const written = write(body, meant);
    if (!written.ok) return undefined;
    body = written.value;
    Reflect.set(wanted, meant.field, then);
    fields.add(meant.field);
  }
  if (fields.size === 0) return { body, view: before };
  const network = fields.has("networkMode") ? "networkMode" : undefined;
  const view = readCreateRequest(body);
  return says(view, wanted, network) ? { body, view } : undefined;
}

interface Written {
  readonly body: unknown;
  readonly view: Container;
}

function writeOne(body: unknown, view: Container, patch: ContainerPatch): Result<Written> {
  if (!isObject(body)) return failed("the request is no object");
  const wanted = applyPatches(view, [patch]);
  if (says(view, wanted, patch.field)) return { ok: true, value: { body, view } };
  const written = write(body, patch);
  if (!written.ok) return written;
  const after = readCreateRequest(written.value);
  return says(after, wanted, patch.field)
    ? { ok: true, value: { body: written.value, view: after } }
    : failed("the Engine would not read the change as meant");
}

/** Each writer takes the values of its own field, and a patch has a value of its field. */
const writers = { ...scalarWriters, ...securityWriters } as Readonly<
  Partial<Record<keyof ContainerScalars, (body: unknown, value: unknown) => Result<unknown>>>
>;

function write(body: unknown, patch: ContainerPatch): Result<unknown> {
  if (patch.op === "set" || patch.op === "unset") {
    const value = patch.op === "set" ? patch.value : undefined;
    return writers[patch.field]?.(body, value) ?? failed("it is the image's, not the request's, to say");
  }
  if (patch.field === "ports") return patchPorts(body, patch);
  const own = shelves[patch.field] as readonly Shelf<ContainerLists[keyof ContainerLists]>[];
  return patchShelves(body, own, patch as ItemPatch<ContainerLists[keyof ContainerLists]>);
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
    const found = items.find((item) => isSame(item, patch.value));
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

/** Apart from what only a sight of the host, or of a volume's options, tells. */
function isSameMount(one: Mount, other: Mount): boolean {
  const asked = (mount: Mount): Mount => ({
    ...asRequested(mount),
    hostPath: mount.type === "bind" ? mount.hostPath : undefined,
  });
  return isSame(asked(one), asked(other));
}

/** Whether two views agree, endpoints aside where the network changes, for some of them go with it. */
function says(one: Container, other: Container, changed: ContainerPatch["field"] | undefined): boolean {
  return Object.keys(other).every((field) => {
    if (field === "networks" && changed === "networkMode") return true;
    return isSaidBy(Reflect.get(one, field), Reflect.get(other, field));
  });
}

/** Origins aside, and lists in any order. */
function isSaidBy(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return isSameFact(one, other);
  if (one.length !== other.length) return false;
  if (one.every((item, index) => isSameFact(item, other[index]))) return true;
  const left: unknown[] = [...other];
  return one.every((item) => {
    const at = left.findIndex((each) => isSameFact(item, each));
    if (at === -1) return false;
    left.splice(at, 1);
    return true;
  });
}

function isSameFact(one: unknown, other: unknown): boolean {
  if (!isObject(one) || !isObject(other)) return one === other;
  return one.state === other.state && isSame(one.value, other.value) && one.reason === other.reason;
}
