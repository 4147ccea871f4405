import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type Scalar,
  visit,
} from "yaml";
import type { Gap } from "../../../model/gap.ts";
import { gap } from "../../../model/gap.ts";
import { append, type Piece, type Range } from "../passage.ts";
import type { Surroundings } from "../read/line-facts.ts";

/** A YAML document of a CI system, with its aliases and merge keys followed. */
export interface Yaml {
  readonly root: Node | undefined;
  /** Where it is no valid YAML; what could be made out is there all the same. */
  readonly error: Range | undefined;
  /** The entries of a map, its own first, then what it merges in. */
  entries(node: unknown): readonly Entry[];
  items(node: unknown): readonly Node[];
  /** The value under a path of keys. */
  at(node: unknown, ...keys: readonly string[]): Node | undefined;
  /** The text of a scalar with the place of each part, whatever its style. */
  pieces(node: unknown): readonly Piece[] | undefined;
  text(node: unknown): string | undefined;
}

export interface Entry {
  readonly key: string;
  readonly keyPieces: readonly Piece[];
  readonly value: Node | undefined;
}

/** Undefined, and a gap, where the text cannot be walked at all. */
export function openYaml(
  text: string,
  around: Surroundings,
): { readonly yaml?: Yaml; readonly gaps: readonly Gap[] } {
  const document = parse(text);
  if (!document) return { gaps: [gap("it is nested too deeply to be read", { file: around.file })] };
  const yaml = walkable(document, text);
  const gaps = yaml.error ? [gap("it is not valid YAML", { location: around.locate(yaml.error) })] : [];
  return { yaml, gaps };
}

function walkable(document: Document.Parsed, text: string): Yaml {
  const anchors = anchorsIn(document);
  const follow = (node: unknown): Node | undefined => {
    let current = node;
    for (let hops = 0; isAlias(current) && hops < 50; hops += 1) {
      const { source, range } = current;
      const before = range?.[0] ?? 0;
      current = anchors.get(source)?.findLast((each) => (each.range?.[0] ?? 0) < before);
    }
    return isScalar(current) || isCollection(current) ? current : undefined;
  };
  const pieces = (node: unknown) => scalarPieces(follow(node), text);
  const collect = (node: unknown, seen: Set<unknown>): readonly Entry[] => {
    const map = follow(node);
    if (!isMap(map) || seen.has(map)) return [];
    seen.add(map);
    const own: Entry[] = [];
    const merged: Entry[] = [];
    for (const pair of map.items) {
      if (!isPair(pair) || !isScalar(pair.key)) continue;
      const key = String(pair.key.value);
      const value = follow(pair.value);
      if (key !== "<<") own.push({ key, keyPieces: pieces(pair.key) ?? [], value });
      else for (const each of isSeq(value) ? value.items : [value]) append(merged, collect(each, seen));
    }
    return [...own, ...merged];
  };
  const entries = (node: unknown) => collect(node, new Set());
  return {
    root: follow(document.contents),
    error: errorIn(document),
    entries,
    items(node) {
      const list = follow(node);
      if (!isSeq(list)) return [];
      return list.items.map(follow).filter((item) => item !== undefined);
    },
    at(node, ...keys) {
      let current = follow(node);
      for (const key of keys) current = entries(current).find((entry) => entry.key === key)?.value;
      return current;
    },
    pieces,
    text(node) {
      const scalar = follow(node);
      return isScalar(scalar) && typeof scalar.value === "string" ? scalar.value : undefined;
    },
  };
}

/** The parser recurses, and takes far more memory than text where brackets or dashes nest. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x5b || code === 0x7b) depth += 1;
    else if ((code === 0x5d || code === 0x7d) && depth > 0) depth -= 1;
    if (depth > 1000) return true;
  }
  return /(?:[-?][ \t]+){200}/.test(text);
}

function parse(text: string): Document.Parsed | undefined {
  if (isTooDeep(text)) return undefined;
  try {
    return parseDocument(text, {
      schema: "failsafe",
      uniqueKeys: false,
      logLevel: "silent",
      prettyErrors: false,
    });
  } catch {
    // The parser recurses: a text of nothing but brackets ends its stack.
    return undefined;
  }
}

function errorIn(document: Document.Parsed): Range | undefined {
  const [error] = document.errors;
  if (!error) return undefined;
  const [start, end] = error.pos;
  return { start, end };
}

/** Every anchored node by its name, in the text's order. */
function anchorsIn(document: Document.Parsed): ReadonlyMap<string, readonly Node[]> {
  const anchors = new Map<string, Node[]>();
  visit(document, {
    Node(_key, node) {
      if (isAlias(node) || !node.anchor) return;
      const named = anchors.get(node.anchor);
      if (named) named.push(node);
      else anchors.set(node.anchor, [node]);
    },
  });
  return anchors;
}

function scalarPieces(node: Node | undefined, text: string): readonly Piece[] | undefined {
  if (!isScalar(node) || typeof node.value !== "string" || !node.range) return undefined;
  const [start, end] = node.range;
  return align(node.value, text, { start: bodyStart(node, text, start), end }, node.type);
}

/** Behind the opening quote, or the header of a block scalar. */
function bodyStart(node: Scalar, text: string, start: number): number {
  if (node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE") return start + 1;
  if (node.type !== "BLOCK_LITERAL" && node.type !== "BLOCK_FOLDED") return start;
  const feed = text.indexOf("\n", start);
  return feed < 0 ? text.length : feed + 1;
}

/**
 * Finds each character of a scalar's value in its source: indentation is skipped, folded line ends and escapes become
 * pieces that are not exact.
 */
function align(value: string, text: string, { start, end }: Range, style: Scalar["type"]): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let place = start;
  let index = 0;
  let at = start;
  const flush = () => {
    if (index > from) {
      pieces.push({
        text: value.slice(from, index),
        at: { start: place, end: at },
        written: undefined,
        exact: true,
      });
    }
  };
  const put = (count: number, width: number) => {
    flush();
    pieces.push({
      text: value.slice(index, index + count),
      at: { start: at, end: at + width },
      written: undefined,
      exact: false,
    });
    index += count;
    at += width;
    from = index;
    place = at;
  };
  const skip = (width: number) => {
    flush();
    at += width;
    from = index;
    place = at;
  };
  while (index < value.length && at < end) {
    const source = text[at] ?? "";
    if (style === "QUOTE_DOUBLE" && source === "\\") {
      const width = escapeWidth(text, at);
      if (/[\r\n]/.test(text[at + 1] ?? "")) skip(width);
      else
        put(
          value.codePointAt(index) === undefined || (value.codePointAt(index) ?? 0) < 0x10000 ? 1 : 2,
          width,
        );
      continue;
    }
    if (style === "QUOTE_SINGLE" && source === "'") {
      // Two of them are one.
      put(1, 2);
      continue;
    }
    if (source === value[index]) {
      index += 1;
      at += 1;
    } else if (source === "\n" && value[index] === " ") put(1, 1);
    else skip(1);
  }
  flush();
  if (index < value.length) {
    pieces.push({ text: value.slice(index), at: { start: end, end }, written: undefined, exact: false });
  }
  return pieces;
}

function escapeWidth(text: string, at: number): number {
  const letter = text[at + 1] ?? "";
  if (letter === "x") return 4;
  if (letter === "u") return 6;
  if (letter === "U") return 10;
  return letter === "\r" && text[at + 2] === "\n" ? 3 : 2;
}
