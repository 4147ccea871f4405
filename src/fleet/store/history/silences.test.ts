import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { testFolder } from "../../../../test/support/test-folder.ts";
import type { SilenceRequest } from "../../../watch/changes/silence.ts";
import { openDatabase } from "../database.ts";
import { openHistory } from "./history.ts";
import { queryHistory } from "./query.ts";

async function open(path = join(testFolder(), "history.db")) {
  const opened = await openDatabase(path);
  if (!opened.ok) throw new Error(opened.reason);
  onTestFinished(() => void opened.value.close());
  const retention = 1_000 * 365 * 86_400_000;
  const host = { id: "0123abcd", name: "vm", engine: "unix:///docker.sock", version: "1" };
  const history = openHistory(opened.value, { host, areaOf: () => "", retention, say: () => {} });
  return { path, database: opened.value, history };
}

const request: SilenceRequest = {
  ...{ kind: "silenced", control: "privileged", subject: "web", severity: "critical" },
  ...{ reason: "the nightly build", until: 2_000 },
};
const turn = () => new Promise((resolve) => setImmediate(resolve));
const privileged = findingOf("privileged");

it("are the same for every process that opens the history", async () => {
  const one = await open();
  const other = await open(one.path);
  const { id } = other.history.silences.add(request, "alice", 1_000);
  expect(one.history.silences.current()).toMatchObject([{ ...request, id, by: "alice", since: 1_000 }]);
  expect(one.history.silences.end(id, "bob", 1_500)).toBe(true);
  expect(one.history.silences.end(id, "bob", 1_600)).toBe(false);
  expect(other.history.silences.current()).toEqual([]);
  expect(other.history.silences.all()).toMatchObject([{ ended: 1_500, endedBy: "bob" }]);
});

it("that are over cannot be ended, and are kept until they are old", async () => {
  const { silences } = (await open()).history;
  const { id } = silences.add(request, "alice", 1_000);
  expect(silences.end(id, "bob", 2_000)).toBe(false);
  silences.forget(2_000);
  expect(silences.all()).toHaveLength(1);
  silences.forget(2_001);
  expect(silences.all()).toEqual([]);
});

it("an acknowledgement without a time is never too old", async () => {
  const { silences } = (await open()).history;
  silences.add({ ...request, kind: "acknowledged", until: undefined }, "alice", 1_000);
  silences.forget(Number.MAX_SAFE_INTEGER);
  expect(silences.current()).toHaveLength(1);
});

it("what was held back is known to the next watch, until the outputs were told", async () => {
  const { path, history } = await open();
  history.send(changeOf("opened", findingOf("host-pid"), 1));
  history.hold(changeOf("resolved", findingOf("host-pid"), 2));
  history.hold(changeOf("opened", privileged, 3));
  history.hold(changeOf("changed", findingOf("privileged", { severity: "critical" }), 4));
  await turn();
  const next = (await open(path)).history;
  expect(next.held()).toEqual([
    { change: changeOf("resolved", findingOf("host-pid"), 2), known: true },
    { change: changeOf("changed", findingOf("privileged", { severity: "critical" }), 4), known: false },
  ]);
  expect(next.remembered().map(({ control }) => control)).toEqual(["privileged"]);
  next.released([findingOf("host-pid"), privileged]);
  expect(next.held()).toEqual([]);
  next.hold(changeOf("resolved", privileged, 5));
  await turn();
  expect(next.held()).toMatchObject([{ change: { change: "resolved" }, known: true }]);
});

it("history shows who silenced what, and why", async () => {
  const { history, database } = await open();
  const at = Date.parse(changeOf("opened", privileged, 0).time);
  history.silences.add({ ...request, until: at - 1 }, "too early", at - 5_000);
  history.silences.add({ ...request, until: at + 5_000 }, "alice", at - 5_000);
  history.silences.add({ ...request, subject: "db", until: at + 5_000 }, "of another", at);
  history.send(changeOf("opened", privileged, 0));
  await turn();
  const all = { since: undefined, subject: undefined, control: undefined, openOnly: false };
  expect(queryHistory(database, all)).toMatchObject([
    {
      control: "privileged",
      silences: [{ kind: "silenced", by: "alice", reason: "the nightly build", ended: null }],
    },
  ]);
});
