import { isEqual } from "../../../../base/equal.ts";
import type { Result } from "../../../../base/result.ts";
import type { PublishedPort } from "../../../../model/container-values.ts";
import { writePort } from "../../../values/spell.ts";
import { readPorts } from "../../read/ports.ts";
import { get, listOf, type Node } from "../../yaml/node.ts";
import {
  listItems,
  placesOf,
  plainLeaf,
  type ServiceDraft,
  textOf,
  tokenStyle,
  valueLeaf,
} from "../yaml/draft.ts";
import { spellText, splitAtColons } from "../yaml/token.ts";
import { child, leaf, type MapTree, map, type Tree, withChild, withoutChild } from "../yaml/tree.ts";
import { changeList, grouped, type ItemChange, type Refuse, type Slot } from "./slots.ts";

/** Changes the published ports, each in its own syntax; what is new is written as its siblings are. */
export function writePorts(
  tree: MapTree,
  slots: readonly Slot<PublishedPort>[],
  draft: ServiceDraft,
  refuse: Refuse<PublishedPort>,
): Result<MapTree> {
  const ports = listItems(get(draft.merged, "ports"));
  const indexOf = placesOf(ports);
  const same = grouped(ports, portOf);
  const items = new Map<number, ItemChange>();
  const add: Tree[] = [];
  for (const slot of slots) {
    const { before, after } = slot;
    if (!before) {
      if (after) add.push(newPort(after, ports.at(-1)?.kind === "map", draft));
      continue;
    }
    const index = indexOf(before.origins[0]);
    if (index < 0) {
      refuse(slot, "where the port is written is not known");
      continue;
    }
    // A port that is written twice counts once.
    for (const place of same.get(JSON.stringify(before.value)) ?? []) items.set(place, () => undefined);
    items.set(index, (item) => after && changePort(item, before.value, after, draft));
  }
  return changeList(tree, draft, ["ports"], { items, add });
}

function portOf(item: Node): string | undefined {
  const [fact] = readPorts(listOf([item], item.place), () => undefined);
  return fact?.state === "set" ? JSON.stringify(fact.value) : undefined;
}

function newPort(port: PublishedPort, isLong: boolean, draft: ServiceDraft): Tree {
  if (!isLong) return leaf(spellText(writePort(port), { ...tokenStyle(draft), quoted: true }));
  const none = { hostIp: undefined, hostPort: undefined, containerPort: "", protocol: "tcp" };
  return changeLong(
    map({ target: leaf(port.containerPort) }),
    { ...none, ...port, hostIp: undefined, hostPort: undefined },
    port,
    draft,
  );
}

function changePort(item: Tree, before: PublishedPort, after: PublishedPort, draft: ServiceDraft): Tree {
  if (item.kind === "map") return changeLong(item, before, after, draft);
  const written = textOf(item) ?? "";
  const text = changeShort(written, before, after) ?? writePort(after);
  // A bare number becomes an address, which everybody puts in quotes.
  return valueLeaf(text, item, draft, { quoted: /^\d+$/.test(written) });
}

/** Only the address changed: all else stays as written, variables too. */
function changeShort(written: string, before: PublishedPort, after: PublishedPort): string | undefined {
  if (!isEqual({ ...before, hostIp: after.hostIp }, after) || after.hostIp === undefined) return undefined;
  const ip = after.hostIp.includes(":") ? `[${after.hostIp}]` : after.hostIp;
  const bracketed = /^\[[^\]]*\]:(.*)$/.exec(written);
  if (bracketed) return `${ip}:${bracketed[1]}`;
  const parts = splitAtColons(written);
  const isDigits = parts.every((part) => part !== "" && !part.includes("::"));
  if (!isDigits) return undefined;
  if (parts.length === 1) return before.hostPort === undefined ? `${ip}::${written}` : undefined;
  if (parts.length === 2) return before.hostIp === undefined ? `${ip}:${written}` : undefined;
  return parts.length === 3 ? [ip, parts[1], parts[2]].join(":") : undefined;
}

function changeLong(
  tree: MapTree,
  before: PublishedPort,
  after: PublishedPort,
  draft: ServiceDraft,
): MapTree {
  const keys = [
    ["target", before.containerPort, after.containerPort, false],
    ["published", before.hostPort, after.hostPort, true],
    ["host_ip", before.hostIp, after.hostIp, true],
    ["protocol", before.protocol, after.protocol, true],
  ] as const;
  return keys.reduce((next, [key, was, is, isText]) => {
    if (was === is) return next;
    if (is === undefined) return withoutChild(next, key);
    const current = child(next, key);
    return withChild(next, key, isText ? valueLeaf(is, current, draft) : plainLeaf(is, current, draft));
  }, tree);
}
