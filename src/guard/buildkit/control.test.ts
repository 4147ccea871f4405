import { describe, expect, test } from "vitest";
import { buildkitClient, type Sent } from "../../../test/support/guard/buildkit-calls.ts";
import { policy } from "../../../test/support/guard/guard.ts";
import { defaultPolicy } from "../policy/defaults.ts";
import { openBuilds } from "./builds.ts";
import { controlCalls } from "./control.ts";
import * as messages from "./messages.ts";
import { type Message, writeMessage } from "./protobuf.ts";

const control = "/moby.buildkit.v1.Control/";
const bridge = "/moby.buildkit.v1.frontend.LLBBridge/";

/** As `docker buildx build -t app .` sends it: recorded, without what differs each time. */
const recorded: Message = {
  Ref: "build-1",
  Session: "session-1",
  Frontend: "dockerfile.v0",
  FrontendAttrs: new Map([
    ["filename", "Dockerfile"],
    ["frontend.caps", "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests"],
    ["image-resolve-mode", "local"],
  ]),
  Cache: {},
  Exporters: [{ Type: "moby", Attrs: new Map([["name", "docker.io/library/app"]]) }],
};

const owned = policy({ owner: { label: "bulkhead.owner", value: "ci" }, space: "bulkhead.invalid/ci/" });

function buildClient(given: Parameters<typeof buildkitClient>[0] = {}) {
  const client = buildkitClient(given);
  client.builds.openSession("session-1", given.client ?? "ci");
  const solve = (change: Message = {}) =>
    client.call(`${control}Solve`, messages.solveRequest, { ...recorded, ...change });
  return { ...client, solve };
}

const refusedBy = (sent: Sent) => ("refused" in sent ? sent.refused : JSON.stringify(Object.keys(sent.to)));
const attributesOf = (sent: Sent) =>
  "to" in sent ? Object.fromEntries((sent.to.FrontendAttrs ?? new Map()) as Map<string, string>) : undefined;

