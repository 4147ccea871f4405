import { isEqual } from "../../../../base/equal.ts";
import type { Mount } from "../../../../model/mount.ts";
import { writeBytes } from "../../../values/spell.ts";
import { plainLeaf, type ServiceDraft, valueLeaf } from "../yaml/draft.ts";
import { escapeDollars } from "../yaml/token.ts";
import { child, leaf, type MapTree, map, type Tree, withChild, withoutChild } from "../yaml/tree.ts";

/** The long syntax changed from one mount to another, key by key. Undefined where it cannot say that. */
export function changeLongMount(
  tree: MapTree,
  before: Mount,
  after: Mount,
  draft: ServiceDraft,
): Tree | undefined {
  if (after.tmpfs?.exec || after.tmpfs?.suid || after.tmpfs?.dev || after.from !== undefined)
    return undefined;
  if (after.tmpfs?.uid !== undefined || after.tmpfs?.gid !== undefined) return undefined;
  let next: MapTree | undefined = tree;
  const change = (keys: readonly string[], text: string | undefined, isText: boolean) => {
    next = next && withText(next, keys, text, isText, draft);
  };
  if (before.type !== after.type) change(["type"], after.type, true);
  if (before.source !== after.source) change(["source"], after.source, true);
  if (before.target !== after.target) change(["target"], after.target, true);
  if (before.readOnly !== after.readOnly) change(["read_only"], after.readOnly ? "true" : undefined, false);
  if (before.propagation !== after.propagation) change(["bind", "propagation"], after.propagation, true);
  if (!isEqual(before.tmpfs, after.tmpfs)) {
    const { size, mode } = after.tmpfs ?? { size: undefined, mode: undefined };
    if (before.tmpfs?.size !== size)
      change(["tmpfs", "size"], size === undefined ? undefined : writeBytes(size), false);
    if (before.tmpfs?.mode !== mode)
      change(["tmpfs", "mode"], mode === undefined ? undefined : `0o${mode.toString(8)}`, false);
  }
  return next;
}

/** A mount in the long syntax. */
export function spellLongMount(mount: Mount, draft: ServiceDraft): Tree | undefined {
  const bare: Mount = {
    ...mount,
    source: undefined,
    readOnly: false,
    propagation: undefined,
    tmpfs: undefined,
  };
  const text = (value: string | undefined) =>
    value === undefined ? undefined : valueLeaf(escapeDollars(value), undefined, draft);
  const start = map({ type: text(mount.type), source: text(mount.source), target: text(mount.target) });
  return changeLongMount(start, { ...bare, source: mount.source }, mount, draft);
}

/** One key, or a key in a mapping, set or taken out. Undefined where something else than a mapping stands there. */
function withText(
  tree: MapTree,
  [key = "", inner]: readonly string[],
  text: string | undefined,
  isText: boolean,
  draft: ServiceDraft,
): MapTree | undefined {
  const current = child(tree, key);
  if (inner !== undefined) {
    const map_ = current ?? map({});
    if (map_.kind !== "map") return undefined;
    const below = withText(map_, [inner], text, isText, draft);
    return below && (below.entries.length > 0 ? withChild(tree, key, below) : withoutChild(tree, key));
  }
  if (text === undefined) return withoutChild(tree, key);
  const value = isText ? valueLeaf(escapeDollars(text), current, draft) : plainLeaf(text, current, draft);
  return withChild(
    tree,
    key,
    current?.kind === "leaf" && current.token === value.token ? current : leaf(value.token),
  );
}
