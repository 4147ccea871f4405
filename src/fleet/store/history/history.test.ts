import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import Driver from "better-sqlite3";
import { expect, it, onTestFinished } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { type Database, openDatabase } from "../database.ts";
import { listHosts } from "../hosts/overview.ts";
import { openFleet } from "../open.ts";
import { schemaVersion } from "../schema/tables.ts";
import { type History, openHistory } from "./history.ts";
import { type HistoryQuery, queryHistory } from "./query.ts";

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-history-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "below/history.db");
}

async function open(path: string): Promise<Database> {
  const opened = await openDatabase(path);
  if (!opened.ok) throw new Error(opened.reason);
  onTestFinished(() => void opened.value.close());
  return opened.value;
}

function historyOf(database: Database, more: Partial<Parameters<typeof openHistory>[1]> = {}): History {
  const forever = 1_000 * 365 * 86_400_000;
  return openHistory(database, { host: vm, areaOf: () => "", retention: forever, say: () => {}, ...more });
}

const vm = { id: "0123abcd", name: "vm", engine: "unix:///docker.sock", version: "1" };
const all: HistoryQuery = { since: undefined, subject: undefined, control: undefined, openOnly: false };
const turn = () => new Promise((resolve) => setImmediate(resolve));

it("keeps when a finding opened, was last seen and was resolved", async () => {
  const database = await open(newPath());
  const history = historyOf(database);
  history.send(changeOf("opened", findingOf("privileged"), 0));
  history.send(changeOf("opened", findingOf("host-pid"), 1));
  history.send(changeOf("changed", findingOf("privileged", { severity: "low" }), 2));
  history.send(changeOf("resolved", findingOf("privileged", { severity: "low" }), 3));
  await turn();
  history.seen(Date.UTC(2027, 0, 31, 12, 0, 9));
  expect(queryHistory(database, all)).toMatchObject([
    {
      control: "privileged",
      severity: "low",
      firstSeen: "2027-01-31T12:00:00.000Z",
      lastSeen: "2027-01-31T12:00:03.000Z",
      resolved: "2027-01-31T12:00:03.000Z",
      cause: { kind: "sweep" },
    },
    {
      control: "host-pid",
      firstSeen: "2027-01-31T12:00:01.000Z",
      lastSeen: "2027-01-31T12:00:09.000Z",
      resolved: null,
    },
  ]);
  expect(history.remembered()).toEqual([findingOf("host-pid")]);
});

it("says of drift when each field came apart, and null of anything else", async () => {
  const database = await open(newPath());
  const history = historyOf(database);
  const seen = "2027-01-31T12:00:05.000Z";
  const since = { cpus: { after: undefined, seen }, memory: { after: "2027-01-31T12:00:00.000Z", seen } };
  history.send(changeOf("opened", findingOf("drift", { since }), 0));
  history.send(changeOf("opened", findingOf("host-pid"), 1));
  await turn();
  expect(queryHistory(database, all).map((entry) => entry.since)).toEqual([
    { cpus: { after: null, seen }, memory: since.memory },
    null,
  ]);
});

it("keeps that a limit was raised as what was over at once, beside what is open", async () => {
  const database = await open(newPath());
  const history = historyOf(database);
  const loosened = (second: number) =>
    changeOf("loosened", findingOf("pids-limit", { verdict: "pass", severity: "low" }), second);
  history.send(loosened(0));
  history.send(changeOf("opened", findingOf("pids-limit"), 1));
  history.send(loosened(2));
  await turn();
  expect(queryHistory(database, all)).toMatchObject([
    { verdict: "pass", firstSeen: "2027-01-31T12:00:00.000Z", resolved: "2027-01-31T12:00:00.000Z" },
    { verdict: "fail", firstSeen: "2027-01-31T12:00:01.000Z", resolved: null },
  ]);
  expect(history.remembered()).toEqual([findingOf("pids-limit")]);
  expect(history.held()).toEqual([]);
});

it("calls the host by its name and id, and knows what it kept when the host had another name", async () => {
  const database = await open(newPath());
  const before = historyOf(database, { host: { ...vm, name: "old" } });
  before.send(changeOf("opened", findingOf("privileged"), 0));
  await turn();
  expect(queryHistory(database, all)).toMatchObject([{ host: "old/0123abcd" }]);
  expect(historyOf(database, { host: { ...vm, id: "other" } }).remembered()).toEqual([]);
  expect(historyOf(database).remembered()).toEqual([findingOf("privileged")]);
  expect(queryHistory(database, all)).toMatchObject([{ host: "vm/0123abcd" }]);
});

it("has the schema of bulkhead serve: one host in it, and its counts", async () => {
  const path = newPath();
  const history = historyOf(await open(path));
  history.send(changeOf("opened", findingOf("privileged"), 0));
  await turn();
  const fleet = await openFleet(path);
  if (!fleet.ok) throw new Error(fleet.reason);
  onTestFinished(() => fleet.value.destroy());
  expect(await listHosts(fleet.value, "all")).toMatchObject([{ name: "vm", bySeverity: { high: 1 } }]);
});

it("tells all execs of a container as one subject", async () => {
  const database = await open(newPath());
  const history = historyOf(database);
  history.send(changeOf("opened", findingOf("privileged-exec", { subject: "exec:web/0123" })));
  history.send(changeOf("resolved", findingOf("privileged-exec", { subject: "exec:web/4567" }), 5));
  await turn();
  expect(queryHistory(database, all)).toMatchObject([
    { subject: "exec:web", resolved: "2027-01-31T12:00:05.000Z" },
  ]);
});

