/** What an expression of PromQL takes: bulkhead's metrics, each with the labels that its selector names, and the labels that it groups by. */
export interface Used {
  readonly metrics: readonly { readonly name: string; readonly labels: readonly string[] }[];
  readonly grouped: readonly string[];
}

/** Reads an expression as far as that; not a whole parser of PromQL. */
export function usedIn(expression: string): Used {
  const bare = expression.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const metrics = [...bare.matchAll(/\b(bulkhead_\w+)\s*(?:\{([^}]*)\})?/g)].map(
    ([, name = "", matchers = ""]) => ({
      name,
      labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = ""]) => label),
    }),
  );
  const grouped = [
    ...bare.matchAll(/\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)/g),
  ].flatMap(([, list = ""]) =>
    list
      .split(",")
      .map((label) => label.trim())
      .filter(Boolean),
  );
  return { metrics, grouped };
}

/** The metrics of a scrape, each with its labels; a family without a sample has none. */
export function scraped(text: string): ReadonlyMap<string, ReadonlySet<string>> {
  const metrics = new Map<string, Set<string>>();
  for (const line of text.split("\n")) {
    const [, name = "", labels = ""] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === "" || line.startsWith("#")) continue;
    const known = metrics.get(name) ?? new Set();
    for (const [, label = ""] of labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)) known.add(label);
    metrics.set(name, known);
  }
  return metrics;
}