describe("Solve", () => {
  test("an ordinary build goes on with its fields, as the client's own", async () => {
    const { solve, builds, judgedAs } = buildClient();
    const sent = await solve();
    expect(sent).toMatchObject({ answer: "own", to: { Ref: "build-1", Session: "session-1" } });
    expect("to" in sent && sent.to.Exporters).toMatchObject(recorded.Exporters as object);
    expect(attributesOf(sent)).toEqual({
      ...Object.fromEntries(recorded.FrontendAttrs as Map<string, string>),
      cmdline: "dockerfile.v0",
    });
    expect("to" in sent && sent.to.SourcePolicy).toBeUndefined();
    expect(judgedAs).toEqual(["build"]);
    expect(await builds.isOwnBuild("build-1", "ci")).toBe(true);
    expect(builds.sessionOf("build-1")).toBe("session-1");
  });

  test.each<[string, Message, string]>([
    ["a definition of its own", { Definition: Buffer.from("x") }, "guard-build-definition"],
    [
      "a definition as an input",
      { FrontendInputs: new Map([["a", Buffer.from("x")]]) },
      "guard-build-definition",
    ],
    ["a source policy", { SourcePolicy: { version: 1n } }, "guard-build-definition"],
    ["the host's network", { Entitlements: ["network.host"] }, "guard-build-network"],
    ["privileged steps", { Entitlements: ["security.insecure"] }, "guard-build-privilege"],
    ["any other right", { Entitlements: ["device"] }, "guard-build-privilege"],
    [
      "an exporter of the old form",
      {
        Exporters: [],
        Exporter: "image",
        ExporterAttrs: new Map([
          ["push", "true"],
          ["name", "evil.io/a"],
        ]),
      },
      "guard-image-push",
    ],
    [
      "a push",
      {
        Exporters: [
          {
            Type: "image",
            Attrs: new Map([
              ["push", ""],
              ["name", "evil.io/a"],
            ]),
          },
        ],
      },
      "guard-image-push",
    ],
    [
      "a second exporter that pushes",
      {
        Exporters: [
          { Type: "moby" },
          {
            Type: "image",
            Attrs: new Map([
              ["push", "true"],
              ["name", "evil.io/a"],
            ]),
          },
        ],
      },
      "guard-image-push",
    ],
    [
      "a cache that it writes to a registry",
      { Cache: { Exports: [{ Type: "registry", Attrs: new Map([["ref", "evil.io/a"]]) }] } },
      "guard-image-push",
    ],
    [
      "a foreign frontend",
      { Frontend: "gateway.v0", FrontendAttrs: new Map([["source", "evil/frontend"]]) },
      "guard-build-frontend",
    ],
    ["an unknown frontend", { Frontend: "evil.v0" }, "guard-build-frontend"],
    ["an attribute that nobody knows", { FrontendAttrs: new Map([["evil", "1"]]) }, "guard-buildkit"],
    ["another's session", { Session: "session-2" }, "names a session that this client did not begin here"],
    ["a build without a name", { Ref: "" }, "names a build that this client did not begin here"],
  ])("%s is refused, and later questions get the reason", async (_, change, why) => {
    const { solve, builds } = buildClient();
    builds.openSession("session-2", "other");
    expect(refusedBy(await solve(change))).toContain(why);
    expect(builds.refusalOf(String(change.Ref ?? "build-1"), "ci")).toContain(why);
  });

  test("two reasons are said as two", async () => {
    const { solve } = buildClient();
    const said = refusedBy(await solve({ Entitlements: ["network.host", "security.insecure"] }));
    expect(said).toMatch(
      /^bulkhead: denied, because; builds on .*guard-build-network.*; asks for .*privilege/,
    );
  });

  test("a build of another client's name is refused, and keeps its owner", async () => {
    const { solve, builds } = buildClient();
    builds.beginBuild("build-1", "other");
    expect(refusedBy(await solve())).toContain("names a build that this client did not begin here");
    expect(await builds.isOwnBuild("build-1", "other")).toBe(true);
  });

  test("what is refused by one policy goes on by one that allows it", async () => {
    const { solve } = buildClient({ policy: policy({ rules: { "guard-build-network": "allow" } }) });
    expect(await solve({ Entitlements: ["network.host"] })).toMatchObject({
      to: { Entitlements: ["network.host"] },
    });
  });

  test("BuildKit gets the policy's list of images", async () => {
    const { solve } = buildClient({ policy: policy({ allow: { images: ["ci.example.com/*"] } }) });
    expect(await solve()).toMatchObject({
      to: { SourcePolicy: { version: 1n, rules: [{ action: 1n }, { selector: { match_type: 2n } }] } },
    });
  });

  test("the Dockerfiles that the session has sent are judged with the arguments of a later build", async () => {
    const { solve, builds } = buildClient({ policy: policy({ allow: { images: ["good"] } }) });
    builds.noteDockerfile("session-1", "ARG BASE=good\nFROM $BASE\n");
    const withBase = (value: string) => ({ FrontendAttrs: new Map([["build-arg:BASE", value]]) });
    expect(refusedBy(await solve(withBase("evil")))).toContain("guard-image");
    expect(await solve({ Ref: "build-2", ...withBase("good") })).toMatchObject({ to: { Ref: "build-2" } });
  });

  test("without enforcing it goes on, whatever its session sent", async () => {
    const { solve, builds } = buildClient({
      policy: policy({ mode: "warn", allow: { images: ["good"] } }),
    });
    builds.noteDockerfile("session-1", "FROM evil\n");
    expect(await solve({ Entitlements: ["network.host"] })).toHaveProperty("to");
  });

  test("an archive as the context gets a path of this build's own", async () => {
    const { solve, builds } = buildClient();
    const sent = attributesOf(
      await solve({
        FrontendAttrs: new Map([
          ["context", "http://buildkit-session/upload"],
          ["build-arg:A", "1"],
        ]),
      }),
    );
    const path = sent?.context?.replace("http://buildkit-session", "") ?? "";
    expect(path).toMatch(/^\/[0-9a-f-]{36}$/);
    expect(builds.uploadOf("session-1", path)).toEqual({
      path: "/upload",
      wanted: ["Dockerfile", "dockerfile"],
      args: [{ name: "A", value: "1" }],
    });
    expect(sent?.filename).toBe("Dockerfile");
  });

  test("under an owner it is labelled, apart in the cache, and named in the owner's space", async () => {
    const { solve } = buildClient({ policy: owned });
    const sent = await solve();
    expect(attributesOf(sent)).toMatchObject({
      hostname: expect.stringMatching(/^bulkhead-[0-9a-f]{16}$/),
      "build-arg:BUILDKIT_CACHE_MOUNT_NS": expect.any(String),
      // Its containers do not inherit an owner.
      "label:bulkhead.owner": "",
      "label:bulkhead.owner.image": "ci",
    });
    const name = new Map([["name", "bulkhead.invalid/ci/docker.io/library/app:latest"]]);
    expect(sent).toMatchObject({ to: { Exporters: [{ Type: "moby", Attrs: name }] } });
  });

  test("an exporter of the old form keeps it", async () => {
    const { solve } = buildClient();
    const old = { Exporter: "moby", ExporterAttrs: new Map([["name", "app"]]) };
    const sent = await solve({ ...old, Exporters: [{ Type: "moby", Attrs: new Map([["name", "two"]]) }] });
    expect(sent).toMatchObject({
      to: { ...old, Exporters: [{ Type: "moby", Attrs: new Map([["name", "two"]]) }] },
    });
  });

  test("a message with a field that is not known, or a second message, is refused", async () => {
    const { call, opened } = buildClient();
    const odd = Buffer.concat([
      writeMessage(recorded, messages.solveRequest),
      Buffer.from([0x9a, 0x06, 0x00]),
    ]);
    expect(refusedBy(await call(`${control}Solve`, messages.solveRequest, odd))).toContain(
      "has the field 99",
    );
    const made = await opened(`${control}Solve`);
    if ("refuse" in made || !made.request) throw new Error("it is not open");
    const bytes = writeMessage({ ...recorded, Session: "" }, messages.solveRequest);
    expect(await made.request(bytes)).toMatchObject({ ok: true });
    expect(await made.request(bytes)).toMatchObject({
      ok: false,
      reason: expect.stringContaining("two messages"),
    });
  });
});

