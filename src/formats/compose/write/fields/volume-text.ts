import { isEqual } from "../../../../base/equal.ts";
import type { Mount, TmpfsOptions } from "../../../../model/mount.ts";
import { writeBytes, writeTmpfs, writeVolume } from "../../../values/spell.ts";
import { isPropagation } from "../../read/volume-short.ts";
import { plainLeaf, type ServiceDraft, valueLeaf } from "../yaml/draft.ts";
import { escapeDollars, splitAtColons, splitOptions } from "../yaml/token.ts";
import { child, leaf, type MapTree, map, type Tree, withChild, withoutChild } from "../yaml/tree.ts";

/**
 * The short syntax of a volume changed from one mount to another, all else in it left as written. Undefined where the
 * short syntax cannot say it.
 */
export function changeShortVolume(written: string, before: Mount, after: Mount): string | undefined {
  const parts = splitAtColons(written);
  const [source, target, options] = parts;
  const isOnlyOptions = isEqual(
    { ...before, readOnly: after.readOnly, propagation: after.propagation },
    after,
  );
  if (!isOnlyOptions || parts.length > 3 || target === undefined || source === undefined)
    return spellShortVolume(after);
  const kept = (options === undefined ? [] : splitOptions(options)).filter((option) => {
    if (option === "ro" || option === "rw") return after.readOnly === before.readOnly;
    return !isPropagation(option) || after.propagation === before.propagation;
  });
  if (after.readOnly !== before.readOnly && after.readOnly) kept.unshift("ro");
  if (after.propagation !== before.propagation && after.propagation) kept.push(after.propagation);
  return [source, target, ...(kept.length > 0 ? [kept.join(",")] : [])].join(":");
}

/** A mount in the short syntax, where that can say it. */
export function spellShortVolume(mount: Mount): string | undefined {
  if (mount.type !== "bind" && mount.type !== "volume") return undefined;
  if (mount.source === undefined && (mount.readOnly || mount.propagation)) return undefined;
  const hasColon = [mount.source, mount.target].some((part) => part?.includes(":"));
  return hasColon ? undefined : escapeDollars(writeVolume(mount));
}

/** An item of `tmpfs:` changed from one mount to another, its other options (`noatime`) left as written. */
export function changeTmpfs(written: string, before: Mount, after: Mount): string {
  const [target = "", ...rest] = splitAtColons(written);
  const isOnlyOptions = isEqual({ ...before, tmpfs: after.tmpfs, readOnly: after.readOnly }, after);
  if (!isOnlyOptions) return spellTmpfs(after);
  const [was, is] = [before.tmpfs ?? none, after.tmpfs ?? none];
  let options = rest.length > 0 ? splitOptions(rest.join(":")) : [];
  for (const name of ["size", "mode", "uid", "gid"] as const) {
    if (was[name] === is[name]) continue;
    const value = is[name];
    // A patch that says no owner leaves the one that is written.
    if (value === undefined && name.endsWith("id")) continue;
    const said = value === undefined ? "" : spellNumber(name, value);
    const at = options.findIndex((option) => option.startsWith(`${name}=`));
    options = options.filter((option) => !option.startsWith(`${name}=`));
    if (said) options = options.toSpliced(at < 0 ? options.length : at, 0, `${name}=${said}`);
  }
  for (const name of ["exec", "suid", "dev"] as const) {
    if (was[name] === is[name]) continue;
    const turnedOn = options.includes("defaults");
    options = options.filter((option) => option !== name && option !== `no${name}`);
    if (is[name]) options = [...options, name];
    else if (turnedOn) options = [...options, `no${name}`];
  }
  if (before.readOnly !== after.readOnly) {
    options = options.filter((option) => option !== "ro" && option !== "rw");
    if (after.readOnly) options = ["ro", ...options];
  }
  return options.length > 0 ? `${target}:${options.join(",")}` : target;
}

function spellNumber(name: "size" | "mode" | "uid" | "gid", value: number): string {
  if (name === "size") return writeBytes(value);
  return name === "mode" ? value.toString(8) : String(value);
}

export function spellTmpfs(mount: Mount): string {
  const text = writeTmpfs(mount);
  if (!mount.readOnly) return escapeDollars(text);
  return escapeDollars(text === mount.target ? `${text}:ro` : `${text},ro`);
}

const none: TmpfsOptions = { size: undefined, mode: undefined, exec: false, suid: false, dev: false };

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
