import { expect, test } from "vitest";
import { compareWithBaseline, readBaseline, writeBaseline } from "./baseline.ts";
import type { Finding } from "./finding.ts";

function finding(fingerprint: string, more: Partial<Finding> = {}): Finding {
  return {
    control: "privileged",
    verdict: "fail",
    severity: "critical",
    subject: "compose.yaml#web",
    message: "runs privileged",
    level: "declared",
    locations: [],
    fix: null,
    suppressed: null,
    fingerprint,
    baseline: null,
    views: [],
    ...more,
  };
}

test("what was written is read back, and then everything is unchanged", () => {
  const findings = [finding("a"), finding("b")];
  const entries = readBaseline(writeBaseline(findings));
  expect(entries).toMatchObject({ ok: true });
  const compared = compareWithBaseline(findings, entries.ok ? entries.value : []);
  expect(compared.findings.map((each) => each.baseline)).toEqual(["unchanged", "unchanged"]);
  expect(compared.fixed).toEqual([]);
});

test("a new finding is new, a gone one fixed, and an unknown is neither", () => {
  const baseline = [
    { fingerprint: "a", control: "privileged", subject: "s" },
    { fingerprint: "gone", control: "host-pid", subject: "s" },
  ];
  const now = [finding("a"), finding("b"), finding("c", { verdict: "unknown" })];
  const compared = compareWithBaseline(now, baseline);
  expect(compared.findings.map((each) => each.baseline)).toEqual(["unchanged", "new", null]);
  expect(compared.fixed).toEqual([baseline[1]]);
});

test("suppressed and unknown findings are not written", () => {
  const text = writeBaseline([
    finding("a", { suppressed: { kind: "config", reason: "why", until: null } }),
    finding("b", { verdict: "unknown" }),
  ]);
  expect(readBaseline(text)).toEqual({ ok: true, value: [] });
});

test.each([
  ["not JSON", /not valid JSON/],
  ["[]", /not a baseline/],
  ['{"schemaVersion":2,"findings":[]}', /schemaVersion is not 1/],
  ['{"schemaVersion":1,"findings":[{}]}', /not a list of fingerprints/],
])("%s is refused", (text, reason) => {
  expect(readBaseline(text)).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
});
