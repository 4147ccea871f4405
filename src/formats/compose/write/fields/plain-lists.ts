import { failed, type Result } from "../../../../base/result.ts";
import { normaliseCapability } from "../../../../model/container/capability.ts";
import type { Device } from "../../../../model/container-values.ts";
import { linkedContainer } from "../../../values/port.ts";
import { writeDevice } from "../../../values/spell.ts";
import { scalar } from "../../read/facts.ts";
import { at, get, type Node, originOf } from "../../yaml/node.ts";
import { isSamePlace, listItems, placesOf, type ServiceDraft, tokenStyle, valueLeaf } from "../yaml/draft.ts";
import { escapeDollars, spellText } from "../yaml/token.ts";
import { leaf, type MapTree, type Tree } from "../yaml/tree.ts";
import { type TextList, textLists } from "./keys.ts";
import { changeList, grouped, type ItemChange, type Refuse, type Slot } from "./slots.ts";

export function writeTexts(
  tree: MapTree,
  field: TextList,
  slots: readonly Slot<string>[],
  draft: ServiceDraft,
  refuse: Refuse<string>,
): Result<MapTree> {
  const key = textLists[field];
  const present = listItems(get(draft.merged, key));
  const indexOf = placesOf(present);
  const same = grouped(present, (item) => (item.kind === "scalar" ? meaning(field, item.text) : undefined));
  const items = new Map<number, ItemChange>();
  const add: Tree[] = [];
  for (const slot of slots) {
    const { before, after } = slot;
    const text = after === undefined ? undefined : escapeDollars(after);
    if (!before) {
      if (text !== undefined) add.push(leaf(spellText(text, tokenStyle(draft))));
      continue;
    }
    const index = indexOf(before.origins[0]);
    if (index < 0) {
      refuse(slot, "where it is written is not known");
      continue;
    }
    // What is named twice, in whatever spelling, counts once.
    for (const place of same.get(before.value) ?? []) items.set(place, () => undefined);
    items.set(index, (item) => (text === undefined ? undefined : valueLeaf(text, item, draft)));
  }
  return changeList(tree, draft, [key], { items, add });
}

function meaning(field: TextList, text: string): string {
  if (field === "capAdd" || field === "capDrop") return normaliseCapability(text);
  if (field === "links") return linkedContainer(text);
  return field === "volumesFrom" ? text.replace(/^container:/, "").replace(/:(?:ro|rw)$/, "") : text;
}

/** Devices, and the requests for GPUs, which can only go as a whole. */
export function writeDevices(
  tree: MapTree,
  slots: readonly Slot<Device>[],
  draft: ServiceDraft,
  refuse: Refuse<Device>,
): Result<MapTree> {
  let result: Result<MapTree> = { ok: true, value: tree };
  for (const path of [["devices"], ["gpus"], ["deploy", "resources", "reservations", "devices"]]) {
    const present = listItems(at(draft.merged, ...path));
    const indexOf = placesOf(present);
    const items = new Map<number, ItemChange>();
    const isRequest = path[0] !== "devices";
    const same = isRequest ? undefined : grouped(present, targetOf);
    for (const slot of slots) {
      const index = indexOf(slot.before?.origins[0]);
      if (!slot.before || index < 0) continue;
      const { after } = slot;
      if (isRequest && (after || !isGone(present[index], slots, draft))) {
        refuse(slot, "a request for several devices can only go as a whole");
        continue;
      }
      const text = after && escapeDollars(writeDevice(after));
      // The last device for a path in the container is the one that counts: those that it hides go with it.
      for (const place of same?.get(slot.before.value.containerPath) ?? []) items.set(place, () => undefined);
      items.set(index, (item) => (text === undefined ? undefined : valueLeaf(text, item, draft)));
    }
    const add = isRequest
      ? []
      : slots.flatMap((slot) => (!slot.before && slot.after ? [newDevice(slot.after, draft)] : []));
    if (result.ok) result = changeList(result.value, draft, path, { items, add });
  }
  return result.ok ? result : failed(result.reason);
}

function targetOf(item: Node): string | undefined {
  if (item.kind === "map") return (scalar(get(item, "target")) ?? scalar(get(item, "source")))?.text;
  if (item.kind !== "scalar") return undefined;
  const [host, target] = item.text.split(":");
  return target || host;
}

function newDevice(device: Device, draft: ServiceDraft): Tree {
  return leaf(spellText(escapeDollars(writeDevice(device)), tokenStyle(draft)));
}

/** Whether every device of a request goes. */
function isGone(node: Node | undefined, slots: readonly Slot<Device>[], draft: ServiceDraft): boolean {
  if (!node) return false;
  const place = originOf(node);
  const asked = draft.before.devices.filter((fact) => isSamePlace(place, fact.origins[0])).length;
  const gone = slots.filter(({ before }) => isSamePlace(place, before?.origins[0])).length;
  return asked === gone;
}
