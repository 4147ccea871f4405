import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
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
import { controls, findControl } from "../controls/registry.ts";
import { sarif } from "./sarif.ts";

interface Result {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly kind: string;
  readonly level: string;
  readonly baselineState?: string;
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly suppressions?: readonly { readonly kind: string; readonly justification: string }[];
  readonly locations: readonly {
    readonly physicalLocation?: {
      readonly artifactLocation: { readonly uri: string; readonly uriBaseId?: string };
      readonly region: Readonly<Record<string, number>>;
    };
    readonly logicalLocations?: readonly { readonly fullyQualifiedName: string; readonly name: string }[];
  }[];
  readonly relatedLocations?: readonly unknown[];
}

interface Rule {
  readonly id: string;
  readonly helpUri: string;
  readonly properties: { readonly tags: readonly string[] };
}

interface Run {
  readonly tool: { readonly driver: { readonly rules: readonly Rule[] } };
  readonly invocations: readonly {
    readonly executionSuccessful: boolean;
    readonly exitCode: number;
    readonly toolExecutionNotifications: readonly { readonly message: { readonly text: string } }[];
  }[];
  readonly results: readonly Result[];
}

const {
  $schema: _draft,
  id: _id,
  ...schema
} = JSON.parse(readFileSync(new URL("fixtures/sarif-2.1.0.schema.json", import.meta.url), "utf8"));
// A pattern in it for languages is no Unicode regular expression.
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv);
const validate = ajv.compile(schema);

function runOf(...[report, context]: Parameters<typeof sarif>): Run {
  return JSON.parse(sarif(report, context)).runs[0];
}

describe("is valid against the SARIF 2.1.0 schema", () => {
  test.each(fixtureNames)("%s", (name) => {
    const { report, context } = readFixture(name);
    validate(JSON.parse(sarif(report, context)));
    expect(validate.errors ?? []).toEqual([]);
  });

  test("many subjects", () => {
    validate(JSON.parse(sarif(manyReport(30, 11), testContext())));
    expect(validate.errors ?? []).toEqual([]);
  });

  test("and the schema would tell", () => {
    expect(validate({ version: "2.1.0", runs: [{ results: [] }] })).toBe(false);
  });
});

const subjects = [{ id: "a b/compose.yaml#web", name: "web" }];
const of = (more: Partial<Parameters<typeof finding>[0]>) =>
  runOf(
    reportOf(subjects, [
      finding({ control: "docker-socket-mount", subject: "a b/compose.yaml#web", ...more }),
    ]),
    testContext({ verbose: true }),
  ).results[0];

test("only a failure has a level; what could not be told is open, and no failure", () => {
  expect(of({})).toMatchObject({ kind: "fail", level: "error" });
  expect(of({ severity: "medium" })).toMatchObject({ kind: "fail", level: "warning" });
  expect(of({ severity: "low" })).toMatchObject({ kind: "fail", level: "note" });
  expect(of({ verdict: "unknown" })).toMatchObject({ kind: "open", level: "none" });
  expect(of({ verdict: "notApplicable" })).toMatchObject({ kind: "notApplicable", level: "none" });
});

test("only failures, unless all is asked for", () => {
  const report = reportOf(subjects, [
    finding({ control: "docker-socket-mount", subject: "a b/compose.yaml#web" }),
    finding({ control: "io-limit", subject: "a b/compose.yaml#web", verdict: "unknown" }),
  ]);
  expect(runOf(report, testContext()).results.map(({ kind }) => kind)).toEqual(["fail"]);
  expect(runOf(report, testContext()).tool.driver.rules.map(({ id }) => id)).toEqual(["docker-socket-mount"]);
  expect(runOf(report, testContext({ verbose: true })).results.map(({ kind }) => kind)).toEqual([
    "fail",
    "open",
  ]);
});

test("every rule is listed, with its techniques and weaknesses, in taxonomies that the run has", () => {
  const { report } = readFixture("mixed-levels");
  const log = JSON.parse(sarif(report, testContext({ controls: findControl, allControls: controls })));
  validate(log);
  expect(validate.errors ?? []).toEqual([]);
  const { tool, taxonomies, results } = log.runs[0];
  expect(tool.driver.rules.map(({ id }: Rule) => id)).toEqual(
    expect.arrayContaining(controls.map(({ id }) => id)),
  );
  // The project has no address yet, and a made-up one misleads.
  expect(tool.driver).not.toHaveProperty("informationUri");
  for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
  for (const { id, relationships } of tool.driver.rules) {
    expect(relationships.length, id).toBeGreaterThan(1);
    for (const { target } of relationships) {
      const taxonomy = taxonomies[target.toolComponent.index];
      expect(taxonomy.name).toBe(target.toolComponent.name);
      expect(taxonomy.taxa.map((taxon: { id: string }) => taxon.id)).toContain(target.id);
    }
  }
});

