import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { at, finding, fixtureNames, readFixture, reportOf, testContext } from "../../test/support/report.ts";
import { type FormatName, formatNames } from "./format-names.ts";
import { loadReporter } from "./formats.ts";

const planted = /hunter2|planted-(?:in|heur|url|gap)/;

describe.each(formatNames)("secrets in %s", (format: FormatName) => {
  test.each(fixtureNames)("of the report %s never appear", async (name) => {
    for (const more of [{}, { verbose: true, width: 200 }, { quiet: true }]) {
      const { report, context } = readFixture(name, more);
      expect((await loadReporter(format))(report, context)).not.toMatch(planted);
    }
  });

  test("in a masked range never appear, whatever is around them", async () => {
    const print = await loadReporter(format);
    const around = fc.string({
      unit: fc.constantFrom("a", "-", ":", '"', "'", "\t", " ", "日", "="),
      maxLength: 60,
    });
    fc.assert(
      fc.property(
        around,
        around,
        fc.nat(80),
        fc.nat(80),
        fc.integer({ min: 40, max: 160 }),
        (before, after, a, b, width) => {
          const secret = "Zq9Zq9Zq9";
          const origin = at("compose.yaml", 1, 1 + Math.min(a, b), 1 + Math.max(a, b));
          const report = reportOf(
            [{ id: "compose.yaml#web", name: "web" }],
            [finding({ control: "docker-socket-mount", subject: "compose.yaml#web", locations: [origin] })],
            { gaps: [{ file: "compose.yaml", subject: undefined, reason: "broken", location: origin }] },
          );
          const context = testContext({
            sourceLine: () => before + secret + after,
            secrets: [at("compose.yaml", 1, before.length + 1, before.length + 1 + secret.length)],
            width,
            verbose: true,
          });
          expect(print(report, context)).not.toContain("Zq9");
        },
      ),
      { numRuns: 60 },
    );
  });

  test("that slipped into a message, a reason or a snippet are masked", async () => {
    const report = reportOf(
      [{ id: "a#b", name: "b" }],
      [
        finding({
          control: "privileged",
          subject: "a#b",
          message: "talks to postgres://app:hunter2@db with --password=hunter2",
          fix: {
            kind: "safe",
            summary: "Use TOKEN=hunter2.",
            snippet: "environment:\n  DB_PASSWORD: hunter2",
            breaks: "redis://:hunter2@x",
          },
          suppressed: { kind: "comment", reason: "SECRET=hunter2", until: null },
        }),
      ],
      {
        gaps: [
          { file: "x", subject: undefined, reason: "bad line DB_PASSWORD: hunter2", location: undefined },
        ],
      },
    );
    expect((await loadReporter(format))(report, testContext({ verbose: true }))).not.toMatch(planted);
  });
});
