import { afterEach, describe, expect, test } from "vitest";
import { containerFromRun } from "../../../test/support/subjects.ts";
import type { Advisory } from "../../model/advisories/advisory.ts";
import { isAffected } from "../../model/advisories/advisory.ts";
import { releaseOf } from "../../model/advisories/release.ts";
import { engine } from "../../model/engine.ts";
import { set } from "../../model/fact.ts";
import { bareContext } from "../control.ts";
import {
  advisories,
  exposuresOf,
  fixedBy,
  knowAdvisories,
  knownAdvisories,
  presenceOf,
} from "./advisories.ts";
import { osvOf, readAdvisories } from "./advisory-file.ts";
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

test("Podman's version is not Docker's", () => {
  const podman = engine("configured", { version: set("5.4.2"), product: set("podman") });
  expect(engineVersion.check.engine?.(podman, bareContext("engine-api"))?.verdict).toBe("notApplicable");
});

test("a line that a vendor maintained has ended the day after", () => {
  const view = engine("configured", { version: set("25.0.13") });
  const on = (today: string) =>
    engineVersion.check.engine?.(view, bareContext("engine-api", { today }))?.verdict;
  expect([on("2026-12-04"), on("2026-12-05")]).toEqual(["unknown", "fail"]);
});

describe("engine-version", () => {
  /** The advisories of the Engine that a release before this one has. */
  const fixedIn = (version: string) =>
    advisories
      .filter(({ affected }) =>
        affected.some(
          ({ package: name, events }) =>
            name === "docker-engine" && events.some((event) => "fixed" in event && event.fixed === version),
        ),
      )
      .map(({ id }) => id);
  const [of23, of24, of29] = [fixedIn("25.0.5"), fixedIn("24.0.9"), fixedIn("29.3.1")];
  const [of295, of299] = [fixedIn("29.5.1"), fixedIn("29.9.0")];
  const pulled = fixedIn("29.5.0");
  const later = ["29.6.1", "29.6.2", "29.7.0", "29.8.2"].flatMap(fixedIn);
  /** Those of later that a release has already: 29.3.0, 29.5.0 and 29.6.0 brought new parts with their holes. */
  const laterOf = (version: string) =>
    later.filter((id) =>
      advisories
        .find((each) => each.id === id)
        ?.affected.find(({ package: name }) => name === "docker-engine")
        ?.events.some(
          (event) =>
            "introduced" in event && event.introduced.localeCompare(version, "en", { numeric: true }) <= 0,
        ),
    );
  const builders = fixedIn("25.0.2").filter((id) => !of24.includes(id));
  const [authz] = fixedIn("27.1.1");
  test.each([
    ["28.5.2", ["fail", "version", ...of29, ...pulled, ...of295, ...laterOf("28.5.2"), ...of299]],
    [
      "20.10.27",
      ["fail", "version", ...of29, ...pulled, ...of295, ...laterOf("20.10.27"), ...of299]
        .concat(authz ?? [])
        .concat(of24, of23, builders),
    ],
    ["29.0.0", ["fail", ...of29, ...pulled, ...of295, ...laterOf("29.0.0"), ...of299]],
    ["29.3.1-rc.1", ["fail", ...of29, ...pulled, ...of295, ...laterOf("29.3.1-rc.1"), ...of299]],
    ["29.3.1", ["fail", ...pulled, ...of295, ...laterOf("29.3.1"), ...of299]],
    ["29.5.1", ["fail", ...laterOf("29.5.1"), ...of299]],
    ["29.6.2", ["fail", ...fixedIn("29.7.0"), ...fixedIn("29.8.2"), ...of299]],
    ["29.8.2", ["fail", ...of299]],
    ["29.9.0", ["pass"]],
    ["29.10.0", ["pass"]],
    ["30.0.0", ["pass"]],
    // A distribution mends its own old version: the number says nothing of that.
    ["26.1.5+dfsg1", ["unknown"]],
    ["28.5.2+dfsg4-1", ["unknown"]],
    ["27.5.1-0ubuntu3", ["unknown"]],
    ["29.9.0+dfsg1", ["pass"]],
    // Mirantis maintains it, to a day.
    ["25.0.13", ["unknown"]],
    ["dev", ["unknown"]],
  ])("%s", (version, expected) => expect(judge(version).toSorted()).toEqual(expected.toSorted()));
});

