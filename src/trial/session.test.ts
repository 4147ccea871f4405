import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import type { TrialEngine } from "./run.ts";
import type { Scratch } from "./scratch.ts";
import { openSession, type SessionOptions } from "./session.ts";

const answers: Readonly<Record<string, unknown>> = {
  "/containers/json": [{ Id: "c" }],
  // It has done its work, so that a run need not wait.
  "/containers/c/json": {
    ...{ Id: "c", State: { Running: false, ExitCode: 0 } },
    Config: { Labels: { "com.docker.compose.service": "web" } },
  },
  "/images/web%3A1/json": { Id: "sha256:1", Config: {} },
};

const missing = "stat /entrypoint.sh: no such file or directory";
const unhealthy: string = "dependency failed to start: container a-db-1 is unhealthy";

/** An Engine whose starts of these numbers fail. */
function engineFailing(numbers: readonly number[], stderr: string): TrialEngine {
  let starts = 0;
  const ended = { status: 0, stdout: "", stderr: "", timedOut: false, missing: false };
  const refused = { ...ended, status: 1, stderr };
  return {
    reader: { get: async (path: string) => ({ ok: true, value: answers[path.split("?")[0] ?? ""] ?? [] }) },
    writer: { delete: async () => ({ ok: true }) },
    docker: {
      async run(words: readonly string[]) {
        if (words.includes("up")) starts += 1;
        return words.includes("up") && numbers.includes(starts) ? refused : ended;
      },
    },
  } as unknown as TrialEngine;
}

test.each([
  ["neither", [], 2, { ok: true }],
  ["the first: it is run again", [1], 3, { ok: true }],
  ["the second: it is run again", [2], 3, { ok: true }],
  [
    ...["one, for a dependency's sake: it is not run again", [1], 2],
    { ok: false, reason: `it is not steady: one of two untouched runs failed: ${unhealthy}` },
    unhealthy,
  ],
  [
    ...["one, twice", [1, 3], 3],
    {
      ok: false,
      reason: `it is not steady: one of two untouched runs failed: ${missing}`,
    },
  ],
  [...["both", [1, 2], 2], { ok: false, reason: `it does not run untouched: ${missing}` }],
] as const)(
  "of two untouched runs docker cannot start %s",
  async (_, failing, starts, expected, stderr = `Error response from daemon: ${missing}`) => {
    const document = { name: "a", folder: "/", services: { web: { image: "web:1" } }, rest: {} };
    const scratch: Scratch = { folder: tmpdir(), make: () => tmpdir(), remove() {} };
    const options: SessionOptions = {
      checks: { commands: [], exec: [], http: [], services: [], limit: 1_000 },
      ...{ settle: 1, patience: 1_000, allow: [], withData: undefined, owner: "test" },
      signal: new AbortController().signal,
      progress: async () => {},
    };
    const session = await openSession(document, ["web"], engineFailing(failing, stderr), scratch, options);
    if (!session.ok) throw new Error(session.reason);
    expect(await session.value.untouched()).toMatchObject(expected);
    expect(session.value.starts()).toBe(starts);
  },
);
