import { expect, test } from "vitest";
import type { ContainerState } from "../state.ts";
import { type Expectation, hasEnded, lacking, lookAt, otherwise, slowerThan } from "./expected.ts";
import { givenOf, likenessOf } from "./likeness.ts";

const stateOf = (more: Partial<ContainerState>): ContainerState => ({
  ...{ service: "web", id: "c", name: "web-1", pid: 0, running: true, restarting: false, exitCode: 0 },
  ...{ startedAt: "", finishedAt: 0, oomKilled: false, error: "", restarts: 0, health: "none" },
  ...{ address: undefined, mounts: [], hostNetwork: false, exposed: [], ...more },
});
const untouched: Expectation = {
  ...{ listens: [], ends: false, restarts: 0, stop: undefined, reload: undefined },
  files: { first: new Map(), again: new Map() },
  contents: { first: new Map(), again: new Map() },
};
const over = { running: false };

/** Without an expectation: an untouched run. */
function look(state: Partial<ContainerState> | undefined, expected?: Partial<Expectation>) {
  return lookAt(new Map(state && [["web", stateOf(state)]]), {
    services: ["web"],
    expected: new Map(expected && [["web", { ...untouched, ...expected }]]),
  });
}

test.each([
  ["it is not there yet", undefined, undefined, "restart", "web has no container", false],
  ["the runtime refused it", { error: "exec: no such file" }, undefined, "restart", "cannot start", true],
  ["it restarts without end", { restarts: 4 }, undefined, "restart", "keeps restarting", true],
  ["it restarts once more than untouched", { restarts: 2 }, { restarts: 1 }, "restart", "keeps", true],
  ["it failed", { ...over, exitCode: 3 }, undefined, "restart", "ended with status 3", true],
  [
    ...["it was killed", { ...over, exitCode: 137, oomKilled: true }, undefined, "restart"],
    ...["killed for lack of memory", true],
  ],
  ["it ended, and did not untouched", over, {}, "restart", "ended with status 0", true],
  ["it is not healthy", { health: "unhealthy" }, undefined, "health", "is unhealthy", true],
  [
    "it restarts just now",
    { restarting: true, running: false },
    undefined,
    "restart",
    "is restarting",
    false,
  ],
  ["it ended untouched", {}, { ends: true }, "restart", "does not end, as it did untouched", false],
  ["its health is not known yet", { health: "starting" }, undefined, "health", "healthy", false],
  ["it does not listen", { pid: 2 ** 30 }, { listens: ["tcp/80"] }, "listens", "listen on tcp/80", false],
] as const)("waits, or says what is wrong, where %s", (_, state, expected, kind, words, isFinal) => {
  const found = look(state, expected);
  expect(found).toMatchObject({ kind, service: "web", isFinal });
  expect(found?.reason).toContain(words);
});

test.each([
  ["it runs", {}, undefined],
  ["it ended with status 0", over, undefined],
  ["it ended as it did untouched", over, { ends: true }],
  ["it restarted as often as it did untouched", { restarts: 2 }, { restarts: 2 }],
  ["it restarted three times in an untouched run", { restarts: 3 }, undefined],
  ["it is healthy", { health: "healthy" }, undefined],
  ["it ended, and so listens no more", over, { ends: true, listens: ["tcp/80"] }],
] as const)("is content where %s", (_, state, expected) => {
  expect(look(state, expected)).toBeUndefined();
});

test("what the Engine could not start is its doing", () => {
  expect(look({ error: "x" })).toMatchObject({ byEngine: true });
  expect(look({ ...over, exitCode: 1 })).not.toHaveProperty("byEngine");
});

test("what is wrong for good comes before what may still come", () => {
  const states = new Map([
    ["a", stateOf({ health: "starting" })],
    ["b", stateOf({ ...over, exitCode: 1 })],
  ]);
  expect(lookAt(states, { services: ["a", "b"], expected: new Map() })?.service).toBe("b");
});

test("a file is missed where it is not there, or empty and was not", () => {
  const expected = new Map([
    ["/full", true],
    ["/any", false],
  ]);
  const files = (full: number | undefined, any: number | undefined) =>
    new Map([["/full", full] as const, ["/any", any] as const].filter(([, size]) => size !== undefined));
  expect(lacking(expected, files(1, 0))).toBeUndefined();
  expect(lacking(expected, files(0, 0))).toMatchObject({ path: "/full", how: "is empty" });
  expect(lacking(expected, files(undefined, 0))).toMatchObject({ path: "/full", how: "is not there" });
  expect(lacking(expected, files(1, undefined))).toMatchObject({ path: "/any", how: "is not there" });
});

test("a file with other content is not one with the same, and its content is not said", () => {
  const given = (text: string) => givenOf(Buffer.from(text));
  const known = new Map([["/etc/app.conf", likenessOf([given("user app;"), given("user app;")])]]);
  expect(otherwise(known, new Map([["/etc/app.conf", given("user app;")]]))).toBeUndefined();
  expect(otherwise(known, new Map())).toBeUndefined();
  const found = otherwise(known, new Map([["/etc/app.conf", given("user secret;")]]));
  expect(found).toEqual({
    path: "/etc/app.conf",
    how: "has other content than untouched",
    isOtherContent: true,
  });
});

test("a service has ended where it neither runs nor is about to", () => {
  const ended = (state: Partial<ContainerState>) => hasEnded(new Map([["web", stateOf(state)]]), "web");
  expect([ended(over), ended({}), ended({ ...over, restarting: true })]).toEqual([true, false, false]);
  expect(hasEnded(new Map(), "web")).toBe(false);
});

test("a busy machine is given three times as long, and some seconds", () => {
  expect([slowerThan(0), slowerThan(2_000)]).toEqual([4_000, 10_000]);
});
