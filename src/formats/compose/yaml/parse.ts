import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type Pair,
  type ParsedNode,
  parseAllDocuments,
  type Scalar,
} from "yaml";
import type { Issue } from "../check/report.ts";
import type { Folder } from "../load/file-path.ts";
import { type Lookup, substitute } from "../load/template.ts";
import {
  listOf,
  type MapEntry,
  mapOf,
  type Node,
  type ScalarNode,
  type SourceText,
  scalarOf,
  sourceText,
  type TextRange,
} from "./node.ts";
import { type PlainScalar, resolvePlain } from "./scalar.ts";
import { syntaxReason } from "./syntax-reason.ts";

/** Open brackets, dashes on one line, levels of the tree: deeper than any Compose file, and far from the end of the stack. */
const deepest = 200;

/** How many entries merge keys may copy in a document before it counts as an attack; go-yaml has a like limit. */
const mergeBudget = 200_000;

type YamlPair = Pair<ParsedNode, ParsedNode | null>;

/**
 * Turns YAML documents into trees of ours; what is wrong with them is added to `issues`. Like go-yaml, and against the
 * YAML specification, an anchor is known in later documents of its file.
 */
function treeReader(source: SourceText, lookup: Lookup, issues: Issue[]) {
  const anchors = new Map<string, Node>();
  let nodes = 0;
  let merged = 0;

  const report = (reason: string, place: TextRange) => issues.push({ reason, place });
  const refuse = (reason: string, place: TextRange) =>
    report(`docker compose refuses this: ${reason}`, place);
  const between = (start: number, end: number): TextRange => ({ source, start, end });
  const placeOf = (yaml: ParsedNode) => between(yaml.range[0], endOf(yaml, source.text));

  function read(yaml: ParsedNode, depth = 0): Node {
    nodes += 1;
    const place = placeOf(yaml);
    if (depth > deepest) {
      report("it is nested too deeply to be read", place);
      return scalarOf(null, place);
    }
    if (isAlias(yaml)) {
      const target = anchors.get(yaml.source);
      if (target) return target;
      report("an alias has no anchor before it, or is inside its own anchor", place);
      return scalarOf(null, place);
    }
    const plain = isMap(yaml)
      ? readMap(yaml.items, place, depth)
      : isSeq(yaml)
        ? listOf(
            yaml.items.map((item) => read(item, depth + 1)),
            place,
          )
        : readScalar(yaml, place);
    const tag = composeTag(yaml.tag);
    const node: Node = tag ? { ...plain, tag } : plain;
    if (yaml.anchor) anchors.set(yaml.anchor, node);
    return node;
  }

  function readMap(pairs: readonly YamlPair[], place: TextRange, depth: number): Node {
    const entries = new Map<string, MapEntry>();
    const merges: Node[] = [];
    for (const pair of pairs) {
      const key = isAlias(pair.key) ? anchors.get(pair.key.source) : undefined;
      const name = isScalar(pair.key) ? pair.key.value : key?.kind === "scalar" ? key.text : undefined;
      const keyPlace = placeOf(pair.key);
      const value = pair.value
        ? read(pair.value, depth + 1)
        : scalarOf(null, between(keyPlace.end, keyPlace.end));
      if (isMergeKey(pair.key)) {
        for (const map of mergedMaps(value)) merges.push(map);
        continue;
      }
      if (typeof name !== "string") {
        refuse("a key is not a text", keyPlace);
        continue;
      }
      const end = pair.value ? placeOf(pair.value).end : keyPlace.end;
      const before = entries.get(name);
      if (before) refuse("a key stands twice in one mapping", keyPlace);
      else if (isOtherThanText(pair.key)) refuse("a key is not a text", keyPlace);
      entries.set(name, { key: keyPlace, whole: between(keyPlace.start, end), value });
    }
    for (const base of merges) copyMerged(base, entries);
    return mapOf(entries, place);
  }

  function mergedMaps(value: Node): readonly Node[] {
    const maps = value.kind === "list" ? value.items : [value];
    const wrong = maps.find((map) => map.kind !== "map");
    if (wrong) refuse("a merge key (<<) takes a mapping or a list of mappings", wrong.place);
    return maps;
  }

  function copyMerged(base: Node, entries: Map<string, MapEntry>): void {
    if (base.kind !== "map") return;
    merged += base.entries.size;
    if (merged > mergeBudget) {
      if (merged - base.entries.size <= mergeBudget)
        report("its merge keys copy too much to be read", base.place);
      return;
    }
    for (const [name, entry] of base.entries) {
      const own = entries.get(name);
      if (!own) entries.set(name, entry);
      // What is reset beside a merge key is what earlier files say, not what is merged.
      else if (own.value.tag === "reset") {
        entries.set(name, { ...entry, value: { ...entry.value, tag: "override" } });
      }
    }
  }

  function readScalar(yaml: Scalar.Parsed, place: TextRange): ScalarNode {
    const text = String(yaml.value ?? "");
    const plain = yaml.type === "PLAIN" ? resolveTagged(text, yaml.tag) : { value: text, text };
    if (!text.includes("$")) return scalarOf(plain.value, place, plain.text);
    const found = substitute(text, lookup);
    if (found.invalid) refuse(badVariable, place);
    return {
      ...scalarOf(found.text, place),
      authored: found.authored,
      missing: found.missing,
    };
  }

  return { read, size: () => nodes };
}

