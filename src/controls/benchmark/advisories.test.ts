import { afterEach, describe, expect, test } from "vitest";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { releaseOf } from "../../model/release.ts";
import { bareContext } from "../control.ts";
import { advisories, affecting, knowAdvisories, knownAdvisories } from "./advisories.ts";
import { readAdvisories } from "./advisory-file.ts";
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
  const ids = advisories
    .filter(({ affected }) => affected.some(({ package: { name } }) => name === "docker-engine"))
    .map(({ id }) => id);
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

test("what the Engine runs containers with is judged by its own version, and a distribution's build is unknown", () => {
  const view = (name: string, version: string, kind: "rootful" | "userns-remap" = "rootful") =>
    engine("configured", {
      version: set("29.5.1"),
      components: [set({ name, value: version })],
      rootOwner: set(kind === "rootful" ? { kind, uid: 0 } : { kind }),
    });
  const judged = (...given: Parameters<typeof view>) =>
    engineVersion.check.engine?.(view(...given), bareContext("engine-api"));
  const severities = (...given: Parameters<typeof view>) => {
    const verdict = judged(...given);
    return verdict?.verdict === "fail" ? verdict.problems.map(({ severity }) => severity) : verdict?.verdict;
  };
  expect(severities("runc", "1.1.11")).toEqual(["high", "high", "high", "high"]);
  expect(severities("runc", "1.3.2")).toEqual(["high", "high", "high"]);
  expect(severities("runc", "1.3.2", "userns-remap")).toEqual(["low", "low", "high"]);
  for (const version of ["1.2.8", "1.3.3", "1.4.0"])
    expect(severities("runc", version), version).toBe("pass");
  expect(severities("runc", "1.1.15+ds1-2+deb13u1")).toBe("unknown");
  expect(severities("containerd", "v2.1.4")).toEqual(["high"]);
  expect(severities("containerd", "1.7.20")).toEqual(["medium", "high"]);
  expect(severities("containerd", "2.2.0")).toBe("pass");
  expect(severities("docker-init", "0.18.0")).toBe("pass");
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

describe("a file of newer advisories", () => {
  afterEach(() => knowAdvisories([]));

  test("in the form that bulkhead writes is read whole", () => {
    const read = readAdvisories(JSON.stringify(advisories));
    expect(read.ok && read.value.map(({ references: _, ...rest }) => rest)).toEqual(
      advisories.map(({ references: _, ...rest }) => rest),
    );
  });

  test("adds some, and takes the place of those with the same id", () => {
    const [first, ...others] = advisories;
    const event = { introduced: "29.6.0" };
    const more = {
      ...first,
      id: "GHSA-aaaa-bbbb-cccc",
      affected: [
        {
          package: { name: "docker-engine" },
          ranges: [{ type: "SEMVER", events: [event, { fixed: "29.7.2" }] }],
        },
      ],
    };
    const read = readAdvisories(JSON.stringify([more, { ...first, summary: "said anew" }]));
    if (read.ok) knowAdvisories(read.value);
    expect(knownAdvisories()).toHaveLength(others.length + 2);
    expect(knownAdvisories().find(({ id }) => id === first?.id)?.summary).toBe("said anew");
    expect(["29.5.9", "29.7.1", "29.7.2"].map((version) => judge(version))).toEqual([
      ["pass"],
      ["fail", more.id],
      ["pass"],
    ]);
  });

  test.each([
    ["{}", "it is not a JSON array"],
    ["[{}]", "advisory 1 (without an id): it needs id, published and summary"],
    [
      '[{"id":"a","published":"2026-01-01","summary":"x","severity":"low"}]',
      "advisory 1 (a): its severity is neither",
    ],
    [
      '[{"id":"a","published":"2026-01-01","summary":"x","severity":"high","affected":[{"package":{"name":"nginx"}}]}]',
      "advisory 1 (a): affected needs a package (docker-engine, containerd, runc)",
    ],
    [
      '[{"id":"a","published":"2026-01-01","summary":"x","severity":"high","affected":[{"package":{"name":"runc"},"ranges":[{"events":[{"fixed":"soon"}]}]}]}]',
      "advisory 1 (a): affected needs",
    ],
  ])("%s is refused with what is wrong", (text, reason) => {
    expect(readAdvisories(text)).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
  });
});