describe("questions about a build", () => {
  test.each([
    ["Status", messages.statusRequest, { Ref: "build-1" }],
    ["ListenBuildHistory", messages.historyRequest, { Ref: "build-1", EarlyExit: true }],
    ["UpdateBuildHistory", messages.updateHistoryRequest, { Ref: "build-1", Delete: true }],
  ] as const)("%s answers for the client's own alone", async (method, shape, message) => {
    const { call, builds, judgedAs } = buildkitClient({});
    builds.beginBuild("build-1", "ci");
    builds.beginBuild("build-2", "other");
    expect(await call(`${control}${method}`, shape, message)).toEqual({ to: message, answer: "own" });
    const theirs = await call(`${control}${method}`, shape, { ...message, Ref: "build-2" });
    expect(refusedBy(theirs)).toContain("names a build that this client did not begin here");
    expect(refusedBy(await call(`${control}${method}`, shape, {}))).toContain("names a build");
    expect(judgedAs).toEqual([]);
  });

  test("one that was refused gets the reason", async () => {
    const { call, builds } = buildkitClient({});
    builds.refuseBuild("build-1", "ci", "bulkhead: no");
    builds.beginBuild("build-1", "other");
    expect(await call(`${control}Status`, messages.statusRequest, { Ref: "build-1" })).toEqual({
      refused: "bulkhead: no",
    });
  });
});