test("what the Engine runs containers with is judged by its own version, and a distribution's build is unknown", () => {
  const view = (name: string, version: string, kind: "rootful" | "userns-remap" = "rootful") =>
    engine("configured", {
      version: set("29.9.0"),
      components: [set({ name, value: version })],
      rootOwner: set(kind === "rootful" ? { kind, uid: 0 } : { kind }),
    });
  const judged = (...given: Parameters<typeof view>) =>
    engineVersion.check.engine?.(view(...given), bareContext("engine-api"));
  const severities = (...given: Parameters<typeof view>) => {
    const verdict = judged(...given);
    return verdict?.verdict === "fail" ? verdict.problems.map(({ severity }) => severity) : verdict?.verdict;
  };
  expect(severities("runc", "1.1.11")).toEqual(["high", "high", "high", "high", "medium"]);
  expect(severities("runc", "1.3.2")).toEqual(["high", "high", "high"]);
  expect(severities("runc", "1.3.2", "userns-remap")).toEqual(["low", "low", "high"]);
  for (const version of ["1.2.8", "1.3.3", "1.4.0"])
    expect(severities("runc", version), version).toBe("pass");
  expect(severities("runc", "1.1.15+ds1-2+deb13u1")).toBe("unknown");
  const found = (version: string) => {
    const verdict = judged("containerd", version);
    return verdict?.verdict === "fail" ? verdict.problems.map(({ evidence }) => evidence) : verdict?.verdict;
  };
  const cri = ["GHSA-cvxm-645q-p574", "GHSA-33vj-92qq-66hc", "GHSA-rgh6-rfwx-v388"];
  const [user, groups, label] = ["GHSA-fqw6-gf59-qr4w", "GHSA-jpcc-p29g-p8mq", "GHSA-xhf5-7wjv-pqxp"];
  const index = "GHSA-pg57-6jwg-q645";
  const september = ["GHSA-7jxh-36q5-gcqv", "GHSA-rp3h-jf77-q9p4", index];
  expect(found("v2.1.4")).toEqual(["GHSA-pwhc-rpq9-4c8w", user, groups, label, ...cri, ...september]);
  expect(found("1.7.20")).toEqual([
    ...["GHSA-265r-hfxg-fhmg", "GHSA-pwhc-rpq9-4c8w", groups, label],
    ...september,
  ]);
  expect(found("2.2.4")).toEqual([groups, label, ...cri, ...september]);
  expect(found("2.1.9")).toEqual(september);
  expect(found("1.7.35")).toEqual([index]);
  expect(found("2.4.0")).toEqual([index]);
  for (const version of ["1.7.36", "2.0.13", "2.2.9", "2.3.6", "2.4.1"])
    expect(found(version), version).toBe("pass");
  expect(severities("docker-init", "0.18.0")).toBe("pass");
});

test("every advisory says its source, its date and versions", () => {
  for (const { id, aliases, published, references, affected, summary } of advisories) {
    expect(id).toMatch(/^(?:GHSA(?:-[a-z0-9]{4}){3}|CVE-\d{4}-\d{4,})$/);
    expect(aliases.every((alias) => /^CVE-\d{4}-\d{4,}$/.test(alias))).toBe(true);
    expect(new Date(published).toISOString().slice(0, 10)).toBe(published);
    expect(
      references.some((url) => url.startsWith("https://") && url.includes([...aliases, id][0] ?? "")),
    ).toBe(true);
    expect(summary).not.toMatch(/^An? |^The |\.$/);
    // Ranges that follow one another, each with an end.
    for (const { events } of affected) {
      const versions = events.map((event) => ("fixed" in event ? event.fixed : event.introduced));
      expect(events.map((event) => "fixed" in event)).toEqual(events.map((_, at) => at % 2 === 1));
      expect(
        versions.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })),
        id,
      ).toEqual(versions);
    }
  }
  expect(new Set(advisories.map(({ id }) => id)).size).toBe(advisories.length);
});

