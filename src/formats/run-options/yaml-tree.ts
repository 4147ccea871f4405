import { type Node, type ParseError, type ParseOptions, parseTree } from "jsonc-parser";
import { isMap, isNode } from "yaml";
import { type Gap, gap } from "../../model/gap.ts";
import { spanOf, templateWord } from "../run-command/hosts/templates.ts";
import type { Yaml } from "../run-command/hosts/yaml-text.ts";
import type { Surroundings } from "../run-command/read/line-facts.ts";
import { type Member, openWord, type Tree } from "./tree.ts";

/** How many values of a document are read: aliases can multiply a text without end. */
const mostValues = 100_000;

/**
 * Reads nodes of a YAML document as trees. Open is what `templates` finds in a text, a map without a plain key (a template
 * without quotes), and what is nested too deeply or too much.
 */
export function treeReader(yaml: Yaml, templates: RegExp): (node: unknown) => Tree {
  let left = mostValues;
  return (node) => treeAt(node, 0);

  function treeAt(current: unknown, depth: number): Tree {
    left -= 1;
    if (left < 0 || depth > 20) return openTree(current, "it is nested too deeply, or too much, to be read");
    const pieces = yaml.pieces(current);
    if (pieces) return { kind: "text", word: templateWord(isNull(yaml, current) ? [] : pieces, templates) };
    const entries = yaml.entries(current);
    if (entries.length === 0) {
      if (isMap(current) && current.items.length > 0) return openTree(current, "its keys cannot be read");
      return { kind: "list", items: yaml.items(current).map((item) => treeAt(item, depth + 1)) };
    }
    const members = entries.map(
      ({ key, keyPieces, value }): Member => ({
        key,
        at: spanOf(keyPieces),
        value: treeAt(value, depth + 1),
      }),
    );
    // The map's own key wins over a merged one, which comes later.
    const own = members.filter(
      (member, index) => members.findIndex(({ key }) => key === member.key) === index,
    );
    return { kind: "map", members: own, at: own[0]?.at ?? { start: 0, end: 0 } };
  }
}

function openTree(node: unknown, reason: string): Tree {
  const [start, end] = (isNode(node) && node.range) || [0, 0];
  return { kind: "text", word: openWord({ start, end }, "…", reason) };
}

function isNull(yaml: Yaml, node: unknown): boolean {
  return /^(?:|~|null)$/i.test(yaml.text(node) ?? "");
}

/** The tree of a JSON text, as far as it could be read, and where it breaks off. */
export function readJson(
  text: string,
  { file, locate }: Surroundings,
  options?: ParseOptions,
): { readonly root: Node | undefined; readonly gaps: readonly Gap[] } {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, options);
  } catch {
    // The parser recurses: a text of nothing but brackets ends its stack.
    return { root: undefined, gaps: [gap("it is nested too deeply to be read", { file })] };
  }
  const [error] = errors;
  if (!error) return { root, gaps: [] };
  const location = locate({ start: error.offset, end: error.offset + error.length });
  return { root, gaps: [gap("it is not valid JSON", { location })] };
}