test("edits are fixes, by line and column", () => {
  const report = reportOf(subjects, [
    finding({
      control: "privileged",
      subject: "a b/compose.yaml#web",
      fix: { kind: "decision", summary: "take it out", snippet: null, breaks: null },
    }),
  ]);
  const edits = () => [{ at: at("a b/compose.yaml", 3, 5, 9), text: "x: 1\n" }];
  const log = JSON.parse(sarif(report, testContext({ edits })));
  validate(log);
  expect(validate.errors ?? []).toEqual([]);
  expect(log.runs[0].results[0].fixes).toEqual([
    {
      description: { text: "Take it out." },
      artifactChanges: [
        {
          artifactLocation: { uri: "a%20b/compose.yaml", uriBaseId: "%SRCROOT%" },
          replacements: [
            {
              deletedRegion: { startLine: 3, startColumn: 5, endLine: 3, endColumn: 9 },
              insertedContent: { text: "x: 1\n" },
            },
          ],
        },
      ],
    },
  ]);
});

// https://docs.github.com/code-security/reference/code-scanning/sarif-files/sarif-support
describe("what a code-scanning upload asks for", () => {
  const log = sarif(manyReport(3000, 11), testContext());
  const run: Run = JSON.parse(log).runs[0];

  test("its limits: 25,000 results, 100 places of one, 10 tags of a rule, 10 MB compressed", () => {
    expect(run.results).toHaveLength(25_000);
    const locations = Array.from({ length: 300 }, (_, line) => at("f", line + 1, 1, 2));
    const result = of({ locations });
    expect(1 + (result?.relatedLocations?.length ?? 0)).toBe(100);
    for (const { properties } of run.tool.driver.rules)
      expect(properties.tags.length).toBeLessThanOrEqual(10);
    expect(gzipSync(log).length).toBeLessThan(10 * 1024 ** 2);
  });

  test("a file and a line for each result, also for one of the Engine", () => {
    const { report, context } = readFixture("mixed-levels");
    const places = runOf(report, context).results.map(({ locations: [first] }) => first?.physicalLocation);
    for (const where of places) {
      expect(where?.artifactLocation.uri).toMatch(/^[\w./%-]+$/);
      expect(where?.region.startLine).toBeGreaterThan(0);
    }
    expect(places.length).toBeGreaterThan(2);
  });

  test("a help page for each rule, and a fingerprint that it follows alerts by", () => {
    for (const { helpUri } of run.tool.driver.rules) expect(helpUri).toMatch(/^https:\/\//);
    expect(run.results[0]?.partialFingerprints.primaryLocationLineHash).toBe("0123456789abcdef:1");
  });

  test("small: less than 1,200 bytes for a result", () => {
    expect(log.length / run.results.length).toBeLessThan(1200);
  });
});

test("a path is a relative URI, encoded; an absolute one a file URL", () => {
  expect(of({ locations: [at("./a b/c#d%.yaml", 3, 5, 9)] })?.locations[0]?.physicalLocation).toEqual({
    artifactLocation: { uri: "a%20b/c%23d%25.yaml", uriBaseId: "%SRCROOT%" },
    region: { startLine: 3, startColumn: 5, endLine: 3, endColumn: 9 },
  });
  expect(
    of({ locations: [at("/srv/ä.yaml", 1, 1, 2)] })?.locations[0]?.physicalLocation?.artifactLocation,
  ).toEqual({
    uri: "file:///srv/%C3%A4.yaml",
  });
});

test("a place in the API or the kernel is a logical location of its subject", () => {
  const result = of({
    locations: [{ pointer: "/HostConfig/Binds/0" }, { kernel: "/proc/42/status", field: "CapEff" }],
  });
  expect(result?.locations[0]?.logicalLocations?.map((one) => one.fullyQualifiedName)).toEqual([
    "a b/compose.yaml#web /HostConfig/Binds/0",
    "a b/compose.yaml#web",
  ]);
  expect(JSON.stringify(result?.relatedLocations)).toContain("/proc/42/status CapEff");
});

test("what is absent stands at its subject, or at its name where that is in no file", () => {
  const { report, context } = readFixture("mixed-levels");
  for (const result of runOf(report, context).results) expect(result.locations).toHaveLength(1);
  expect(of({})?.locations[0]?.logicalLocations?.[0]?.name).toBe("web");
});

test("suppressions say who, why and until when; then the others say that they are not", () => {
  const { report, context } = readFixture("suppressed");
  const kinds = runOf(report, context).results.map((result) => result.suppressions?.[0]?.kind);
  expect(kinds.toSorted()).toEqual(["external", "inSource"]);
  const hostile = readFixture("hostile");
  const all = runOf(hostile.report, hostile.context).results;
  expect(all.every((result) => result.suppressions !== undefined)).toBe(true);
});

test("what the baseline held and is gone is absent", () => {
  const { report, context } = readFixture("baseline");
  expect(runOf(report, context).results.map((result) => result.baselineState)).toEqual([
    "new",
    "unchanged",
    "new",
    "absent",
    "absent",
  ]);
});

test("gaps are notifications, and the run is no success", () => {
  const { report, context } = readFixture("gaps-only");
  const [invocation] = runOf(report, context).invocations;
  expect(invocation).toMatchObject({ executionSuccessful: false, exitCode: 2 });
  expect(invocation?.toolExecutionNotifications.map(({ message }) => message.text)).toHaveLength(3);
});

test("every result points at its rule", () => {
  const { report, context } = readFixture("one-subject");
  const run = runOf(report, context);
  for (const result of run.results) expect(run.tool.driver.rules[result.ruleIndex]?.id).toBe(result.ruleId);
});
