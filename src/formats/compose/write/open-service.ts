import { type Document, isMap, isScalar } from "yaml";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { Container } from "../../../model/container.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import type { Edit } from "../../../model/writing.ts";
import { collectGaps } from "../check/report.ts";
import { folder, folderOf } from "../load/file-path.ts";
import { type ComposeRequest, loadProject, type Project } from "../load/project.ts";
import { isSwarmStack } from "../read/swarm.ts";
import { at, get, type Node } from "../yaml/node.ts";
import { type Refusal, writeFields } from "./fields/fields.ts";
import { asNew } from "./fields/slots.ts";
import { type OpenProject, parsedFile } from "./parsed-file.ts";
import { withEdits } from "./project-view.ts";
import { serviceMap } from "./update.ts";
import { type Anchors, type Range, sharedRanges } from "./yaml/anchors.ts";
import type { ServiceDraft } from "./yaml/draft.ts";
import { valueEdits } from "./yaml/edits.ts";
import { type Layout, layoutOf } from "./yaml/layout.ts";
import { type Piece, settle } from "./yaml/pieces.ts";
import {
  child,
  type Entry,
  isAliasLeaf,
  keyOf,
  leaf,
  type MapTree,
  treeOf,
  type YamlMap,
  type YamlPair,
} from "./yaml/tree.ts";

/** A service that can be written. */
export interface OpenService {
  readonly service: string;
  /** How long the text is that it stands in. */
  readonly length: number;
  /** Whether it takes things over from elsewhere, so that others should be written before it. */
  readonly isDerived: boolean;
  readonly write: (patches: readonly ContainerPatch[]) => {
    readonly edits: readonly Edit[];
    readonly refused: readonly Refusal[];
  };
}

export function loadQuietly(request: ComposeRequest): Project {
  return loadProject(request.files[0] ?? "", request, collectGaps());
}

export function openService(
  service: string,
  before: Container,
  request: ComposeRequest,
  project: OpenProject,
): Result<OpenService> {
  const { model } = project;
  const merged = at(model, "services", service);
  if (!model || !merged) return failed("the files have no such service");
  const found = findTarget(service, request, project);
  if (!found.ok) return found;
  const target = found.value;
  const { layout, own, anchors, inFlow, isLayered, pair } = target;
  const tree = treeOf(pair.value, layout.text);
  const start = serviceMap(tree);
  if (!start) return failed("the service is not a mapping");
  const draft: ServiceDraft = {
    before,
    merged,
    own,
    get swarm() {
      return isSwarmStack(request.files[0] ?? "", model);
    },
    inFlow: inFlow || (start.yaml?.flow ?? false),
    anchors,
    layout,
    remaining(changed, path) {
      if (!isLayered) return undefined;
      const then = loadQuietly(withEdits(request, serviceEdits(changed, target)));
      return at(then.model, "services", service, ...path);
    },
  };
  return ok({
    service,
    length: layout.text.length,
    isDerived: isLayered || isAliasLeaf(tree) || child(start, "<<") !== undefined,
    write(patches) {
      const written = writeFields(start, patches, draft);
      const edits = written.tree === start ? [] : serviceEdits(written.tree, target);
      return { edits, refused: written.refused };
    },
  });
}

/** The edits of the file that make a service what the tree says. They stay inside the service. */
function serviceEdits(tree: MapTree, target: Target): readonly Edit[] {
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

/** Where to change a service. */
interface Target {
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
function findTarget(service: string, request: ComposeRequest, project: OpenProject): Result<Target> {
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
