import { expect, test } from "vitest";
import type { Expectation } from "./compare/expected.ts";
import { runTrial, type TrialEngine } from "./run.ts";

type Answer = (path: string) => unknown;

function engineThat(get: (path: string) => Promise<unknown>): TrialEngine {
  const ended = { status: 0, stdout: "", stderr: "", timedOut: false, missing: false };
  return {
    reader: { get },
    writer: { delete: async () => ({ ok: true }) },
    docker: { run: async () => ended },
  } as unknown as TrialEngine;
}

function engineAnswering(answer: Answer): TrialEngine {
  return engineThat(async (path) => ({ ok: true, value: answer(path) ?? [] }));
}

async function failureOn(engine: TrialEngine, expected: ReadonlyMap<string, Expectation> = new Map()) {
  const { failure } = await runTrial(
    {
      ...{ project: {}, document: { folder: "/" }, services: ["web"], targets: ["web"] },
      checks: { commands: [], exec: [], http: [], services: [], limit: 1_000 },
      ...{ settle: 1, patience: 100, expected, answers: { first: new Map(), again: new Map() } },
      signal: new AbortController().signal,
    },
    engine,
  );
  return failure;
}

/** A container of the service that has done its work. */
const ended = {
  ...{ Id: "c", State: { Running: false, ExitCode: 0 } },
  Config: { Labels: { "com.docker.compose.service": "web" } },
};
const untouched: Expectation = {
  ...{ listens: [], ends: true, restarts: 0, stop: undefined, reload: undefined },
  files: { first: new Map(), again: new Map() },
  contents: { first: new Map(), again: new Map() },
};

test("an Engine that is gone is named, and more time is not advised", async () => {
  const lost = async () => ({ ok: false, reason: "it closed the connection", kind: "lost" });
  expect(await failureOn(engineThat(lost))).toMatchObject({
    ...{ reason: "the Engine does not answer: it closed the connection", isFinal: true },
  });
});

test("a service that restarts more often than it did untouched does not work", async () => {
  const answersOf = (restarts: number) => (path: string) =>
    path.startsWith("/containers/json")
      ? [{ Id: "c" }]
      : path === "/containers/c/json" && { ...ended, RestartCount: restarts };
  const expected = new Map([["web", { ...untouched, restarts: 1 }]]);
  expect(await failureOn(engineAnswering(answersOf(1)), expected)).toBeUndefined();
  expect(await failureOn(engineAnswering(answersOf(2)), expected)).toMatchObject({
    ...{ kind: "restart", reason: "web keeps restarting with status 0", isFinal: true },
  });
});

test("data that is gone after a stop and a start is missed", async () => {
  const files = new Map([["/srv/data", false]]);
  const expected = new Map([["web", { ...untouched, files: { first: files, again: files } }]]);
  const engineWith = (later: readonly unknown[]) => {
    let looks = 0;
    return engineAnswering((path) => {
      if (path.startsWith("/containers/json")) return [{ Id: "c" }];
      if (path === "/containers/c/json") return ended;
      if (path !== "/containers/c/changes") return undefined;
      looks += 1;
      return looks === 1 ? [{ Path: "/srv/data", Kind: 1 }] : later;
    });
  };
  expect(await failureOn(engineWith([{ Path: "/srv/data", Kind: 1 }]), expected)).toBeUndefined();
  expect(await failureOn(engineWith([]), expected)).toMatchObject({
    ...{ kind: "output", reason: "web: /srv/data is not there after it was stopped and started" },
  });
});

/** A container that runs until it is stopped, and again after its next start. */
function engineStopping(exitCode: number): TrialEngine {
  let running = true;
  const ended = { status: 0, stdout: "", stderr: "", timedOut: false, missing: false };
  const get = async (path: string) => {
    const State = running
      ? { Running: true, Pid: 0, StartedAt: "2027-01-31T12:00:00Z" }
      : { Running: false, ExitCode: exitCode, FinishedAt: new Date().toISOString() };
    if (path.startsWith("/containers/json")) return { ok: true, value: [{ Id: "c" }] };
    return { ok: true, value: path === "/containers/c/json" ? { ...ended, ...container, State } : [] };
  };
  return {
    reader: { get },
    writer: { delete: async () => ({ ok: true }) },
    docker: {
      async run(words: readonly string[]) {
        if (words.at(-1) === "stop") running = false;
        if (words.includes("up") || words.at(-1) === "start") running = true;
        return ended;
      },
    },
  } as unknown as TrialEngine;
}

const { State: _, ...container } = ended;

test.each([
  ["as untouched", 143, { exitCodes: [0, 143], took: 10_000 }, undefined],
  [
    "with another status",
    137,
    { exitCodes: [0, 143], took: 10_000 },
    "web ends with status 137 instead of 0",
  ],
  // Three times that and four seconds is less than nothing.
  ["later", 0, { exitCodes: [0], took: -1_400 }, /^web takes \d\.\d s to stop instead of/],
  ["as nobody knows it", 137, undefined, undefined],
] as const)("a stop that ends %s", async (_, exitCode, stop, reason) => {
  const expected = new Map([["web", { ...untouched, ends: false, stop }]]);
  const failure = await failureOn(engineStopping(exitCode), expected);
  if (reason === undefined) expect(failure).toBeUndefined();
  else
    expect(failure).toMatchObject({
      ...{
        kind: "stop",
        isFinal: true,
        phase: "first",
        suspects: expect.arrayContaining(["capabilities-drop"]),
      },
      reason: typeof reason === "string" ? expect.stringContaining(reason) : expect.stringMatching(reason),
    });
});
