import { type Document, isMap, isScalar, parseAllDocuments } from "yaml";
import { failed, ok, type Result } from "../../../model/result.ts";
import { folder, folderOf } from "../file-path.ts";
import { at, get, type Node } from "../node.ts";
import { parseCompose } from "../parse.ts";
import type { ComposeRequest, Project } from "../project.ts";
import { type Anchors, anchorsOf } from "./anchors.ts";
import { type Layout, layoutOf } from "./layout.ts";
import type { YamlMap, YamlPair } from "./tree.ts";

/** Where a service is to be changed. */
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
export function findTarget(service: string, request: ComposeRequest, project: Project): Result<Target> {
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
    const text = read.value.slice(shift);
    const parsed = parsedFor(project, file, text);
    const documents = parsed.documents;
    if (!documents) return failed("it is nested too deeply to be written");
    const pairs = documents.map((document) => servicePair(document, service));
    if (pairs.every((pair) => !pair)) continue;
    if (documents.some((document) => document.errors.length > 0)) return failed("the file is not valid YAML");
    places += pairs.filter(Boolean).length;
    const index = pairs.findLastIndex(Boolean);
    const [pair, document] = [pairs[index], documents[index]];
    if (!pair || !document) continue;
    const fileBase = included?.file === file ? included.base : base;
    const trees = parsed.trees(fileBase);
    const full = documents.flatMap((each, place) => (each.contents ? [place] : []));
    const own = at(trees[full.indexOf(index)], "services", service);
    found.push({
      file,
      shift,
      pair: pair.pair,
      inFlow: pair.inFlow,
      own,
      isLayered: get(own, "extends") !== undefined,
      layout: layoutOf(text, document, pair.pair.value),
      anchors: parsed.anchors(),
    });
  }
  const last = found.at(-1);
  if (!last) return failed("no file that was read holds the service itself");
  return ok({ ...last, isLayered: last.isLayered || places > 1 });
}

/** A file's text, taken apart once for all of a project's services. */
interface ParsedFile {
  readonly documents: readonly Document.Parsed[] | undefined;
  readonly trees: (base: Parameters<typeof parseCompose>[2]) => ReturnType<typeof parseCompose>["documents"];
  readonly anchors: () => Anchors;
}

const parsedFiles = new WeakMap<Project, Map<string, ParsedFile>>();

function parsedFor(project: Project, file: string, text: string): ParsedFile {
  const files = parsedFiles.get(project) ?? new Map<string, ParsedFile>();
  parsedFiles.set(project, files);
  const known = files.get(file);
  if (known) return known;
  const documents = parse(text);
  const trees = once(
    (base: Parameters<typeof parseCompose>[2]) => parseCompose(file, text, base, project.lookup).documents,
  );
  const parsed = { documents, trees, anchors: once(() => anchorsOf(documents ?? [])) };
  files.set(file, parsed);
  return parsed;
}

/** The first answer, kept: a project has one folder that its file is read from. */
function once<A extends readonly unknown[], R>(make: (...given: A) => R): (...given: A) => R {
  let made: { readonly value: R } | undefined;
  return (...given) => {
    made ??= { value: make(...given) };
    return made.value;
  };
}

function parse(text: string): readonly Document.Parsed[] | undefined {
  try {
    const parsed = parseAllDocuments(text, {
      schema: "failsafe",
      uniqueKeys: false,
      logLevel: "silent",
      prettyErrors: false,
    });
    return Array.isArray(parsed) ? parsed : [];
  } catch (error) {
    // The parser recurses: a text of nothing but brackets ends its stack.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
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