describe("calls that hold nothing to judge", () => {
  test.each([
    [`${control}Info`, messages.emptyRequest, {}],
    [`${control}ListWorkers`, messages.workersRequest, { filter: ["a"] }],
    ["/grpc.health.v1.Health/Check", messages.healthRequest, { service: "a" }],
  ] as const)("%s is read and written again", async (path, shape, message) => {
    const { call } = buildkitClient({});
    expect(await call(path, shape, message)).toEqual({ to: message, answer: "public" });
    expect(refusedBy(await call(path, shape, Buffer.from([0x9a, 0x06, 0x00])))).toContain("guard-buildkit");
  });

  test.each([
    `${control}Session`,
    `${control}Evil`,
    `${bridge}Evil`,
    "/evil.Service/Call",
    "/",
    `${control}constructor`,
  ])("%s is not understood", async (path) => {
    const { opened, builds } = buildkitClient({});
    builds.beginBuild("build-1", "ci");
    expect(await opened(path, { "buildkit-controlapi-buildid": "build-1" })).toMatchObject({
      refuse: { code: 12, message: expect.stringContaining("is not understood by the guard") },
    });
  });

  test("a name that is no path of a call is not repeated", async () => {
    const { opened } = buildkitClient({});
    expect(await opened(`/${"x".repeat(500)}/y`)).toMatchObject({
      refuse: { message: expect.stringMatching(/^bulkhead: a call is not/) },
    });
  });

  test("a connection that the policy no longer lets in is closed", () => {
    expect(controlCalls(() => undefined)(`${control}Info`, {})).toMatchObject({
      refuse: { code: 7, message: expect.stringContaining("guard-route") },
    });
  });
});

describe("the cache", () => {
  test.each([
    ["DiskUsage", "disk-usage", messages.diskUsageRequest],
    ["Prune", "build-prune", messages.pruneRequest],
  ] as const)("%s is judged as %s, and closed with it", async (method, route, shape) => {
    const { call, judgedAs } = buildkitClient({ policy: policy({ routes: { [route]: "allow" } }) });
    const sent = await call(`${control}${method}`, shape, { filter: ["id==a"] });
    expect(sent).toEqual({ to: { filter: ["id==a"] }, answer: "own" });
    expect(judgedAs).toEqual([route]);
    const shut = buildkitClient({ policy: policy({ routes: { [route]: "deny" } }) });
    expect(refusedBy(await shut.call(`${control}${method}`, shape, {}))).toContain("guard-route");
  });

  test.each([
    [[], [""]],
    [["", "id==a"], [",id==a"]],
    [
      ["id==a", "id==b"],
      [",id==a", ",id==b"],
    ],
  ])("DiskUsage lists an owner's own alone: %j", async (filter, more) => {
    const { call, judgedAs } = buildkitClient({ policy: owned });
    const sent = await call(`${control}DiskUsage`, messages.diskUsageRequest, { filter });
    const own = ("to" in sent ? sent.to.filter : []) as readonly string[];
    expect(own.map((each) => each.replace(/^description~=\|with id "[^|]*"\$\|/, ""))).toEqual(more);
    expect(own.every((each) => each.includes("ci"))).toBe(true);
    expect(judgedAs).toEqual(["grpc"]);
  });

  test("Prune takes of an owner's caches those that the judgement names", async () => {
    const { call, judgedAs } = buildkitClient({ policy: owned });
    const sent = await call(`${control}Prune`, messages.pruneRequest, { filter: ["id==theirs"], all: true });
    expect(judgedAs).toEqual(["grpc"]);
    expect(sent).toMatchObject({ to: { filter: ["id==theirs,id==none"], all: true } });
    const shut = buildkitClient({ policy: { ...owned, routes: { grpc: "deny" } } });
    expect(refusedBy(await shut.call(`${control}Prune`, messages.pruneRequest, {}))).toContain("guard-route");
    expect(refusedBy(await call(`${control}Prune`, messages.pruneRequest, Buffer.from([0xff])))).toContain(
      "number",
    );
  });
});

