import { expect, test } from "vitest";
import type { Expectation } from "./expected.ts";
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
