import { ok, type Result } from "../../../../base/result.ts";
import type { SetFact } from "../../../../model/fact.ts";
import type { Mount } from "../../../../model/mount.ts";
import { scalar } from "../../read/facts.ts";
import { nameOf } from "../../read/key-values.ts";
import { cleanTarget, parseShortVolume } from "../../read/volume-short.ts";
import { get, type Node, originOf } from "../../yaml/node.ts";
import {
  isSamePlace,
  listItems,
  placesOf,
  type ServiceDraft,
  textOf,
  tokenStyle,
  unsetValue,
  update,
  valueLeaf,
} from "../yaml/draft.ts";
import { spellText } from "../yaml/token.ts";
import { copyOf, leaf, type MapTree, type Tree } from "../yaml/tree.ts";
import { changeList, grouped, type ItemChange, type Refuse, type Slot } from "./slots.ts";
import {
  changeLongMount,
  changeShortVolume,
  changeTmpfs,
  spellLongMount,
  spellShortVolume,
  spellTmpfs,
} from "./volume-text.ts";

interface Lists {
  readonly items: Map<number, ItemChange>;
  readonly add: Tree[];
}

const keys = ["volumes", "tmpfs", "secrets", "configs"] as const;
type Key = (typeof keys)[number];

/** Changes what a service mounts, whatever key it stands under. */
export function writeMounts(
  tree: MapTree,
  slots: readonly Slot<Mount>[],
  draft: ServiceDraft,
  refuse: Refuse<Mount>,
): Result<MapTree> {
  const empty = (): Lists => ({ items: new Map(), add: [] });
  const lists: Readonly<Record<Key, Lists>> = {
    volumes: empty(),
    tmpfs: empty(),
    secrets: empty(),
    configs: empty(),
  };
  const around = aroundOf(draft);
  let withoutSocket = false;
  for (const slot of slots) {
    const { before, after } = slot;
    if (!before) {
      if (after && !addMount(after, lists, draft)) refuse(slot, "Compose has no syntax for this mount");
      continue;
    }
    const place = around.placeOf(before);
    if (!place) {
      if (after === undefined && isApiSocket(before, draft)) withoutSocket = true;
      else refuse(slot, "where the mount is written is not known");
    } else if (place.key === "volumes") changeVolume(lists.volumes, place.index, before.value, after, around);
    else if (place.key === "tmpfs") {
      if (after && (after.type !== "tmpfs" || after.source !== undefined)) refuse(slot, "a tmpfs stays one");
      else changeTmpfsItem(lists.tmpfs, place.index, before.value, after, around);
    } else if (after) refuse(slot, `what ${place.key} mounts is read-only and stays where it is`);
    else lists[place.key].items.set(place.index, () => undefined);
  }
  let result: Result<MapTree> = withoutSocket ? dropApiSocket(tree, draft) : ok(tree);
  for (const key of keys) if (result.ok) result = changeList(result.value, draft, [key], lists[key]);
  return result;
}

/** The lists of the service, with where in them what stands. */
interface ServiceLists {
  readonly draft: ServiceDraft;
  readonly placeOf: (fact: SetFact<Mount>) => { readonly key: Key; readonly index: number } | undefined;
  readonly volumes: readonly Node[];
  /** How many of the volumes come from elsewhere. */
  readonly others: number;
  /** The places of the volumes and of the tmpfs by where they are mounted. */
  readonly volumesAt: ReadonlyMap<string, readonly number[]>;
  readonly tmpfsAt: ReadonlyMap<string, readonly number[]>;
}

function aroundOf(draft: ServiceDraft): ServiceLists {
  const { merged, own } = draft;
  const finders = keys.map((key) => ({ key, indexOf: placesOf(listItems(get(merged, key))) }));
  const volumes = listItems(get(merged, "volumes"));
  return {
    draft,
    placeOf({ origins }) {
      for (const { key, indexOf } of finders) {
        const index = indexOf(origins[0]);
        if (index >= 0) return { key, index };
      }
      return undefined;
    },
    volumes,
    others: volumes.length - listItems(get(own, "volumes")).length,
    volumesAt: grouped(volumes, targetOf),
    tmpfsAt: grouped(listItems(get(merged, "tmpfs")), tmpfsTarget),
  };
}

function isApiSocket({ origins }: SetFact<Mount>, { merged }: ServiceDraft): boolean {
  const node = get(merged, "use_api_socket");
  return node !== undefined && isSamePlace(originOf(node), origins[0]);
}

/** Where somebody else says it, the service says no. */
function dropApiSocket(tree: MapTree, draft: ServiceDraft): Result<MapTree> {
  if (!get(draft.own, "use_api_socket")) return update(tree, draft, ["use_api_socket"], () => leaf("false"));
  return unsetValue(tree, draft, ["use_api_socket"]);
}

function addMount(mount: Mount, lists: Readonly<Record<Key, Lists>>, draft: ServiceDraft): boolean {
  if (mount.type === "tmpfs" && mount.source === undefined) {
    lists.tmpfs.add.push(leaf(spellText(spellTmpfs(mount), tokenStyle(draft))));
    return true;
  }
  const isLong = listItems(get(draft.merged, "volumes")).at(-1)?.kind === "map";
  const added = spellMount(mount, isLong, draft);
  if (added) lists.volumes.add.push(added);
  return added !== undefined;
}

function spellMount(mount: Mount, isLong: boolean, draft: ServiceDraft): Tree | undefined {
  const short = isLong ? undefined : spellShortVolume(mount);
  return short === undefined ? spellLongMount(mount, draft) : leaf(spellText(short, tokenStyle(draft)));
}

/**
 * The last volume for a target is the one that counts: so one that comes from elsewhere gets another for its target
 * behind it, and one that goes takes with it those that it hides.
 */
function changeVolume(
  lists: Lists,
  index: number,
  before: Mount,
  after: Mount | undefined,
  { draft, volumes, others, volumesAt }: ServiceLists,
): void {
  if (!after) {
    for (const place of [index, ...(volumesAt.get(before.target) ?? [])]) {
      lists.items.set(place, () => undefined);
    }
    return;
  }
  const change: ItemChange = (item) => {
    if (item.kind === "map") return changeLongMount(item, before, after, draft) ?? item;
    const written = textOf(item);
    if (written === undefined) return spellMount(after, false, draft);
    const short = changeShortVolume(written, before, after);
    return short === undefined ? (spellLongMount(after, draft) ?? item) : valueLeaf(short, item, draft);
  };
  const inherited = volumes[index];
  if (index >= others || before.target !== after.target || !inherited) lists.items.set(index, change);
  else {
    const copy = change(copyOf(inherited));
    if (copy) lists.add.push(copy);
  }
}

function targetOf(item: Node): string | undefined {
  if (item.kind === "map") return cleanTarget(scalar(get(item, "target"))?.text ?? "");
  const short = item.kind === "scalar" ? parseShortVolume(item.text, { baseDir: "/", home: "/" }) : undefined;
  return short?.ok ? short.value.target : undefined;
}

function tmpfsTarget(item: Node): string | undefined {
  return item.kind === "scalar" ? nameOf(item.text) : undefined;
}

function changeTmpfsItem(
  lists: Lists,
  index: number,
  before: Mount,
  after: Mount | undefined,
  { draft, tmpfsAt }: ServiceLists,
): void {
  for (const place of tmpfsAt.get(before.target) ?? []) lists.items.set(place, () => undefined);
  lists.items.set(index, (item) => {
    const written = textOf(item);
    if (!after || written === undefined) return undefined;
    return valueLeaf(changeTmpfs(written, before, after), item, draft);
  });
}
