import fc from "fast-check";
import { expect, test } from "vitest";
import {
  calls,
  clients,
  type Policies,
  policies,
  type State,
  worse,
} from "../../../test/support/guard/never-worse.ts";
import { brokenByCalls, imageId, mockEngine } from "../../../test/support/guard/never-worse-mock.ts";

test("never worse: what two clients ask under any policies comes to nothing that these forbid", async () => {
  const runs = { numRuns: Number(process.env.NEVER_WORSE_RUNS ?? 60) };
  await fc.assert(
    fc.asyncProperty(policies, calls, async (all, asked) => {
      expect(await brokenByCalls(all, asked)).toEqual([]);
    }),
    runs,
  );
});

test("the oracle sees what it is there for", async () => {
  const open: Policies = { ann: {}, bob: {} };
  const made = (HostConfig: unknown): State => {
    const { state } = mockEngine();
    return {
      ...state,
      containers: new Map([["evil", { Config: { Labels: {} }, HostConfig, State: { Running: true } }]]),
    };
  };
  const { state } = mockEngine();
  const none = { ...state, containers: new Map() };
  for (const [host, what] of [
    [{ Privileged: true }, "is privileged"],
    [{ Binds: ["/srv/ann/link:/m"] }, "mounts /etc"],
    [{ PidMode: "host" }, "shares PidMode"],
    [{ CapAdd: ["SYS_ADMIN"] }, "has SYS_ADMIN"],
  ] as const)
    expect(worse(none, made(host), { client: "ann" }, open).join()).toContain(what);
  const moved = { ...none, tags: new Map([["postgres:17", imageId]]) };
  expect(worse(none, moved, { client: "ann" }, { ...open, ann: { owner: true } }).join()).toContain(
    "postgres:17",
  );
  expect(clients).toHaveLength(2);
});
