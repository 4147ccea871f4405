import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { controls } from "../../../controls/registry.ts";
import { guardRules } from "./rules.ts";
import { hardenWhereKnown, judgedControls } from "./treatment.ts";

const page = readFileSync(new URL("../../../../docs/guard-decisions.md", import.meta.url), "utf8");

test("the page on decisions has every rule as it is, and no other", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `guard-"));
  const expected = guardRules.map(
    ({ id, default: word, title, why }) => `| \`${id}\` | ${word} | ${title}. ${why} |`,
  );
  expect(rows).toEqual(expected);
});

test("and names the controls that harden only by name, or only where an image's needs are known", () => {
  const byName = judgedControls.filter(
    ({ guard, remedy }) => guard === "byName" && remedy.container !== undefined,
  );
  for (const id of [...byName.map(({ id }) => id), ...hardenWhereKnown]) expect(page).toContain(`\`${id}\``);
});

test.each(controls.map((control) => [control.id, control] as const))(
  "%s: the guard's default is one that it can keep",
  (_, { guard, where, check, remedy }) => {
    const isSeen = where.includes("A") && (check.container !== undefined || check.exec !== undefined);
    if (guard !== "off") expect(isSeen).toBe(true);
    if (guard === "harden") expect(remedy.container).toBeDefined();
  },
);
