import { spanOf, templateWord } from "../run-command/hosts/templates.ts";
import type { Yaml } from "../run-command/hosts/yaml-text.ts";
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
    if (pieces) return { kind: "text", word: templateWord(isNull(yaml, current) ? [] : pieces, templates) };
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
