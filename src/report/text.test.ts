import { describe, expect, test } from "vitest";
import {
  at,
  finding,
  fixtureNames,
  manyReport,
  readFixture,
  reportOf,
  testContext,
} from "../../test/support/report.ts";
import { displayWidth } from "../base/width.ts";
import { text } from "./text.ts";

const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
const subjects = [
  { id: "a", name: "light" },
  { id: "b", name: "heavy" },
];

describe.each([60, 80, 140])("at %d columns", (width) => {
  test.each(fixtureNames)("%s fits", (name) => {
    const { report, context } = readFixture(name, { width, verbose: true });
    // A snippet is to be copied, so it is never broken.
    const snippets = report.findings.flatMap(({ fix }) => fix?.snippet?.split("\n") ?? []);
    for (const line of text(report, context).split("\n")) {
      if (!snippets.some((snippet) => line.includes(snippet))) {
        expect(displayWidth(line)).toBeLessThanOrEqual(width);
      }
    }
  });
});

test.each(fixtureNames)("colour changes no character of %s", (name) => {
  const { report, context } = readFixture(name);
  const coloured = text(report, { ...context, colour: true });
  const plain = text(report, context);
  expect(coloured.replaceAll(escapes, "")).toBe(plain);
  expect(plain).not.toMatch(escapes);
});

test.each(fixtureNames)("ASCII alone, where the terminal has no more: %s", (name) => {
  const { report, context } = readFixture(name, { unicode: false });
  expect(text(report, context)).toMatch(/^\p{ASCII}*$/u);
});

test("the worst subject and the worst finding come first", () => {
  const report = reportOf(subjects, [
    finding({ control: "memory-limit", subject: "a" }),
    finding({ control: "host-network", subject: "b" }),
    finding({ control: "docker-socket-mount", subject: "b" }),
  ]);
  const printed = text(report, testContext());
  const order = ["heavy", "docker-socket-mount", "host-network", "light", "memory-limit", "Summary"];
  expect(order.map((word) => printed.indexOf(word))).toEqual(
    order.map((word) => printed.indexOf(word)).toSorted((a, b) => a - b),
  );
  expect(printed).toMatch(/Next: bulkhead explain docker-socket-mount\n$/);
});

test("several places each have their line and marker", () => {
  const lines = ["", "cap_add: [ALL]", "x", "privileged: true"];
  const report = reportOf(subjects, [
    finding({ control: "privileged", subject: "a", locations: [at("f", 2, 11, 14), at("f", 4, 13, 17)] }),
  ]);
  const printed = text(report, testContext({ sourceLine: (_, line) => lines[line - 1] }));
  expect(printed).toContain(
    [
      "          2 │ cap_add: [ALL]",
      "            │           ^^^",
      "          4 │ privileged: true",
      "            │             ^^^^",
    ].join("\n"),
  );
});

test("why is said once for a control", () => {
  const report = reportOf(subjects, [
    finding({ control: "privileged", subject: "a" }),
    finding({ control: "privileged", subject: "b" }),
  ]);
  expect(text(report, testContext()).match(/ why {2}A privileged container/g)).toHaveLength(1);
});

test("what is low is one line, and at full length with --verbose", () => {
  const low = finding({ control: "io-limit", subject: "a", message: "has no limit: and a consequence" });
  const report = reportOf(subjects, [low]);
  expect(text(report, testContext())).not.toContain("consequence");
  expect(text(report, testContext({ verbose: true }))).toContain("consequence");
});

test("of many subjects the worst are shown at length, and every one with something high is named", () => {
  const report = manyReport(300, 11);
  const printed = text(report, testContext());
  for (const { id } of report.subjects) expect(printed).toContain(id.slice(id.lastIndexOf("service-")));
  expect(printed.split("\n").length).toBeLessThan(600);
  expect(text(report, testContext({ verbose: true })).split("\n").length).toBeGreaterThan(9000);
});

test("of many subjects with nothing high some are named, and the others counted", () => {
  const many = Array.from({ length: 40 }, (_, index) => ({ id: `f#s${index}`, name: `s${index}` }));
  const report = reportOf(
    many,
    many.map(({ id }) => finding({ control: "memory-limit", subject: id })),
  );
  expect(text(report, testContext())).toMatch(/32 more subjects[\s\S]*f#s8, [\s\S]* and 24 more\n/u);
});

test("the exit status is explained, and unchanged findings do not count", () => {
  const old = finding({ control: "privileged", subject: "a", baseline: "unchanged" });
  expect(text(reportOf(subjects, [{ ...old, baseline: null }]), testContext())).toContain("Exit status 1");
  expect(text(reportOf(subjects, [old], { fixed: [] }), testContext())).not.toContain("Exit status");
  expect(text(reportOf(subjects, [old], { failOn: "none" }), testContext())).not.toContain("Exit status");
});

test("quiet says nothing where all is well", () => {
  expect(text(reportOf(subjects, []), testContext({ quiet: true }))).toBe("");
});
