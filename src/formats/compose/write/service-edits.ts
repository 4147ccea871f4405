import type { Edit } from "../../../model/writing.ts";
import { asNew } from "./fields/list.ts";
import type { Target } from "./target.ts";
import { type Anchors, type Range, sharedRanges } from "./yaml/anchors.ts";
import { valueEdits } from "./yaml/edits.ts";
import { type Piece, settle } from "./yaml/pieces.ts";
import { type Entry, keyOf, leaf, type MapTree, treeOf, type YamlMap, type YamlPair } from "./yaml/tree.ts";

/** The edits of the file that make a service what the tree says. They stay inside the service. */
export function serviceEdits(tree: MapTree, target: Target): readonly Edit[] {
  const { pair, inFlow, layout, file, shift } = target;
  const wanted =
    tree.entries.length === 0 ? leaf("{}") : tree.yaml ? keepShared(tree, tree.yaml, target) : tree;
  return settle(valueEdits(pair, wanted, inFlow, layout), layout).map(({ start, end, text }) => ({
    file,
    start: start + shift,
    end: end + shift,
    text,
  }));
}

/**
 * What an anchor here gives to others stays as it is for them: under an `x-` key, which Compose passes over, with a copy
 * that changes behind it.
 */
function keepShared(tree: MapTree, yaml: YamlMap, target: Target): MapTree {
  if (target.anchors.aliases.length === 0) return tree;
  const entries: Entry[] = [];
  const copies: Entry[] = [];
  for (const pair of yaml.items) {
    const entry = tree.entries.find((each) => each.pair === pair);
    if (!isSharedChange(pair, entry, yaml.flow === true, target)) {
      if (entry) entries.push(entry);
      continue;
    }
    entries.push({ key: `x-${keyOf(pair)}`, pair, value: treeOf(pair.value, target.layout.text) });
    if (entry) copies.push({ key: entry.key, value: { ...asNew(entry.value), ...tagOf(entry) } });
  }
  return { ...tree, entries: [...entries, ...copies, ...tree.entries.filter((entry) => !entry.pair)] };
}

function tagOf({ value }: Entry): Pick<Entry["value"], "tag"> {
  return value.tag ? { tag: value.tag } : {};
}

function isSharedChange(
  pair: YamlPair,
  entry: Entry | undefined,
  inFlow: boolean,
  { anchors, layout }: { readonly anchors: Anchors; readonly layout: Target["layout"] },
): boolean {
  if (!pair.value) return false;
  const shared = sharedRanges(pair.value, anchors);
  if (shared.length === 0) return false;
  if (!entry) return true;
  const pieces = settle(valueEdits(pair, entry.value, inFlow, layout), layout);
  const isWhole = pair.value.anchor !== undefined && shared[0]?.start === pair.value.range[0];
  return pieces.some((piece) => isWhole || shared.some((range) => touches(piece, range)));
}

function touches({ start, end }: Piece, range: Range): boolean {
  return start <= range.end && end >= range.start;
}