describe("a frontend's bridge", () => {
  const mine = { "buildkit-controlapi-buildid": "build-1" };
  function bridged(given: Parameters<typeof buildkitClient>[0] = {}) {
    const client = buildkitClient(given);
    client.builds.openSession("session-1", "ci");
    client.builds.beginBuild("build-1", "ci");
    client.builds.noteSession("build-1", "session-1");
    client.builds.beginBuild("build-2", "other");
    return client;
  }

  test.each([
    ["Ping", messages.emptyRequest, {}],
    ["Inputs", messages.emptyRequest, {}],
    ["Return", messages.returnRequest, { error: { code: 1n, message: "no" } }],
    ["ReadFile", messages.resultRequests.ReadFile ?? {}, { Ref: "r", FilePath: "/x" }],
    ["ReadDir", messages.resultRequests.ReadDir ?? {}, { Ref: "r", DirPath: "/x" }],
    ["StatFile", messages.resultRequests.StatFile ?? {}, { Ref: "r", Path: "/x" }],
    ["Evaluate", messages.resultRequests.Evaluate ?? {}, { Ref: "r" }],
  ] as const)(
    "%s goes on for a build of the client's own, under its name",
    async (method, shape, message) => {
      const { call, opened } = bridged();
      expect(await call(`${bridge}${method}`, shape, message, mine)).toMatchObject({ to: message });
      expect(await opened(`${bridge}${method}`, mine)).toMatchObject({ metadata: mine });
      for (const metadata of [{}, { "buildkit-controlapi-buildid": "build-2" }])
        expect(await opened(`${bridge}${method}`, metadata)).toMatchObject({ refuse: { code: 7 } });
    },
  );

  test("the reason why its build was refused is the answer", async () => {
    const { opened, builds } = bridged();
    builds.refuseBuild("build-2", "ci", "bulkhead: no");
    expect(await opened(`${bridge}Ping`, { "buildkit-controlapi-buildid": "build-2" })).toEqual({
      refuse: { code: 7, message: "bulkhead: no" },
    });
  });

  const solve = (client: ReturnType<typeof bridged>, message: Message) =>
    client.call(`${bridge}Solve`, messages.bridgeSolveRequest, message, mine);

  test.each<[string, Message, string]>([
    ["a definition", { Definition: Buffer.from("x") }, "guard-build-definition"],
    [
      "a foreign frontend",
      { Frontend: "gateway.v0", FrontendOpt: new Map([["source", "evil/f"]]) },
      "guard-build-frontend",
    ],
    ["an attribute that nobody knows", { FrontendOpt: new Map([["evil", "1"]]) }, "guard-buildkit"],
    [
      "a cache of another registry",
      { CacheImports: [{ Type: "registry", Attrs: new Map([["ref", "evil.io/a"]]) }] },
      "evil.io",
    ],
  ])("Solve of %s is refused", async (_, message, why) => {
    const client = bridged({ policy: policy({ allow: { registries: ["ghcr.io"] } }) });
    expect(refusedBy(await solve(client, message))).toContain(why);
  });

  test("Solve goes on with the built-in frontend, and is judged with what its session sent", async () => {
    const client = bridged({ policy: policy({ allow: { images: ["good"] } }) });
    const asked = {
      Frontend: "dockerfile.v0",
      FrontendOpt: new Map([["build-arg:BASE", "evil"]]),
      Evaluate: true,
    };
    expect(await solve(client, asked)).toMatchObject({
      answer: "own",
      to: { Frontend: "dockerfile.v0", Evaluate: true },
    });
    client.builds.noteDockerfile("session-1", "ARG BASE\nFROM $BASE\n");
    expect(refusedBy(await solve(client, asked))).toContain("guard-image");
  });

  test("ResolveImageConfig is judged as a pull, and closed where values are blanked", async () => {
    const resolve = (client: ReturnType<typeof bridged>, Ref: string) =>
      client.call(`${bridge}ResolveImageConfig`, messages.resolveImageRequest, { Ref, LogName: "x" }, mine);
    const client = bridged({ policy: policy({ allow: { images: ["good"] } }) });
    expect(await resolve(client, "docker.io/library/good:1")).toEqual({
      to: { Ref: "docker.io/library/good:1", LogName: "x" },
      answer: "public",
    });
    expect(refusedBy(await resolve(client, "evil.io/a"))).toContain("guard-image");
    expect(client.judgedAs).toEqual(["image-create", "image-create"]);
    const blanked = bridged({ policy: { ...defaultPolicy, redact: true } });
    expect(refusedBy(await resolve(blanked, "good"))).toContain("asks for the environment of an image");
  });
});

test("what a session or a client may keep ends a build that needs more", async () => {
  const builds = openBuilds({ holdBytes: () => false, releaseBytes: () => undefined });
  const { solve } = buildClient({ builds });
  expect(refusedBy(await solve())).toContain("keeps too many");
});
