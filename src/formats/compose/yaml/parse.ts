import { type Document, Lexer, parseAllDocuments } from "yaml";
import type { Issue } from "../check/report.ts";
import type { Folder } from "../load/file-path.ts";
import type { Lookup } from "../load/template.ts";
import { type Node, type SourceText, sourceText } from "./node.ts";
import { syntaxReason } from "./syntax-reason.ts";
import { treeReader } from "./tree.ts";

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

/** Open brackets, or dashes on one line. */
const deepest = 200;

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
