import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { causeOfCall } from "./caller.ts";

const call = { call: "setns", process: "sleep", pid: 1 } as const;

it("says where the caller comes from while it runs, and that it has ended once it has", async () => {
  const child = spawn("sh", ["-c", "sleep 100; true"], { detached: true });
  const { pid = 0 } = child;
  const cause = causeOfCall({ ...call, caller: pid }, "/proc");
  expect(cause).toMatchObject({ kind: "kernel", call: "setns", process: "sleep", pid });
  // The first of its ancestors is this test.
  expect(cause.parents?.length).toBeGreaterThan(0);
  expect(cause.ended).toBeUndefined();
  if (process.getuid?.() === 0) expect(cause.user).toBeDefined();
  const ended = once(child, "exit");
  process.kill(-pid, "SIGKILL");
  await ended;
  expect(causeOfCall({ ...call, caller: pid }, "/proc")).toEqual({
    ...{ kind: "kernel", call: "setns", process: "sleep", pid, ended: true },
  });
});
