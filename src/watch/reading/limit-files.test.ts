import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { testFolder } from "../../../test/support/test-folder.ts";
import type { Answer } from "../../engine/client.ts";
import type { Cause } from "../change.ts";
import { followLimitFiles } from "./limit-files.ts";
import { readTouched } from "./read.ts";
import { testSession } from "./testing/session.ts";

const id = "a".repeat(64);
const path = `/containers/${id}/json`;
const created: Cause = {
  ...{ kind: "event", type: "container", action: "create", actor: { id, name: "web" }, process: null },
  time: "2027-01-31T12:00:00.000Z",
};

const inspected = (pids: number) => ({
  ...{ Id: id, Name: "/web", State: { Running: true, Pid: 7, Status: "running" } },
  ...{ Config: {}, HostConfig: { PidsLimit: pids } },
});

/** A container with 50 processes whose limits are files of a folder, and the causes for which it is judged from now on. */
async function followed() {
  const folder = testFolder();
  const [proc, cgroup] = [join(folder, "proc"), join(folder, "cgroup")];
  const own = join(cgroup, "docker", id);
  mkdirSync(join(proc, "7"), { recursive: true });
  mkdirSync(own, { recursive: true });
  writeFileSync(join(proc, "7", "cgroup"), `0::/docker/${id}\n`);
  writeFileSync(join(own, "cgroup.controllers"), "pids\n");
  const limit = join(own, "pids.max");
  writeFileSync(limit, "50\n");
  const documents: Record<string, unknown> = { [path]: inspected(50) };
  const { session, client, stop } = testSession(documents, []);
  await readTouched(session, client, id, created);
  const judged: (readonly [string, Cause])[] = [];
  const publisher = {
    ...session.publisher,
    containers: (ids: readonly string[], cause: (id: string) => Cause) =>
      judged.push(...ids.map((each) => [each, cause(each)] as const)),
  };
  const asked: string[] = [];
  let answer: (path: string) => Promise<Answer> = client.get;
  const watched = { ...session, publisher };
  const follower = followLimitFiles(watched, { proc, cgroup }, () => ({
    ...client,
    get(of) {
      asked.push(of);
      return answer(of);
    },
  }));
  follower.refresh();
  onTestFinished(() => {
    follower.stop();
    stop();
  });
  return {
    ...{ documents, limit, judged, asked, session: watched },
    answers(how: typeof answer) {
      answer = how;
    },
  };
}

it("a limit that somebody writes is the cause of what is found", async () => {
  const { limit, judged, session } = await followed();
  writeFileSync(limit, "max");
  await expect.poll(() => judged).toEqual([[id, { kind: "file", path: limit }]]);
  expect(session.written.size).toBe(0);
});

it("a limit that the Engine's update writes is left to the update's event", async () => {
  const { documents, limit, judged, asked, session } = await followed();
  documents[path] = inspected(-1);
  writeFileSync(limit, "max");
  await expect.poll(() => asked).toEqual([path]);
  await expect.poll(() => session.written.size).toBe(0);
  expect(judged).toEqual([]);
  // The next write is looked at again.
  documents[path] = inspected(50);
  writeFileSync(limit, "60");
  await expect.poll(() => judged).toEqual([[id, { kind: "file", path: limit }]]);
});

it("an Engine that does not answer hides no limit that somebody writes", async () => {
  const { limit, judged, answers } = await followed();
  answers(() => new Promise(() => {}));
  writeFileSync(limit, "max");
  await expect.poll(() => judged, { timeout: 5_000 }).toEqual([[id, { kind: "file", path: limit }]]);
});

it("an Engine that refuses hides none either", async () => {
  const { limit, judged, answers } = await followed();
  answers(async () => ({ ok: false, reason: "gone", kind: "lost" }));
  writeFileSync(limit, "max");
  await expect.poll(() => judged).toEqual([[id, { kind: "file", path: limit }]]);
});

it("a counter of the kernel is no limit", async () => {
  const { limit, judged } = await followed();
  writeFileSync(join(limit, "..", "pids.events"), "max 1");
  writeFileSync(join(limit, "..", "memory.stat"), "anon 1");
  writeFileSync(limit, "max");
  await expect.poll(() => judged).toEqual([[id, { kind: "file", path: limit }]]);
});