const badVariable =
  "a dollar sign begins no variable that docker compose knows (a plain dollar is written $$)";

function resolveTagged(text: string, tag: string | undefined): PlainScalar {
  return tag === "tag:yaml.org,2002:str" || tag === "!" ? { value: text, text } : resolvePlain(text);
}

function composeTag(tag: string | undefined): Node["tag"] {
  if (tag === "!reset") return "reset";
  return tag === "!override" ? "override" : undefined;
}

function isMergeKey(key: ParsedNode): boolean {
  return isScalar(key) && key.type === "PLAIN" && key.value === "<<";
}

function isOtherThanText(key: ParsedNode): boolean {
  return isScalar(key) && key.type === "PLAIN" && typeof resolvePlain(String(key.value)).value !== "string";
}

/** Where a value ends in the text, without the blank lines and comments that a block's own range takes in. */
function endOf(yaml: ParsedNode, text: string): number {
  let node = yaml;
  while ((isMap(node) || isSeq(node)) && !node.flow) {
    const last: ParsedNode | YamlPair | undefined = node.items.at(-1);
    if (!last) break;
    const next: ParsedNode = "key" in last ? (last.value ?? last.key) : last;
    node = next;
  }
  let end = node.range[1];
  if (isScalar(node) && node.type?.startsWith("BLOCK_")) {
    while (end > node.range[0] && /\s/.test(text[end - 1] ?? "")) end -= 1;
  }
  return end;
}

export interface ParsedFile {
  readonly source: SourceText;
  /** One tree a YAML document, in order; docker compose merges them like several files. */
  readonly documents: readonly Node[];
  readonly issues: readonly Issue[];
  /** How many nodes stand in the text. */
  readonly size: number;
  /** It is not valid YAML, so that what was made of it says little about what else is wrong. */
  readonly broken: boolean;
  /** What the YAML parser made of the text; undefined where it is nested too deeply, or too much. */
  readonly yaml: readonly Document.Parsed[] | undefined;
}

/**
 * Reads a YAML text as docker compose does: aliases and merge keys resolved (each anchor once, so that the
 * tree is shared and never multiplied), variables substituted, scalars typed as go-yaml types them. A text that
 * is not YAML gives one issue, and what the parser could make of the rest.
 */
export function parseCompose(file: string, text: string, base: Folder, lookup: Lookup): ParsedFile {
  const source = sourceText(file, text.replace(/^\uFEFF/, ""), base);
  const syntax: Issue[] = [];
  const issues: Issue[] = [];
  const documents: Node[] = [];
  const reader = treeReader(source, lookup, issues);
  const yaml = parseYaml(source, syntax);
  for (const document of yaml ?? []) {
    const error = document.errors[0];
    if (error) {
      const [start, end] = error.pos;
      syntax.push({ reason: syntaxReason(error), place: { source, start, end } });
    }
    if (document.contents) documents.push(reader.read(document.contents));
  }
  const broken = syntax.length > 0;
  return {
    source,
    documents,
    issues: broken ? syntax.slice(0, 1) : issues,
    size: reader.size(),
    broken,
    yaml,
  };
}

/** The text with a line feed wherever go-yaml, which reads YAML 1.1, ends a line (and so a comment), at the same offsets. */
export function withLineFeeds(text: string): string {
  return text.replace(/\r(?!\n)|[\u0085\u2028\u2029]/g, "\n");
}

function parseYaml(source: SourceText, issues: Issue[]): readonly Document.Parsed[] | undefined {
  const whole = { source, start: 0, end: 0 };
  const excess = excessOf(source.text);
  if (excess !== undefined) {
    issues.push({ reason: excess, place: whole });
    return undefined;
  }
  try {
    const parsed = parseAllDocuments(withLineFeeds(source.text), {
      schema: "failsafe",
      // Found in the tree instead: the parser compares every key with every other.
      uniqueKeys: false,
      logLevel: "silent",
      prettyErrors: false,
    });
    return Array.isArray(parsed) ? parsed : [];
  } catch (error) {
    // The parser recurses: a text of nothing but brackets ends its stack.
    if (!(error instanceof RangeError)) throw error;
    issues.push({ reason: "it is nested too deeply to be read", place: whole });
    return undefined;
  }
}

/** Texts below this cannot cost much, whatever they hold. */
const harmless = 100_000;

/** docker compose itself stops at 100,000 values (compose-go: loader/reset.go), each of some five tokens. */
const mostTokens = 600_000;

const scalarFollows = "\x1f";

/**
 * Why a text is not worth parsing: a parser needs some hundred bytes for each bracket, so that a few megabytes of them
 * would take all memory. Undefined for any text that may be a Compose file.
 */
function excessOf(text: string): string | undefined {
  if (text.length < harmless) return undefined;
  let tokens = 0;
  let brackets = 0;
  let dashes = 0;
  let before = "";
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (before !== scalarFollows) {
      if (token === "[" || token === "{") brackets += 1;
      else if (token === "]" || token === "}") brackets -= 1;
      else if (token === "-" || token === "?") dashes += 1;
      else if (token.includes("\n")) dashes = 0;
    }
    if (brackets > deepest || dashes > deepest) return "it is nested too deeply to be read";
    if (tokens > mostTokens)
      return "it is too large to be read: docker compose itself stops at 100,000 values";
    before = token;
  }
  return undefined;
}
