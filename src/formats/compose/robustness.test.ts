import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { composeProject } from "../../../test/support/formats/compose.ts";
import { isFileOrigin } from "../../model/origin.ts";

const folder = new URL("./fixtures/", import.meta.url);
const real = readdirSync(folder).flatMap((name) => {
  const inside = new URL(`${name}/`, folder);
  return readdirSync(inside)
    .filter((file) => /\.ya?ml$/.test(file))
    .map((file) => readFileSync(new URL(file, inside), "utf8"));
});

/** A real file with a piece cut out, doubled, or replaced by what upsets parsers. */
const mutated = fc
  .tuple(
    fc.constantFrom(...real),
    fc.nat(),
    fc.nat({ max: 40 }),
    fc.constantFrom(
      "",
      "\t",
      "\0",
      "*",
      "&a ",
      "<<: *a\n",
      "{",
      "]",
      "'",
      '"',
      "|",
      "!reset ",
      ": ",
      "\n- ",
      "$",
      "#",
      "? ",
    ),
    fc.boolean(),
  )
  .map(([text, position, length, insert, double]) => {
    const start = position % (text.length + 1);
    const cut = text.slice(start, start + length);
    return text.slice(0, start) + insert + (double ? cut + cut : "") + text.slice(start + length);
  });

describe("any text is read without an exception", () => {
  test("mutated files", () => {
    fc.assert(
      fc.property(mutated, (text) => {
        const { reading } = composeProject(text);
        return reading.subjects.every((subject) => subject.location !== undefined);
      }),
      { numRuns: 400 },
    );
  });

  test("random characters and bytes", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 300 }),
        (text) => composeProject(text).reading !== undefined,
      ),
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            "services",
            ":",
            "\n",
            "  ",
            "- ",
            "a",
            "image",
            "x",
            "&a ",
            "*a",
            "<<",
            "{",
            "}",
            "[",
            "]",
            "$",
            "'",
            "volumes",
          ),
          { maxLength: 60 },
        ),
        (pieces) => composeProject(pieces.join("")).reading !== undefined,
      ),
      { numRuns: 400 },
    );
  });
});

test("every place of every fact is inside its file, and not empty", () => {
  fc.assert(
    fc.property(mutated, (text) => {
      const lines = text.replace(/^\uFEFF/, "").split("\n");
      const { reading } = composeProject(text);
      const facts = reading.subjects.flatMap((subject) => Object.values(subject.views[0] ?? {}).flat());
      const origins = facts.flatMap((fact) =>
        typeof fact === "object" && fact !== null && "origins" in fact ? fact.origins : [],
      );
      return origins.filter(isFileOrigin).every(({ startLine, startColumn, endLine, endColumn }) => {
        const end = lines[endLine - 1];
        const ordered = startLine < endLine || (startLine === endLine && startColumn <= endColumn);
        return (
          startLine >= 1 && startColumn >= 1 && ordered && end !== undefined && endColumn <= end.length + 1
        );
      });
    }),
    { numRuns: 300 },
  );
});

describe("what is made to exhaust a reader", () => {
  const doubling = (levels: number) =>
    `a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n${Array.from({ length: levels }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(10)}]\n`).join("")}`;
  const wide = (count: number) =>
    `x-v: &v [${"'/a:/b',".repeat(count)}]\nservices:\n${Array.from({ length: count }, (_, i) => `  s${i}: { image: x, volumes: *v }\n`).join("")}`;
  const cases: readonly (readonly [string, () => string])[] = [
    [
      "aliases of aliases",
      () => `${doubling(40)}services: { a: { image: x, cap_add: *a40, environment: *a40 } }\n`,
    ],
    ["services that all have the same long list", () => wide(5000)],
    [
      "merge keys that copy a large mapping",
      () =>
        wide(5000)
          .replaceAll("'/a:/b'", "b")
          .replace("[", "{")
          .replace("]", "}")
          .replaceAll("volumes: *v", "environment: { <<: *v }"),
    ],
    ["brackets", () => "[".repeat(5_000_000)],
    ["brackets that close", () => `services: ${"[".repeat(20_000)}${"]".repeat(20_000)}`],
    ["dashes", () => "- ".repeat(1_000_000)],
    ["indentation", () => Array.from({ length: 2000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    ["a line of five megabytes", () => `services: { a: { image: ${"x".repeat(5_000_000)} } }`],
    ["a quote that never ends", () => `services: { a: { image: "${"x".repeat(5_000_000)} } }`],
    ["NUL bytes", () => "\0".repeat(5_000_000)],
    ["variables in variables", () => `services: { a: { image: "${"$".concat("{A:-").repeat(100_000)}" } }`],
    ["many variables", () => `services: { a: { image: "${"$A $".concat("{B} ").repeat(400_000)}" } }`],
    [
      "a chain of extends",
      () =>
        `services:\n  s0: { image: x }\n${Array.from({ length: 8000 }, (_, i) => `  s${i + 1}: { extends: s${i}, environment: [A${i}=1] }\n`).join("")}`,
    ],
    [
      "a hundred thousand mistakes",
      () =>
        `services:\n${Array.from({ length: 20_000 }, (_, i) => `  s${i}: { image: 5, user: [1] }\n`).join("")}`,
    ],
  ];

  test.each(cases)("%s", { timeout: 60_000 }, (_, make) => {
    const text = make();
    const start = process.cpuUsage();
    const { reading } = composeProject(text);
    const used = process.cpuUsage(start);
    expect(reading.gaps.length).toBeLessThanOrEqual(501);
    // About 4 s of an idle CPU; what grows faster than the text takes minutes.
    expect((used.user + used.system) / 1e6).toBeLessThan(20);
  });

  test("files that include one another over and over", () => {
    const texts = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [
        `f${i}.yaml`,
        `include: [f${i + 1}.yaml, f${i + 1}.yaml]\nservices: { s${i}: { image: x } }\n`,
      ]),
    );
    const { reading } = composeProject(texts);
    expect(reading.gaps.length).toBeGreaterThan(0);
    expect(reading.subjects.map((each) => each.name)).toContain("s0");
  });
});
