import { failed, ok, type Result } from "../../../base/result.ts";
import { get, type Node } from "../yaml/node.ts";
import { type Anchors, isMergedIn, withoutMerges } from "./yaml/anchors.ts";
import {
  child,
  copyOf,
  isAliasLeaf,
  isNothing,
  leaf,
  type MapTree,
  map,
  type Tree,
  withChild,
  withoutChild,
} from "./yaml/tree.ts";

export type Change = (tree: Tree | undefined, node: Node | undefined, isMerged: boolean) => Tree | undefined;

/**
 * Changes what stands at a path below a mapping. `node` is what the mapping says with its aliases and merge keys followed:
 * what comes by them is written out where something in it changes. `change` is given the value as it stands in the
 * mapping (undefined where it has no key of its own), what it says, and whether a merge key brings it too; undefined from
 * it takes the key away, and mappings that become empty by that go as well.
 */
export function updateAt(
  tree: Tree | undefined,
  node: Node | undefined,
  path: readonly string[],
  anchors: Anchors,
  change: Change,
  isBrought = false,
): Result<Tree | undefined> {
  const [key, ...rest] = path;
  if (key === undefined) return ok(change(tree, node, isBrought));
  const own = asMap(tree, node);
  if (!own) return failed("the file has something else than a mapping there");
  const isMerged = isMergedIn(own, key, anchors);
  const current = child(own, key);
  // What was taken out before is not to come back.
  const said = current || isMerged ? get(node, key) : undefined;
  const below = updateAt(current, said, rest, anchors, change, isMerged);
  if (!below.ok) return below;
  if (below.value) return ok(withChild(own, key, below.value));
  const without = removeKey(own, key, node, anchors);
  return ok(without.entries.length === 0 ? undefined : without);
}

/** The map without a key, also where a merge key brings it: then what else that brings is written out. */
export function removeKey(tree: MapTree, key: string, node: Node | undefined, anchors: Anchors): MapTree {
  const without = withoutChild(tree, key);
  return isMergedIn(tree, key, anchors) ? withMergesWritten(without, node, key, anchors) : without;
}

function withMergesWritten(tree: MapTree, node: Node | undefined, except: string, anchors: Anchors): MapTree {
  const said = node?.kind === "map" ? [...node.entries] : [];
  return said
    .filter(([name]) => name !== except && !child(tree, name) && isMergedIn(tree, name, anchors))
    .reduce((written, [name, entry]) => withChild(written, name, copyOf(entry.value)), withoutMerges(tree));
}

function asMap(tree: Tree | undefined, node: Node | undefined): MapTree | undefined {
  if (tree?.kind === "map") return tree;
  if ((!tree || isAliasLeaf(tree)) && node) {
    const copy = copyOf(node);
    if (copy.kind === "map") return copy;
    return isNothing(copy) ? map({}) : undefined;
  }
  return isNothing(tree) ? map({}) : undefined;
}

/** A service with its own mapping. An alias becomes a merge key, so that the service still follows its anchor. */
export function serviceMap(tree: Tree): MapTree | undefined {
  if (tree.kind === "map") return tree;
  if (tree.kind === "leaf" && isAliasLeaf(tree)) return map({ "<<": leaf(tree.token) });
  return isNothing(tree) ? map({}) : undefined;
}