it("answers by time, subject, control and what is open", async () => {
  const database = await open(newPath());
  const history = historyOf(database);
  history.send(changeOf("opened", findingOf("privileged"), 0));
  history.send(changeOf("resolved", findingOf("privileged"), 10));
  history.send(changeOf("opened", findingOf("host-pid", { subject: "container:db" }), 20));
  await turn();
  const asked = (query: Partial<HistoryQuery>) =>
    queryHistory(database, { ...all, ...query }).map(({ subject, control }) => `${subject} ${control}`);
  const at = (second: number) => Date.UTC(2027, 0, 31, 12, 0, second);
  expect(asked({ since: at(10) })).toHaveLength(2);
  expect(asked({ since: at(11) })).toEqual(["container:db host-pid"]);
  expect(asked({ subject: "web" })).toEqual(["container:web privileged"]);
  expect(asked({ subject: "container:d*" })).toEqual(["container:db host-pid"]);
  expect(asked({ subject: "w" })).toEqual([]);
  expect(asked({ control: "host-pid" })).toEqual(["container:db host-pid"]);
  expect(asked({ openOnly: true })).toEqual(["container:db host-pid"]);
});

it("forgets what was resolved longer ago than it is to be kept, and nothing that is open", async () => {
  const path = newPath();
  const first = historyOf(await open(path));
  first.send(changeOf("opened", findingOf("privileged"), 0));
  first.send(changeOf("opened", findingOf("host-pid"), 0));
  first.send(changeOf("resolved", findingOf("privileged"), 1));
  await first.close();
  const database = await open(path);
  historyOf(database, { retention: Date.now() - Date.UTC(2027, 0, 31, 12, 0, 2) });
  expect(queryHistory(database, all)).toMatchObject([{ control: "host-pid" }]);
});

it("is for its owner alone", async () => {
  const path = newPath();
  await open(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it("refuses a database from before the first release, and leaves it as it is", async () => {
  const folder = dirname(dirname(newPath()));
  for (const [name, version] of [
    ["history", 4],
    ["serve", 0],
  ] as const) {
    const path = join(folder, `${name}.db`);
    const old = new Driver(path);
    old.exec("create table finding (id integer primary key)");
    old.pragma(`user_version = ${version}`);
    old.close();
    const reason = `${path} was written by a bulkhead from before the first release: move it away to begin a new one`;
    for (const readonly of [true, false])
      expect(await openDatabase(path, { readonly })).toEqual({ ok: false, reason });
  }
});

it("refuses a database of a newer version, and leaves it as it is", async () => {
  const path = newPath();
  (await open(path)).pragma(`user_version = ${schemaVersion + 1}`);
  const newer = await openDatabase(path);
  expect(newer).toMatchObject({
    ok: false,
    reason: expect.stringContaining("was written by a newer bulkhead"),
  });
  expect(new Driver(path).pragma("user_version", { simple: true })).toBe(schemaVersion + 1);
});

it("says what is wrong in words", async () => {
  const path = newPath();
  await open(path);
  const garbage = `${path}-garbage`;
  writeFileSync(garbage, "this is no database, it is a text that is long enough to be looked at".repeat(40));
  expect(await openDatabase(garbage)).toMatchObject({
    ok: false,
    reason: `${garbage} cannot be used: it is not a database`,
  });
  expect(await openDatabase(`${garbage}/x/history.db`)).toMatchObject({ ok: false });
  expect(await openDatabase(dirname(path))).toMatchObject({
    ok: false,
    reason: `${dirname(path)} is not a file`,
  });
  const missing = await openDatabase(`${path}-missing`, { readonly: true });
  expect(missing).toMatchObject({ ok: false, reason: expect.stringContaining("bulkhead watch writes it") });
});

it("keeps changes while the database cannot be written, says so once, and writes them when it can", async () => {
  const path = newPath();
  const database = await open(path);
  const said: string[] = [];
  const history = historyOf(database, { say: (text) => said.push(text), retryEvery: 20 });
  const size = Number(database.pragma("page_count", { simple: true }));
  database.pragma(`max_page_count = ${size}`);
  const controls = Array.from({ length: 200 }, (_, index) => `control-${index}`);
  for (const control of controls) history.send(changeOf("opened", findingOf(control)));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(said).toEqual([
    "the history cannot be written: the disk is full; the watch goes on, and changes wait",
  ]);
  expect(queryHistory(database, all)).toEqual([]);
  database.pragma("max_page_count = 100000");
  for (let waited = 0; said.length < 2 && waited < 100; waited += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(said.at(-1)).toBe("the history can be written again");
  expect(queryHistory(database, all).map(({ control }) => control)).toEqual(controls);
  await history.close();
});

it("a renamed container's finding takes the place of what another one of that name left open", async () => {
  const database = await open(newPath());
  const history = historyOf(database);
  const shop = findingOf("privileged", { subject: "container:shop" });
  history.send(changeOf("opened", findingOf("privileged"), 0));
  history.send(changeOf("opened", { ...shop, severity: "low" }, 1));
  history.send({ ...changeOf("changed", shop, 2), was: "container:web" });
  await turn();
  expect(history.remembered()).toEqual([shop]);
  expect(queryHistory(database, all)).toMatchObject([
    { subject: "container:shop", firstSeen: "2027-01-31T12:00:00.000Z", resolved: null },
    { subject: "container:shop", severity: "low", resolved: "2027-01-31T12:00:02.000Z" },
  ]);
});
