import type { Yaml } from "../run-command/hosts/yaml-text.ts";
import type { Piece } from "../run-command/passage.ts";
import { passage, rangeAt, slice } from "../run-command/passage.ts";
import { type Hole, hole, type Word, wordOf } from "../run-command/word.ts";
import type { Member, Tree } from "./tree.ts";

/** How many values are looked at: aliases can multiply a text without end. */
const mostValues = 100_000;

/** A YAML node as a tree; what `templates` finds in a text is left open. */
export function treeOfYaml(yaml: Yaml, node: unknown, templates: RegExp): Tree {
  let left = mostValues;
  return treeAt(node, 0);

  function treeAt(current: unknown, depth: number): Tree {
    left -= 1;
    if (left < 0 || depth > 20) return { kind: "list", items: [] };
    const pieces = yaml.pieces(current);
    if (pieces) return { kind: "text", word: wordOfPieces(isNull(yaml, current) ? [] : pieces, templates) };
    const entries = yaml.entries(current);
    if (entries.length === 0) {
      return { kind: "list", items: yaml.items(current).map((item) => treeAt(item, depth + 1)) };
    }
    const members = entries.map(
      ({ key, keyPieces, value }): Member => ({
        key,
        at: spanOf(keyPieces),
        value: treeAt(value, depth + 1),
      }),
    );
    // A key of its own wins over one that is merged in, which stands behind it.
    const own = members.filter(
      (member, index) => members.findIndex(({ key }) => key === member.key) === index,
    );
    return { kind: "map", members: own, at: own[0]?.at ?? { start: 0, end: 0 } };
  }
}

function isNull(yaml: Yaml, node: unknown): boolean {
  return /^(?:|~|null)$/i.test(yaml.text(node) ?? "");
}

export function wordOfPieces(pieces: readonly Piece[], templates: RegExp): Word {
  const source = passage(pieces);
  const filled: Piece[] = [];
  const holes: Hole[] = [];
  let from = 0;
  for (const match of source.text.matchAll(templates)) {
    const end = match.index + match[0].length;
    filled.push(...slice(source, from, match.index));
    filled.push({ text: hole, at: rangeAt(source, match.index, end), written: undefined, exact: false });
    holes.push({ source: match[0], reason: `${match[0].slice(0, 80)} is not known here` });
    from = end;
  }
  filled.push(...slice(source, from, source.text.length));
  return wordOf(filled, spanOf(pieces), holes);
}

function spanOf(pieces: readonly Piece[]) {
  const starts = pieces.map(({ at }) => at.start);
  const ends = pieces.map(({ at }) => at.end);
  return pieces.length === 0 ? { start: 0, end: 0 } : { start: Math.min(...starts), end: Math.max(...ends) };
}
