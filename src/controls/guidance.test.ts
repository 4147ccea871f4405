import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { guidanceOf } from "./guidance.ts";
import { allControls } from "./registry.ts";
import { techniques, weaknesses } from "./taxonomies.ts";

test.each(allControls.map((control) => [control.id, control] as const))(
  "%s says what breaks, when it may stay, which technique it is about and which weakness it is",
  (id, { attack, cwe }) => {
    const guidance = guidanceOf(id);
    expect(guidance?.letItBe).toMatch(/^[A-Z].{4,}[.]$/s);
    expect(guidance?.symptom).toMatch(/[.]$/);
    expect(guidance?.cause).toMatch(/[^.]$/);
    expect(guidance?.action).toMatch(/^[A-Za-z].*[.]$/);
    expect(attack.length).toBeGreaterThan(0);
    expect(cwe.length).toBeGreaterThan(0);
    expect(new Set(attack).size).toBe(attack.length);
  },
);

test("no guidance, technique or weakness is left over", () => {
  expect(Object.keys(techniques).toSorted()).toEqual(
    [...new Set(allControls.flatMap(({ attack }) => attack))].toSorted(),
  );
  const numbers = [...new Set(allControls.flatMap(({ cwe }) => cwe.map(String)))];
  expect(Object.keys(weaknesses).toSorted()).toEqual(numbers.toSorted());
  const ids = new Set(allControls.map(({ id }) => id));
  for (const area of readdirSync("src/controls", { withFileTypes: true }).filter((each) =>
    each.isDirectory(),
  )) {
    if (area.name === "own") continue;
    const text = readFileSync(`src/controls/${area.name}/guidance.ts`, "utf8");
    for (const [, id = ""] of text.matchAll(/^ {2}"?([a-z-]+)"?: \{$/gm)) expect(ids.has(id), id).toBe(true);
  }
});

test("what is said to be tested on an Engine is expected by a test on one", () => {
  const tests = ["engine", "clients", "e2e"]
    .flatMap((folder) =>
      readdirSync(`test/${folder}`, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => readFileSync(`test/${folder}/${name}`, "utf8")),
    )
    .join("\n");
  for (const { id } of allControls) {
    if (guidanceOf(id)?.onEngine) expect(tests.includes(`"${id}"`), id).toBe(true);
  }
});
