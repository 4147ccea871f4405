import type { Issue } from "../check/report.ts";
import { asMapping } from "../read/key-values.ts";
import { get, isNull, listOf, type MapEntry, type MapNode, mapOf, type Node } from "../yaml/node.ts";

/** What merging may cost and where it tells what does not go together. */
export interface Merging {
  readonly report: (issue: Issue) => void;
  /** Takes as many entries from what may still be copied; false where that is used up. */
  readonly spend: (entries: number) => boolean;
  /**
   * For a service over what it extends: its `!reset` and `!override` hold for what earlier files say as well, so that they
   * are kept.
   */
  readonly keepTags?: true;
}

/** Keys of a service whose later value replaces the earlier one whole. */
const replaced = new Set(["command", "entrypoint"]);

/** Keys of a service where a list of `NAME=value` and a mapping are the same thing. */
const byName = new Set(["environment", "labels", "annotations", "sysctls", "extra_hosts"]);

/** Keys of a service where a list of names is a mapping of nothing. */
const named = new Set(["networks", "depends_on", "models"]);

/** Keys of a service where one text is a list of one. */
const sequences = new Set(["tmpfs", "dns", "dns_opt", "dns_search", "env_file", "label_file"]);

/**
 * A later Compose tree over an earlier one (compose-go: override/merge.go): mappings by key, lists one behind the other,
 * single values replaced. Behind lists, the last of what Compose holds for the same (a volume's target, a port)
 * stands; that is told where they are read. Undefined where `!reset` takes the value away.
 */
export function mergeNodes(
  base: Node | undefined,
  over: Node,
  path: readonly string[],
  merging: Merging,
): Node | undefined {
  if (over.tag === "reset") return merging.keepTags && over;
  if (over.tag === "override" || !base || base.tag === "reset") {
    return merging.keepTags ? over : { ...over, tag: undefined };
  }
  const key = path[0] === "services" ? path[2] : undefined;
  if (path.length === 3 && key !== undefined) {
    if (replaced.has(key)) return over;
    if (isNull(over)) return base;
    if (byName.has(key)) return mergeByName(base, over, path, merging);
    if (named.has(key)) return mergeMaps(asMapping(base) ?? base, asMapping(over) ?? over, path, merging);
    if (sequences.has(key)) return mergeAlike(asList(base), asList(over), path, merging);
    if (key === "build") return mergeMaps(asBuild(base), asBuild(over), path, merging);
    if (key === "logging" && isOtherDriver(base, over)) return over;
  }
  if (isNull(over)) return base;
  if (path.length === 4 && key === "healthcheck" && path[3] === "test") return over;
  if (path.length === 4 && key === "ulimits") return over;
  if (path.length === 4 && key === "build" && path[3] !== undefined && buildByName.has(path[3])) {
    return mergeByName(base, over, path, merging);
  }
  if (path.length === 4 && key === "deploy" && path[3] === "labels")
    return mergeByName(base, over, path, merging);
  return mergeAlike(base, over, path, merging);
}

const buildByName = new Set(["args", "labels", "additional_contexts", "extra_hosts"]);

function mergeAlike(base: Node, over: Node, path: readonly string[], merging: Merging): Node {
  if (base.kind === "map" && over.kind === "map") return mergeMaps(base, over, path, merging);
  if (base.kind === "list" && over.kind === "list") {
    if (!merging.spend(base.items.length)) return over;
    return listOf([...base.items, ...over.items], over.place);
  }
  if (base.kind !== over.kind && base.kind !== "scalar") {
    merging.report({ reason: "this does not go together with what an earlier file says", place: over.place });
  }
  return over;
}

function mergeMaps(base: Node, over: Node, path: readonly string[], merging: Merging): Node {
  if (base.kind !== "map" || over.kind !== "map") return mergeAlike(base, over, path, merging);
  if (!merging.spend(base.entries.size + over.entries.size)) return over;
  const entries = new Map<string, MapEntry>(base.entries);
  for (const [name, entry] of over.entries) {
    const before = entries.get(name);
    const value = mergeNodes(before?.value, entry.value, [...path, name], merging);
    if (value === undefined) entries.delete(name);
    // A service stands where it is first defined.
    else if (before && path.length === 1) entries.set(name, { ...before, value });
    else entries.set(name, { ...entry, value });
  }
  return mapOf(entries, over.place);
}

/** The last of a name stands as it is, also where it is only the name. */
function mergeByName(base: Node, over: Node, path: readonly string[], merging: Merging): Node {
  const [before, after] = [asMapping(base), asMapping(over)];
  if (!before || !after) return mergeAlike(base, over, path, merging);
  if (!merging.spend(before.entries.size + after.entries.size)) return over;
  const entries = new Map(before.entries);
  for (const [name, entry] of after.entries) {
    if (entry.value.tag !== "reset" || (merging.keepTags && !before.listed)) entries.set(name, entry);
    else if (!before.listed) entries.delete(name);
  }
  return { ...mapOf(entries, over.place), listed: true };
}

function asList(node: Node): Node {
  return node.kind === "scalar" ? listOf([node], node.place) : node;
}

function asBuild(node: Node): Node {
  if (node.kind !== "scalar") return node;
  return mapOf(new Map([["context", { key: node.place, whole: node.place, value: node }]]), node.place);
}

function isOtherDriver(base: Node, over: Node): boolean {
  const [before, after] = [get(base, "driver"), get(over, "driver")];
  return before?.kind === "scalar" && after?.kind === "scalar" && before.text !== after.text;
}

/** A whole later file over an earlier one. */
export function overlay(base: MapNode, over: MapNode, merging: Merging): MapNode {
  const merged = mergeNodes(base, over, [], merging);
  return merged?.kind === "map" ? merged : base;
}

/** A service as another one extends it, whose own `!reset` and `!override` are no matter of the other. */
export function untagged(service: Node): Node {
  if (service.kind !== "map") return service;
  const entries = [...service.entries]
    .filter(([, entry]) => entry.value.tag !== "reset")
    .map(([name, entry]) => [name, { ...entry, value: { ...entry.value, tag: undefined } }] as const);
  return mapOf(new Map(entries), service.place);
}

/** A mapping with one key changed, or taken out. */
export function withEntry(map: MapNode, name: string, value: Node | undefined): MapNode {
  const entries = new Map(map.entries);
  const before = entries.get(name);
  if (value === undefined) entries.delete(name);
  else entries.set(name, { key: value.place, whole: value.place, ...before, value });
  return { ...mapOf(entries, map.place), tag: map.tag };
}
