import { missingReason, scalar } from "../read/facts.ts";
import { get, type MapEntry, type MapNode, mapOf, type Node } from "../yaml/node.ts";
import { fileIn, folderOf } from "./file-path.ts";
import { isRemote, type Loading, readDocuments, type Setting } from "./loading.ts";
import { mergeNodes, overlay, untagged, withEntry } from "./merge.ts";

/** The services of one file, with those whose `extends` is done. */
interface Services {
  readonly file: string;
  readonly setting: Setting;
  readonly services: Node | undefined;
  readonly done: Map<string, Node>;
}

interface Step {
  readonly from: Services;
  readonly name: string;
  readonly node: MapNode;
}

/**
 * A file's tree with every service completed by what it extends, in the same file or in another (compose-go:
 * loader/extends.go). Relative paths that come from another file stand on that file's folder.
 */
export function applyExtends(model: MapNode, file: string, setting: Setting, loading: Loading): MapNode {
  const services = get(model, "services");
  if (services?.kind !== "map") return model;
  const files = new Map<string, Services>();
  const own: Services = { file, setting, services, done: new Map() };
  const entries = new Map<string, MapEntry>();
  for (const [name, entry] of services.entries) {
    const value = get(entry.value, "extends")
      ? (extended(own, name, files, loading) ?? entry.value)
      : entry.value;
    entries.set(name, { ...entry, value });
  }
  return withEntry(model, "services", { ...mapOf(entries, services.place), tag: services.tag });
}

/** Follows the chain of `extends` to its end, then lays each service over the one before. */
function extended(
  own: Services,
  service: string,
  files: Map<string, Services>,
  loading: Loading,
): Node | undefined {
  const steps: Step[] = [];
  const visited = new Set<string>();
  let at: { readonly from: Services; readonly name: string } | undefined = { from: own, name: service };
  let result: Node | undefined;
  while (at && !result) {
    const { from, name }: { readonly from: Services; readonly name: string } = at;
    const node = from.done.get(name) ?? get(from.services, name);
    const reference = from.done.has(name) ? undefined : get(node, "extends");
    if (node?.kind !== "map" || !reference) {
      result = node;
      break;
    }
    steps.push({ from, name, node });
    visited.add(`${from.file}\n${name}`);
    at = targetOf(reference, from, files, loading);
    if (at && visited.has(`${at.from.file}\n${at.name}`)) {
      loading.report({ reason: "services extend one another in a circle", place: reference.place });
      break;
    }
  }
  for (const { from, name, node } of steps.reverse()) {
    const alone: Node = withEntry(node, "extends", undefined);
    if (!result) result = alone;
    else
      result =
        mergeNodes(untagged(result), alone, ["services", name], { ...loading, keepTags: true }) ?? alone;
    from.done.set(name, result);
  }
  return result;
}

function targetOf(
  reference: Node,
  from: Services,
  files: Map<string, Services>,
  loading: Loading,
): { readonly from: Services; readonly name: string } | undefined {
  const name = scalar(reference.kind === "map" ? get(reference, "service") : reference);
  const file = scalar(get(reference, "file"));
  const fail = (reason: string, { place } = file ?? name ?? reference) => {
    loading.report({ reason, place });
    return undefined;
  };
  const missing = (name && missingReason(name)) ?? (file && missingReason(file));
  if (missing !== undefined) return fail(`what it extends is not known: ${missing}`);
  if (!name?.text) return fail("docker compose refuses this: extends without a service");
  if (file && isRemote(file.text)) return fail("it extends a service of a remote file, which is not fetched");
  const target = file ? servicesOf(file.text, from, files, loading, fail) : from;
  if (!target?.services) return undefined;
  if (!get(target.services, name.text))
    return fail(`it extends a service that ${target.file} does not have`, name);
  return { from: target, name: name.text };
}

function servicesOf(
  path: string,
  from: Services,
  files: Map<string, Services>,
  loading: Loading,
  fail: (reason: string) => undefined,
): Services | undefined {
  const file = fileIn(from.setting.base, path, loading.io.home);
  const known = files.get(file);
  if (known) return known;
  const setting: Setting = { ...from.setting, base: folderOf(file) };
  let model: MapNode | undefined;
  const documents = readDocuments(file, setting, loading, (_, reason) =>
    fail(`the file ${file} that it extends cannot be read: ${reason}`),
  );
  for (const document of documents) model = model ? overlay(model, document, loading) : document;
  const read: Services = { file, setting, services: get(model, "services"), done: new Map() };
  files.set(file, read);
  if (documents.length > 0 && !read.services) fail(`the file ${file} that it extends has no services`);
  return read;
}
