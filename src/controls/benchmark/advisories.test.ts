import { describe, expect, test } from "vitest";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { bareContext } from "../control.ts";
import { advisories, affecting, releaseOf } from "./advisories.ts";
import { engineVersion } from "./host.ts";

function judge(version: string) {
  const verdict = engineVersion.check.engine?.(
    engine("configured", { version: set(version) }),
    bareContext("engine-api"),
  );
  return verdict?.verdict === "fail"
    ? [verdict.verdict, ...verdict.problems.map(({ evidence }) => evidence)]
    : [verdict?.verdict];
}

test("a line that a vendor maintained has ended the day after", () => {
  const view = engine("configured", { version: set("25.0.13") });
  const on = (today: string) =>
    engineVersion.check.engine?.(view, bareContext("engine-api", { today }))?.verdict;
  expect([on("2026-12-04"), on("2026-12-05")]).toEqual(["unknown", "fail"]);
});

describe("engine-version", () => {
  const ids = advisories.map(({ id }) => id);
  test.each([
    ["28.5.2", ["fail", "version", ...ids]],
    ["20.10.27", ["fail", "version", ...ids]],
    ["29.0.0", ["fail", ...ids]],
    ["29.3.0", ["fail", ...ids]],
    ["29.3.1-rc.1", ["fail", ...ids]],
    ["29.3.1", ["fail", ...ids.slice(2)]],
    ["29.5.1-rc.1", ["fail", ...ids.slice(2)]],
    ["29.5.1", ["pass"]],
    ["29.10.0", ["pass"]],
    ["30.0.0", ["pass"]],
    // A distribution mends its own old version: the number says nothing of that.
    ["26.1.5+dfsg1", ["unknown"]],
    ["28.5.2+dfsg4-1", ["unknown"]],
    ["27.5.1-0ubuntu3", ["unknown"]],
    ["29.5.1+dfsg1", ["pass"]],
    // Mirantis maintains it, to a day.
    ["25.0.13", ["unknown"]],
    ["dev", ["unknown"]],
  ])("%s", (version, expected) => expect(judge(version)).toEqual(expected));
});

test("every advisory says its source, its date and a range that ends", () => {
  for (const { id, aliases, published, references, affected } of advisories) {
    expect(id).toMatch(/^GHSA(?:-[a-z0-9]{4}){3}$/);
    expect(aliases.every((alias) => /^CVE-\d{4}-\d{4,}$/.test(alias))).toBe(true);
    expect(published).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    expect(references.some(({ type, url }) => type === "ADVISORY" && url.endsWith(id))).toBe(true);
    expect(
      affected
        .flatMap(({ ranges }) => ranges.flatMap(({ events }) => events))
        .some((event) => "fixed" in event),
    ).toBe(true);
  }
});

test("a version with more than a release candidate behind it is a distribution's", () => {
  expect(releaseOf("19.03.15-ce")?.isOfDistribution).toBe(false);
  expect(releaseOf("1.1.15+ds1-2+deb13u1")?.isOfDistribution).toBe(true);
  expect(affecting({ numbers: [29, 5, 0], isCandidate: false, isOfDistribution: false })).toHaveLength(3);
});