test("a version with more than a release candidate behind it is a distribution's, and only a later number shows its fixes", () => {
  expect(releaseOf("19.03.15-ce")?.isOfDistribution).toBe(false);
  expect(releaseOf("1.1.15+ds1-2+deb13u1")?.isOfDistribution).toBe(true);
  const events = [{ introduced: "5.8" }, { fixed: "5.10.102" }, { introduced: "5.11" }, { fixed: "5.17" }];
  const is = (version: string) => {
    const release = releaseOf(version);
    return release && isAffected(release, events);
  };
  expect(["5.7.19", "5.8.0", "5.10.101", "5.10.102", "5.12.3", "5.17.0", "6.1.9"].map(is)).toEqual([
    false,
    true,
    true,
    false,
    true,
    false,
    false,
  ]);
  // RHEL's 4.18 has Dirty Pipe: what came with 5.8 was brought to it.
  expect(["4.18.0-513.el8", "5.10.0-8-amd64", "5.10.150-1", "6.1.0-28-amd64"].map(is)).toEqual([
    "unknown",
    "unknown",
    false,
    false,
  ]);
});

describe("how a container stands to an advisory", () => {
  const host = engine("configured", {
    version: set("29.9.0"),
    kernelVersion: set("6.12.8"),
    components: [set({ name: "runc", value: "1.3.2" }), set({ name: "containerd", value: "2.0.3" })],
    absentModules: set([]),
    rootOwner: set({ kind: "rootful", uid: 0 }),
  });
  const stand = (id: string, line: string, on = host) => {
    const advisory = advisories.find((each) => each.id === id || each.aliases.includes(id)) as Advisory;
    const [exposure] = exposuresOf([advisory], containerFromRun(`docker run ${line}`), on);
    if (exposure?.state === "exposed" && exposure.through) return `exposed by ${exposure.through.join(", ")}`;
    return exposure?.state === "mitigated" ? exposure.by.join(", ") : exposure?.state;
  };
  const cases: readonly (readonly [string, string, string])[] = [
    // Docker's own filter misses these two ways: bulkhead profile closes the first, AppArmor both.
    ["CVE-2026-31431", "nginx:1.27", "exposed by socket(AF_ALG + 2^32), socketcall(AF_ALG)"],
    [
      "CVE-2026-31431",
      "--security-opt seccomp=unconfined nginx:1.27",
      "exposed by socket(AF_ALG), socket(AF_ALG + 2^32), socketcall(AF_ALG)",
    ],
    ["CVE-2017-7308", "nginx:1.27", "fixed"],
    [
      "CVE-2026-43500",
      "nginx:1.27",
      "exposed by socket(AF_RXRPC), socket(AF_RXRPC + 2^32), socketcall(AF_RXRPC)",
    ],
    ["CVE-2026-46300", "nginx:1.27", "seccomp, no CAP_NET_ADMIN"],
    [
      "CVE-2026-46300",
      "--cap-add NET_ADMIN nginx:1.27",
      "exposed by socket(AF_NETLINK, XFRM), socketcall(AF_NETLINK, XFRM)",
    ],
    ["CVE-2025-31133", "nginx:1.27", "exposed"],
    ["CVE-2025-31133", "-u 1000 nginx:1.27", "exposed"],
    ["CVE-2025-31133", "-u 1000 --security-opt no-new-privileges nginx:1.27", "user with no-new-privileges"],
    ["CVE-2024-40635", "-u 1000 nginx:1.27", "user"],
    ["CVE-2024-40635", "example/unknown", "unknown"],
    ["CVE-2024-21626", "nginx:1.27", "fixed"],
  ];
  test.each(cases)("%s: docker run %s: %s", (id, line, expected) => expect(stand(id, line)).toBe(expected));

  test("a remapped Engine, a distribution's kernel and a version that is not shown", () => {
    const remapped = {
      ...host,
      usernsRemap: set("100000:100000"),
      rootOwner: set({ kind: "userns-remap" as const }),
    };
    expect(stand("CVE-2025-31133", "nginx:1.27", remapped)).toBe("user namespace");
    expect(stand("CVE-2025-31133", "--userns host nginx:1.27", remapped)).toBe("exposed");
    const debian = { ...host, kernelVersion: set("6.12.48+deb13-amd64") };
    expect(stand("CVE-2026-43500", "nginx:1.27", debian)).toBe("unknown");
    const armoured = { ...debian, kernelLsm: set(["apparmor"]), apparmorEnabled: set(true) };
    expect(stand("CVE-2026-31431", "nginx:1.27", armoured)).toBe("AppArmor docker-default");
    const without = { ...host, absentModules: set(["net-pf-33"]) };
    expect(stand("CVE-2026-43500", "nginx:1.27", without)).toBe("a kernel without it");
    expect(stand("CVE-2025-31133", "nginx:1.27", { ...host, components: [] })).toBe("unknown");
    const builder = advisories.find(({ id }) => id === "GHSA-7236-3392-c5c6") as Advisory;
    expect(presenceOf(builder, host)).toMatchObject({ state: "unknown" });
  });
});

