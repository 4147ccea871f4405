import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { privilegedExec } from "../../controls/capabilities/privileged-exec.ts";
import type { Cause } from "../change.ts";
import type { WatchSession } from "../session.ts";
import { openExecStarts } from "./exec-starts.ts";
import { readTouched } from "./read.ts";
import { testSession } from "./testing/session.ts";

const id = "a".repeat(64);
const exec = "e".repeat(64);
const kernel: Cause = { kind: "kernel", call: "execve", process: "sleep", pid: 4242 };

/** What the Engine says of a running container with a privileged exec. */
const documents: Readonly<Record<string, unknown>> = {
  [`/containers/${id}/json`]: {
    Id: id,
    Name: "/web",
    State: { Running: true, Pid: 7, Status: "running" },
    Config: {},
    HostConfig: {},
    ExecIDs: [exec],
  },
  [`/exec/${exec}/json`]: {
    ...{ ID: exec, Running: true, Pid: 4242, ContainerID: id },
    ProcessConfig: { entrypoint: "/bin/sleep", arguments: ["1000"], privileged: true },
  },
};

/** The kernel tells of a call of the exec's process; `told` is done meanwhile. Gives what is told of the exec. */
async function kernelTells(told: (starts: WatchSession["starts"]) => void | Promise<void>) {
  const { session, client, changes, stop } = testSession(documents, [privilegedExec]);
  await Promise.all([readTouched(session, client, id, kernel), told(session.starts)]);
  stop();
  return changes.filter(({ finding }) => finding.subject.startsWith("exec:"));
}

const started = (process: string | undefined): Cause => ({
  ...{ kind: "event", type: "container", action: "exec_start", actor: { id, name: "web" } },
  ...{ process: process ?? null, time: "2027-01-31T12:00:00.000Z" },
});
const start = { container: id, cause: started };

it.each([
  ["before the kernel does", 0],
  ["a moment after the kernel does", 100],
])("an exec of which the Engine tells %s has its event as the cause", async (_, wait) => {
  const [change, ...others] = await kernelTells(async (starts) => {
    if (wait > 0) await pause(wait);
    starts.take(exec, start);
  });
  expect(change?.cause).toEqual(started("sleep"));
  expect(others).toEqual([]);
});

it("an exec whose event does not come has the kernel's call as the cause, in less than a second on a busy machine", async () => {
  const before = performance.now();
  const [change] = await kernelTells(() => {});
  expect(change?.cause).toEqual(kernel);
  expect(performance.now() - before).toBeLessThan(1_000);
});

it("what an exec gains after it was looked at is not its event's doing", () => {
  const starts = openExecStarts();
  starts.take(exec, start);
  expect(starts.isOpen(id)).toBe(true);
  starts.read(exec);
  expect(starts.isOpen(id)).toBe(false);
  expect(starts.causeOf({ id: exec, process: "sh" })).toEqual(started("sh"));
  starts.settled(exec);
  expect(starts.causeOf({ id: exec, process: "sh" })).toBeUndefined();
});
