const keyed = /^(?!.*#)("?[\w.-]+"?): ([[{])\s*(.*?)\s*([\]}])$/;

/**
 * Lines of YAML or JSON in flow form, with those of one key joined, since a key may stand once:
 * `cap_add: [A]` and `cap_add: [B]` are `cap_add: [A, B]`. Lines of another form stay as they are.
 */
export function joinKeys(lines: readonly string[]): readonly string[] {
  if (lines.length < 2) return lines;
  const joined: string[] = [];
  const places = new Map<string, number>();
  for (const line of new Set(lines)) {
    const [, key, open = ""] = keyed.exec(line) ?? [];
    const name = `${key}${open}`;
    const place = key === undefined ? undefined : places.get(name);
    if (place === undefined) {
      if (key !== undefined) places.set(name, joined.length);
      joined.push(line);
    } else joined[place] = joinTwo(joined[place] ?? "", line);
  }
  return joined;
}

function joinTwo(a: string, b: string): string {
  const [, key = "", open = "", first = ""] = keyed.exec(a) ?? [];
  const second = keyed.exec(b)?.[3] ?? "";
  const inner = joinKeys([first, second]).join(", ");
  return open === "[" ? `${key}: [${inner}]` : `${key}: { ${inner} }`;
}
