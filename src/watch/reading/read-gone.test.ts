import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { privileged } from "../../controls/capabilities/privileged.ts";
import type { Caller, Cause } from "../change.ts";
import { forget, readTouched } from "./read.ts";
import { testSession } from "./testing/session.ts";

const id = "a".repeat(64);
const event = (type: string, action: string, by: Caller | null): Cause => ({
  ...{ kind: "event", type, action, actor: { id, name: "web" }, process: null },
  ...{ time: "2027-01-31T12:00:00.000Z", by },
});
const created = event("container", "create", null);
const left = event("network", "disconnect", null);
const destroyed = event("container", "destroy", { client: "ci", listener: "authz" });

/** A privileged container runs, and is gone when an event of its network asks for it. */
async function gone() {
  const documents: Record<string, unknown> = {
    [`/containers/${id}/json`]: {
      ...{ Id: id, Name: "/web", State: { Running: true, Pid: 7, Status: "running" } },
      ...{ Config: {}, HostConfig: { Privileged: true } },
    },
  };
  const test = testSession(documents, [privileged]);
  await readTouched(test.session, test.client, id, created);
  expect(test.changes.map(({ change, cause }) => [change, cause])).toEqual([["opened", created]]);
  delete documents[`/containers/${id}/json`];
  await readTouched(test.session, test.client, id, left);
  return test;
}

it("a container that left its network before it went was taken away by what the Engine tells last", async () => {
  const { session, changes, stop } = await gone();
  forget(session, id, destroyed);
  await pause(400);
  stop();
  expect(changes.map(({ change, cause }) => [change, cause]).slice(1)).toEqual([["resolved", destroyed]]);
});

it("a container of whose end no event tells is gone all the same", async () => {
  const { changes, stop } = await gone();
  await expect.poll(() => changes.length).toBe(2);
  stop();
  expect(changes[1]).toMatchObject({ change: "resolved", cause: left });
});
