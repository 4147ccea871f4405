import { expect, test } from "vitest";
import { runTrial, type TrialEngine } from "./run.ts";

test("an Engine that is gone is named, and more time is not advised", async () => {
  const lost = async () => ({ ok: false, reason: "it closed the connection", kind: "lost" });
  const ended = { status: 0, stdout: "", stderr: "", timedOut: false, missing: false };
  const engine = {
    ...{ reader: { get: lost }, writer: { delete: lost } },
    docker: { run: async () => ended },
  } as unknown as TrialEngine;
  const { failure } = await runTrial(
    {
      ...{ project: {}, document: { folder: "/" }, services: ["web"], targets: ["web"] },
      checks: { command: undefined, exec: [], http: [], limit: 1_000 },
      ...{ settle: 100, patience: 100, expected: new Map() },
      signal: new AbortController().signal,
    },
    engine,
  );
  expect(failure).toMatchObject({
    ...{ reason: "the Engine does not answer: it closed the connection", isFinal: true },
  });
});
