import { ok, type Result } from "../../../../base/result.ts";
import type { BlkioDeviceLimit } from "../../../../model/container-values.ts";
import { writeBytes } from "../../../values/spell.ts";
import { at } from "../../yaml/node.ts";
import { listItems, placesOf, plainLeaf, type ServiceDraft, valueLeaf } from "../yaml/draft.ts";
import { escapeDollars } from "../yaml/token.ts";
import { child, type MapTree, map, type Tree, withChild } from "../yaml/tree.ts";
import { blkioKeys } from "./keys.ts";
import { changeList, type ItemChange } from "./list.ts";
import type { Refuse, Slot } from "./slots.ts";

const kinds = ["weight", "read-bps", "write-bps", "read-iops", "write-iops"] as const;

export function writeBlkio(
  tree: MapTree,
  slots: readonly Slot<BlkioDeviceLimit>[],
  draft: ServiceDraft,
  refuse: Refuse<BlkioDeviceLimit>,
): Result<MapTree> {
  let result: Result<MapTree> = ok(tree);
  for (const kind of kinds) {
    const path = ["blkio_config", blkioKeys[kind]];
    const present = listItems(at(draft.merged, ...path));
    const indexOf = placesOf(present);
    const items = new Map<number, ItemChange>();
    const add: Tree[] = [];
    for (const slot of slots) {
      const { before, after } = slot;
      const stays = after?.kind === kind;
      if (before?.value.kind !== kind) {
        if (stays) add.push(limitTree(after, map({}), draft));
        continue;
      }
      const index = indexOf(before.origins[0]);
      if (index < 0) refuse(slot, "where the limit is written cannot be told");
      else items.set(index, (item) => (stays ? limitTree(after, item, draft) : undefined));
    }
    if (result.ok) result = changeList(result.value, draft, path, { items, add });
  }
  return result;
}

function limitTree({ kind, path, rate }: BlkioDeviceLimit, item: Tree, draft: ServiceDraft): Tree {
  if (item.kind !== "map") return item;
  const key = kind === "weight" ? "weight" : "rate";
  const text = kind.endsWith("bps") ? writeBytes(rate) : String(rate);
  const withPath = withChild(item, "path", valueLeaf(escapeDollars(path), child(item, "path"), draft));
  return withChild(withPath, key, plainLeaf(text, child(item, key), draft));
}
