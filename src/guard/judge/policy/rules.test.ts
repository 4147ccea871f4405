import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { guardRules } from "./rules.ts";
import { hardenOnlyByName, hardenWhereKnown } from "./treatment.ts";

const page = readFileSync(new URL("../../../../docs/guard-decisions.md", import.meta.url), "utf8");

test("the page on decisions has every rule as it is, and no other", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `guard-"));
  const expected = guardRules.map(
    ({ id, default: word, title, why }) => `| \`${id}\` | ${word} | ${title}. ${why} |`,
  );
  expect(rows).toEqual(expected);
});

test("and names the controls that harden nobody by themselves", () => {
  for (const id of [...Object.keys(hardenOnlyByName), ...hardenWhereKnown])
    expect(page).toContain(`\`${id}\``);
});