describe("a file of newer advisories", () => {
  afterEach(() => knowAdvisories([]));

  test("in the form that bulkhead writes is read whole", () => {
    const read = readAdvisories(JSON.stringify(advisories.map(osvOf)));
    expect(read.ok && read.value).toEqual(advisories);
  });

  test("adds some, and takes the place of those with the same id", () => {
    const [first, ...others] = advisories;
    if (!first) throw new Error("there is no advisory");
    const more = {
      ...first,
      id: "GHSA-aaaa-bbbb-cccc",
      affected: [
        { package: "docker-engine" as const, events: [{ introduced: "29.10.0" }, { fixed: "29.11.2" }] },
      ],
    };
    const read = readAdvisories(JSON.stringify([more, { ...first, summary: "said anew" }].map(osvOf)));
    if (read.ok) knowAdvisories(read.value);
    expect(knownAdvisories()).toHaveLength(others.length + 2);
    expect(knownAdvisories().find(({ id }) => id === first.id)?.summary).toBe("said anew");
    expect(["29.9.9", "29.11.1", "29.11.2"].map((version) => judge(version))).toEqual([
      ["pass"],
      ["fail", more.id],
      ["pass"],
    ]);
  });

  test("one that GitHub or the kernel's team wrote is read: other packages beside, last_affected, a candidate", () => {
    const text = JSON.stringify({
      schema_version: "1.4.0",
      id: "GHSA-aaaa-bbbb-dddd",
      modified: "2026-12-02T00:00:00Z",
      published: "2026-12-01T17:14:47Z",
      details: "A hole.\n\n## More",
      affected: [
        { package: { ecosystem: "npm", name: "left-pad" }, ranges: [] },
        {
          package: { ecosystem: "Go", name: "github.com/containerd/containerd/v2" },
          ranges: [
            { type: "GIT", events: [{ introduced: "0" }, { fixed: "deadbeef" }] },
            { type: "ECOSYSTEM", events: [{ introduced: "2.1.0-beta.0" }, { last_affected: "2.1.6" }] },
          ],
        },
      ],
      database_specific: { severity: "CRITICAL" },
    });
    const read = readAdvisories(text);
    expect(read.ok ? read.value : read).toMatchObject([
      {
        ...{ published: "2026-12-01", summary: "A hole.", severity: "high", by: "container" },
        affected: [{ package: "containerd", events: [{ introduced: "2.1.0" }, { fixed: "2.1.7" }] }],
      },
    ]);
  });

  const written = (more: object) =>
    JSON.stringify([
      { id: "a", published: "2026-01-01", summary: "x", database_specific: { severity: "HIGH" }, ...more },
    ]);
  test.each([
    ["3", "it is neither an advisory in OSV's format"],
    ["[{}]", "advisory 1 (without an id): it needs id, published and summary"],
    [
      written({ database_specific: { severity: "bad" } }),
      "advisory 1 (a): database_specific.severity must be",
    ],
    [
      written({ affected: [{ package: { name: "nginx" } }] }),
      "advisory 1 (a): affected names none of docker-engine",
    ],
    [
      written({ affected: [{ package: { name: "runc" }, ranges: [{ events: [{ fixed: "soon" }] }] }] }),
      "advisory 1 (a): the ranges of runc need events",
    ],
  ])("%s is refused with what is wrong", (text, reason) => {
    expect(readAdvisories(text)).toMatchObject({ ok: false, reason: expect.stringContaining(reason) });
  });
});

test("the advice of engine-version names releases that have no hole of the list", () => {
  for (const name of ["docker-engine", "containerd", "runc"] as const) {
    const release = releaseOf(fixedBy(name));
    const ranges = advisories.flatMap(({ affected }) => affected.filter((each) => each.package === name));
    expect(release && ranges.filter(({ events }) => isAffected(release, events) !== false)).toEqual([]);
  }
});
