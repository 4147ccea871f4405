import { type Document, isMap, isScalar } from "yaml";
import { failed, ok, type Result } from "../../../base/result.ts";
import { folder, folderOf } from "../load/file-path.ts";
import type { ComposeRequest } from "../load/project.ts";
import { at, get, type Node } from "../yaml/node.ts";
import { type OpenProject, parsedFile } from "./parsed-file.ts";
import type { Anchors } from "./yaml/anchors.ts";
import { type Layout, layoutOf } from "./yaml/layout.ts";
import type { YamlMap, YamlPair } from "./yaml/tree.ts";

/** Where to change a service. */
export interface Target {
  readonly file: string;
  /** 1 behind a byte order mark, which the layout's text leaves out. */
  readonly shift: number;
  readonly pair: YamlPair;
  /** Whether the services stand in braces. */
  readonly inFlow: boolean;
  /** What the service says there, with aliases and merge keys followed. */
  readonly own: Node | undefined;
  /** Whether another file, document or `extends` has a say too. */
  readonly isLayered: boolean;
  readonly layout: Layout;
  readonly anchors: Anchors;
}

/** The last place of the project that holds the service: what is written there has the last word. */
export function findTarget(service: string, request: ComposeRequest, project: OpenProject): Result<Target> {
  const base =
    request.projectDirectory === undefined
      ? folderOf(request.files[0] ?? "")
      : folder(request.projectDirectory);
  const found: Target[] = [];
  const included = get(get(project.model, "services"), service)?.place.source;
  const others = included && !request.files.includes(included.file) ? [included.file] : [];
  let places = 0;
  for (const file of [...others, ...request.files]) {
    const read = request.io.read(file);
    if (!read.ok) continue;
    const shift = read.value.startsWith("\uFEFF") ? 1 : 0;
    const parsed = parsedFile(project, file, read.value.slice(shift));
    const { documents, text } = parsed;
    if (!documents) return failed("the file is nested too deeply to be written");
    const pairs = documents.map((document) => servicePair(document, service));
    if (pairs.every((pair) => !pair)) continue;
    if (documents.some((document) => document.errors.length > 0)) return failed("the file is not valid YAML");
    places += pairs.filter(Boolean).length;
    const index = pairs.findLastIndex(Boolean);
    const [pair, document] = [pairs[index], documents[index]];
    if (!pair || !document) continue;
    const isAlone = request.files.length + others.length === 1 && parsed.isWhole();
    const fileBase = included?.file === file ? included.base : base;
    const own = isAlone
      ? at(project.model, "services", service)
      : ownNode(documents, index, parsed.trees(fileBase), service);
    found.push({
      file,
      shift,
      pair: pair.pair,
      inFlow: pair.inFlow,
      own,
      isLayered: get(own, "extends") !== undefined,
      layout: layoutOf(text, parsed.style(document), pair.pair.value),
      anchors: parsed.anchors(),
    });
  }
  const last = found.at(-1);
  if (!last) return failed("no file that was read holds the service itself");
  return ok({ ...last, isLayered: last.isLayered || places > 1 });
}

/** One document's own definition of the service. An empty document has no tree. */
function ownNode(
  documents: readonly Document.Parsed[],
  index: number,
  trees: readonly Node[],
  service: string,
): Node | undefined {
  const before = documents.slice(0, index).filter((each) => each.contents).length;
  return at(trees[before], "services", service);
}

function servicePair(
  document: Document.Parsed,
  service: string,
): { readonly pair: YamlPair; readonly inFlow: boolean } | undefined {
  const root = document.contents;
  if (!isMap(root)) return undefined;
  const services = (root as YamlMap).items.find(
    ({ key }) => isScalar(key) && key.value === "services",
  )?.value;
  if (!isMap(services)) return undefined;
  const pair = (services as YamlMap).items.findLast(({ key }) => isScalar(key) && key.value === service);
  return pair && { pair, inFlow: services.flow === true };
}
