import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Station {
  readonly name: string;
  readonly file: string;
}

const controls = readFileSync("src/controls/registry.ts", "utf8");
const page = readFileSync("docs/architecture.md", "utf8");

function walkUnder(heading: string): readonly Station[] {
  const section = page.split(/^##+ /m).find((each) => each.startsWith(heading)) ?? "";
  return [...section.matchAll(/^\| `(\w+)` \| ((?:src|web)\/\S+) \|/gm)].map(([, name = "", file = ""]) => ({
    name,
    file,
  }));
}

test.each([
  ["A `volumes:` entry", 11, 47],
  ["A create request", 11, 24],
  ["On the host", 8, 12],
  ["On the server", 8, 14],
  ["On the page", 4, 6],
])("%s: every station exists, and a station before it names it", (heading, least, most) => {
  const walk = walkUnder(heading);
  expect(walk.length).toBeGreaterThanOrEqual(least);
  expect(walk.length).toBeLessThanOrEqual(most);
  let before = "";
  for (const { name, file } of walk) {
    const text = readFileSync(file, "utf8");
    expect(text, `${name} is not in ${file}`).toMatch(new RegExp(`(?:function|const) ${name}\\b`));
    if (before !== "") expect(before + controls, `no station before it names ${name}`).toContain(name);
    before += text;
  }
});
