import { afterAll, beforeAll, expect, test } from "vitest";
import type { BenchmarkResult, RecommendationResult } from "../../src/audit/benchmark/benchmark.ts";
import { builtCommand, folderOf, runCli } from "../support/cli.ts";
import { expectDocument } from "../support/documents.ts";

const folder = folderOf({
  "compose.yaml": [
    "services:",
    "  gpu:",
    "    image: nginx:1.29",
    "    # bulkhead-ignore privileged until=2999-01-31 -- the driver needs it",
    "    privileged: true",
    "    pid: host",
    "  web:",
    "    image: nginx:1.29",
    "    pid: host",
    "",
  ].join("\n"),
  "bulkhead.yaml": "ignores: [{ control: host-pid, subject: gpu, reason: it reads every process }]\n",
});

let program = "";

beforeAll(() => {
  program = builtCommand();
});

afterAll(() => folder.remove());

async function printed(...flags: readonly string[]): Promise<string> {
  const args = ["audit", "compose.yaml", "--benchmark", "cis-1.6", ...flags];
  return (await runCli(program, args, { cwd: folder.path })).stdout;
}

test("what ignores accept is neither a failure nor a pass, and has its reason", async () => {
  const document = JSON.parse(await printed("--format", "json")) as { readonly benchmark: BenchmarkResult };
  expectDocument("audit", document);
  const { sections, totals } = document.benchmark;
  const results = new Map(
    sections.flatMap(({ results }) =>
      results.map((each): [string, RecommendationResult] => [each.number, each]),
    ),
  );
  expect(results.get("5.5")).toMatchObject({
    outcome: "accepted",
    remedy: null,
    evidence: [{ suppressed: { kind: "comment", reason: "the driver needs it", until: "2999-01-31" } }],
  });
  // web's is open, so it fails, and only web's is shown.
  expect(results.get("5.16")?.outcome).toBe("fail");
  expect(results.get("5.16")?.evidence.map(({ subject, suppressed }) => [subject, suppressed])).toEqual([
    ["compose.yaml#web", null],
  ]);
  // A privileged container has neither of these barriers: who accepts it accepts that.
  const accepted = [...results.values()].filter(({ outcome }) => outcome === "accepted");
  expect(accepted.map(({ number }) => number)).toEqual(["5.5", "5.18", "5.22"]);
  expect(totals.accepted).toBe(3);
});

test("as text, CSV and HTML", async () => {
  const because = "accepted by a comment until 2999-01-31: the driver needs it";
  const text = await printed();
  expect(text).toMatch(/^ {2}5\.5 +accepted +No container is privileged/m);
  expect(text.replace(/\s+/g, " ")).toContain(because);
  expect(text).toMatch(/^117 recommendations: .*\b3 accepted\b/m);
  expect(await printed("--format", "csv")).toContain(because);
  expect(await printed("--format", "html")).toContain(because);
});
