import { expect, test } from "vitest";
import { noRun, type ServiceRun, type TrialRun } from "../run.ts";
import { baselineOf, unsteady } from "./baseline.ts";
import { type Given, givenOf } from "./likeness.ts";

const content = (text: string, more: Partial<Given & { readonly ofImage: boolean }> = {}) => ({
  ...givenOf(Buffer.from(text)),
  ofImage: false,
  ...more,
});

function service(more: Partial<ServiceRun> = {}, state: Partial<ServiceRun["state"]> = {}): ServiceRun {
  return {
    ...{ listens: [], files: {}, contents: {}, hasHealth: false, log: "", stopLog: "", hasScheduler: false },
    ...{ stop: undefined, reload: undefined },
    state: { running: true, restarts: 0, exitCode: 0, ...state } as ServiceRun["state"],
    ...more,
  };
}

const run = (web: ServiceRun, more: Partial<TrialRun> = {}): TrialRun => ({
  ...noRun,
  services: new Map([["web", web]]),
  ...more,
});

const expectationOf = (a: ServiceRun, b: ServiceRun) => baselineOf(run(a), run(b)).expected.get("web");

test("a hardened run is asked for what both untouched runs have, and for no more", () => {
  const one = service({ listens: ["tcp/80", "tcp/9000"] }, { restarts: 1 });
  const other = service({ listens: ["tcp/80", "udp/53"] }, { restarts: 3 });
  expect(expectationOf(one, other)).toMatchObject({ listens: ["tcp/80"], restarts: 3, ends: false });
});

test("a service ends by itself only where it did so in both", () => {
  const [up, over] = [service(), service({}, { running: false })];
  expect(expectationOf(over, over)?.ends).toBe(true);
  expect(expectationOf(over, up)?.ends).toBe(false);
  expect(expectationOf(up, over)?.ends).toBe(false);
});

test("a stop may end with either status, and take as long as the slower one", () => {
  const stops = [
    { exitCode: 0, took: 900 },
    { exitCode: 143, took: 200 },
  ] as const;
  expect(expectationOf(service({ stop: stops[0] }), service({ stop: stops[1] }))?.stop).toEqual({
    ...{ exitCodes: [0, 143], took: 900 },
  });
  expect(expectationOf(service({ stop: stops[0] }), service())?.stop).toBeUndefined();
  expect(expectationOf(service(), service({ stop: stops[0] }))?.stop).toBeUndefined();
});

test("a reload is asked for only where both did one, within the slower time", () => {
  expect(expectationOf(service({ reload: 100 }), service({ reload: 700 }))?.reload).toBe(700);
  expect(expectationOf(service({ reload: 100 }), service())?.reload).toBeUndefined();
  expect(expectationOf(service(), service({ reload: 100 }))?.reload).toBeUndefined();
});

test("files that both have are missed, those with content in both also where they are empty", () => {
  const one = new Map([
    ["/both", 5],
    ["/empty in one", 3],
    ["/one", 1],
  ]);
  const other = new Map([
    ["/both", 9],
    ["/empty in one", 0],
    ["/other", 1],
  ]);
  const files = expectationOf(
    service({ files: { first: one, again: one } }),
    service({ files: { first: other, again: other } }),
  )?.files;
  const wanted = [
    ["/both", true],
    ["/empty in one", false],
  ];
  expect([...(files?.first ?? [])]).toEqual(wanted);
  expect([...(files?.again ?? [])]).toEqual(wanted);
});

test("the content of a file counts where it is the image's, or the same in both runs and after the restart", () => {
  const contents = (first: string, again: string, image: string) => ({
    first: new Map([
      ["/own", content(first)],
      ["/image", content(image, { ofImage: true })],
    ]),
    again: new Map([
      ["/own", content(again)],
      ["/image", content(image, { ofImage: true })],
    ]),
  });
  const likenesses = (a: ReturnType<typeof contents>, b: ReturnType<typeof contents>) => {
    const known = expectationOf(service({ contents: a }), service({ contents: b }))?.contents;
    expect([...(known?.again.keys() ?? [])]).toEqual([...(known?.first.keys() ?? [])]);
    return [...(known?.first ?? [])].map(([path, { kind }]) => [path, kind]);
  };
  expect(likenesses(contents("x", "x", "i"), contents("x", "x", "i"))).toEqual([
    ["/own", "same"],
    ["/image", "same"],
  ]);
  // A log, and a counter: another one in each run, or after the restart.
  expect(likenesses(contents("x", "x", "a b"), contents("y", "y", "a c"))).toEqual([["/image", "words"]]);
  expect(likenesses(contents("1", "2", "i"), contents("1", "2", "i"))).toEqual([["/image", "same"]]);
});

test("the answers of both runs are one expectation, in each phase", () => {
  const answer = (status: number, text: string) => [
    { service: "web", status, body: givenOf(Buffer.from(text)) },
  ];
  const answers = (status: number, text: string) => ({
    first: new Map([["GET /", answer(status, text)]]),
    again: new Map([["GET /", answer(status + 1, text)]]),
  });
  const { answers: known } = baselineOf(
    run(service(), { answers: answers(200, "hello 1") }),
    run(service(), { answers: answers(503, "hello 2") }),
  );
  expect(known.first.get("GET /")).toMatchObject({ statuses: [200, 503], body: { kind: "words" } });
  expect(known.again.get("GET /")).toMatchObject({ statuses: [201, 504] });
});

test("what was seen at all is said, of a service of both runs", () => {
  const seen = service({
    ...{ listens: ["tcp/80"], hasHealth: true, hasScheduler: true, log: "one" },
    files: { again: new Map([["/x", 1]]) },
  });
  const full = baselineOf(run(seen, { readyAfter: 5 }), run(service({ log: "two" }), { readyAfter: 7 }));
  expect(full).toMatchObject({
    ...{ seesListens: true, seesFiles: true, hasHealth: true, scheduled: ["web"], readyAfter: 7 },
    logs: new Map([["web", ["one", "two"]]]),
  });
  expect(baselineOf(run(service()), run(service()))).toMatchObject({
    ...{ seesListens: false, seesFiles: false, hasHealth: false, scheduled: [] },
  });
  expect(baselineOf(run(seen), noRun).expected.size).toBe(0);
});

const failing = (reason: string, isFinal = true, name?: string): Partial<TrialRun> => ({
  failure: { kind: "restart", service: name, reason, isFinal, phase: "first" },
});

test.each([
  ["both failed", failing("a", true, "web"), failing("b"), "it does not run untouched: a", "web"],
  ["one failed", {}, failing("b", true, "web"), "one of two untouched runs failed: b", "web"],
  ["one was too slow", failing("a", false), {}, "a; --start-timeout gives it more time", undefined],
] as const)("untouched runs are no ground to judge by where %s", (_, one, other, reason, name) => {
  const found = unsteady(run(service(), one), run(service(), other));
  expect(found?.reason).toContain(reason);
  expect(found?.service).toBe(name);
  expect(found?.reason.includes("--start-timeout")).toBe(reason.includes("--start-timeout"));
});

test("untouched runs are no ground to judge by where a service ended in one alone", () => {
  const [up, over] = [service(), service({}, { running: false })];
  expect(unsteady(run(up), run(over))).toMatchObject({ service: "web" });
  expect(unsteady(run(over), run(over))).toBeUndefined();
  expect(unsteady(run(up), run(up))).toBeUndefined();
  expect(unsteady(run(up), noRun)).toBeUndefined();
});
