import { cpSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createConnection, createServer as createRelay } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { findingOf } from "../../../test/support/changes.ts";
import { changesOf, everywhere } from "../../../test/support/fleet/fleet.ts";
import { madeUpServer } from "../../../test/support/fleet/other-servers.ts";
import { describeStores } from "../../../test/support/fleet/postgres.ts";
import { identityFile, testHost, testServer } from "../../../test/support/fleet/reporting.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import type { Accepted } from "../protocol/report.ts";
import { addAcceptance, endAcceptance } from "../store/findings/acceptances.ts";
import type { NewAcceptance } from "../store/findings/acceptances-applied.ts";
import { findingWithChanges, listFindings } from "../store/findings/findings.ts";
import { removeHost } from "../store/hosts/reports.ts";
import type { FleetDatabase } from "../store/open.ts";

const page = { offset: 0, limit: 500 };

async function openOn(database: FleetDatabase): Promise<readonly string[]> {
  const rows = await listFindings(database, everywhere, page);
  return rows.map(({ control }) => control).toSorted();
}

/** Relays connections to a server, and breaks off those that `breaks` says: before or after the server took the request. */
async function flaky(to: string, breaks: () => "before" | "after" | "never"): Promise<string> {
  const relay = createRelay((client) => {
    const how = breaks();
    client.on("error", () => {});
    if (how === "before") return void client.destroy();
    const server = createConnection(Number(new URL(to).port), "127.0.0.1");
    server.on("error", () => client.destroy());
    client.pipe(server);
    if (how === "never") server.pipe(client);
    else server.once("data", () => client.destroy());
    client.on("close", () => server.destroy());
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => relay.once("listening", resolve));
  onTestFinished(() => void relay.close());
  return `http://127.0.0.1:${(relay.address() as AddressInfo).port}`;
}

describeStores((open) => {
  it("a host enrols, tells what is open, and then what changes", async () => {
    const database = await open();
    const { url } = await testServer(database);
    const folder = testFolder();
    const host = testHost(url, { folder, open: [findingOf("privileged"), findingOf("host-pid")] });
    await expect.poll(() => openOn(database)).toEqual(["host-pid", "privileged"]);
    host.change("opened", findingOf("memory-limit"));
    host.change("resolved", findingOf("host-pid"));
    await expect.poll(() => openOn(database)).toEqual(["memory-limit", "privileged"]);
    expect(await changesOf(database, "host-pid")).toEqual(["opened", "resolved"]);
    // A level that was read later.
    host.setOpen([findingOf("privileged", { message: "more" }), findingOf("memory-limit")]);
    host.looked();
    await expect
      .poll(async () => (await listFindings(database, everywhere, page)).map(({ message }) => message))
      .toContain("more");
    expect(await changesOf(database, "privileged")).toEqual(["opened"]);
    expect(host.waiting()).toBe(0);
    const { key } = JSON.parse(readFileSync(identityFile(folder), "utf8"));
    expect(statSync(identityFile(folder)).mode & 0o777).toBe(0o600);
    const rows = await database.selectFrom("reporter").selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(key);
  });

  it("what a watch finds late of how things were at its start is told, too", async () => {
    const database = await open();
    const { url } = await testServer(database);
    const host = testHost(url, { open: [findingOf("privileged")] });
    await expect.poll(() => openOn(database)).toEqual(["privileged"]);
    host.change("opened", findingOf("host-pid", { verdict: "unknown" }), { kind: "start" });
    await expect.poll(() => openOn(database)).toEqual(["host-pid", "privileged"]);
  });

  it("a host gets what is accepted once, and again when that changes", async () => {
    const database = await open();
    const { url } = await testServer(database);
    const lists: Accepted[] = [];
    const acceptances = {
      revision: () => lists.at(-1)?.revision ?? "",
      set: (accepted: Accepted) => void lists.push(accepted),
    };
    const told = () => lists.map(({ ignores }) => ignores.map(({ control }) => control));
    const host = testHost(url, { open: [findingOf("privileged")], acceptances });
    await expect.poll(told).toEqual([[]]);
    const [row] = await database.selectFrom("host").select("id").execute();
    const until = "2099-01-01";
    const rest = { host: null, subject: null, image: null, project: null, team: null, reason: "x", until };
    const author = { id: 1, name: "ada" };
    const own = { ...rest, scope: "finding", host: row?.id ?? "", subject: "container:web", author } as const;
    const add = (more: Partial<NewAcceptance>) =>
      addAcceptance(database, { ...own, control: "a", waits: false, ...more }, Date.now());
    const id = await add({ control: "privileged" });
    await expect.poll(told).toEqual([[], ["privileged"]]);
    expect(lists.at(-1)?.ignores).toEqual([
      { control: "privileged", subject: "container:web", reason: "x", until: "2099-01-01" },
    ]);
    await add({ control: "of-another-host", host: "other" });
    await add({ control: "over", until: "2020-01-01" });
    await add({ control: "waits", waits: true });
    await add({ ...rest, scope: "image", control: "on-image", image: "nginx:1" });
    await expect.poll(() => told().at(-1)).toEqual(["privileged", "on-image"]);
    await endAcceptance(database, id, Date.now());
    await expect.poll(() => told().at(-1)).toEqual(["on-image"]);
    // Of a team alone: for its hosts, from when on they are its hosts.
    const created = { name: "prod", labels: "[]", created: 1 };
    const team = await database.insertInto("team").values(created).returning("id").executeTakeFirstOrThrow();
    const revision = lists.at(-1)?.revision;
    await add({ ...rest, scope: "project", control: "of-team", project: "shop", team: Number(team.id) });
    await expect.poll(() => lists.at(-1)?.revision).not.toBe(revision);
    expect(told().at(-1)).toEqual(["on-image"]);
    await database
      .insertInto("team_host")
      .values({ team: Number(team.id), host: row?.id ?? "" })
      .execute();
    await expect.poll(() => told().at(-1)).toEqual(["on-image", "of-team"]);
    // Serve goes on knowing what is open there.
    expect(await openOn(database)).toEqual(["privileged"]);
    // Nothing new: nothing is sent.
    const before = lists.length;
    for (let report = 0; report < 3; report += 1) {
      host.change("opened", findingOf(`more-${report}`));
      await expect.poll(() => openOn(database)).toHaveLength(report + 2);
    }
    expect(lists).toHaveLength(before);
  });

  it("over a network that breaks off half of all reports, each change is kept once", async () => {
    const database = await open();
    const { url } = await testServer(database);
    let turn = 0;
    const relay = await flaky(
      url,
      () => (["after", "never", "before", "never"] as const)[turn++ % 4] ?? "never",
    );
    const host = testHost(relay);
    for (let index = 0; index < 60; index += 1) {
      host.change("opened", findingOf(`control-${index}`));
      if (index % 3 === 0) host.change("resolved", findingOf(`control-${index}`));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await expect.poll(() => openOn(database), { timeout: 15_000 }).toHaveLength(40);
    await expect.poll(() => host.waiting(), { timeout: 15_000 }).toBe(0);
    for (let index = 0; index < 60; index += 1) {
      const kept = await changesOf(database, `control-${index}`);
      // What was told as a whole at the beginning has no change but its opening.
      expect(kept.filter((change) => change === "opened").length).toBeLessThanOrEqual(1);
      expect(kept.filter((change) => change === "resolved").length).toBeLessThanOrEqual(1);
    }
  });

  it("what waited when a watch was killed is told by the next one, and what it missed", async () => {
    const database = await open();
    const { url } = await testServer(database);
    const folder = testFolder();
    const first = testHost(url, { folder, open: [findingOf("gone-meanwhile")] });
    await expect.poll(() => openOn(database), { timeout: 15_000 }).toEqual(["gone-meanwhile"]);
    await first.close();
    // Nobody listens: the change stays on the disk, in a folder as a kill leaves it.
    const away = testHost("http://127.0.0.1:1", { folder, isReady: true });
    away.change("opened", findingOf("while-away"));
    away.change("resolved", findingOf("while-away"));
    expect(away.waiting()).toBe(2);
    const killed = testFolder();
    cpSync(folder, killed, { recursive: true });
    testHost(url, { folder: killed, open: [findingOf("still-there")] });
    await expect.poll(() => openOn(database)).toEqual(["still-there"]);
    expect(await database.selectFrom("host").select("id").execute()).toHaveLength(1);
  });

  it("a host whose folder is a copy from before counts on from what was told, and loses nothing", async () => {
    const database = await open();
    const { url } = await testServer(database);
    const folder = testFolder();
    const first = testHost(url, { folder });
    await expect.poll(() => database.selectFrom("reporter").select("last").execute()).toHaveLength(1);
    const copy = testFolder();
    cpSync(folder, copy, { recursive: true });
    await first.close();
    const second = testHost(url, { folder });
    second.change("opened", findingOf("one"));
    await expect.poll(() => openOn(database)).toEqual(["one"]);
    await second.close();
    await testHost(url, { folder }).close();
    const back = testHost(url, { folder: copy, open: [findingOf("one")] });
    back.change("opened", findingOf("two"));
    await expect.poll(() => openOn(database)).toEqual(["one", "two"]);
    back.change("opened", findingOf("three"));
    await expect.poll(() => openOn(database)).toEqual(["one", "three", "two"]);
  });

  it("a host that was away for weeks tells what is open as a whole, and its queue stays small", async () => {
    const database = await open();
    const { url } = await testServer(database);
    let isAway = true;
    const relay = await flaky(url, () => (isAway ? "before" : "never"));
    const host = testHost(relay, { queueSize: 64 * 1024 });
    for (let index = 0; index < 1_000; index += 1) {
      host.change("opened", findingOf("comes-and-goes"));
      host.change("resolved", findingOf("comes-and-goes"));
    }
    host.change("opened", findingOf("stays"));
    expect(host.waiting()).toBeLessThan(400);
    isAway = false;
    await expect.poll(() => openOn(database), { timeout: 10_000 }).toEqual(["stays"]);
    await expect.poll(() => host.waiting()).toBe(0);
    expect(await changesOf(database, "comes-and-goes")).toEqual([]);
  });

  it("a clock that is wrong is said here and there, and times are put right", async () => {
    const database = await open();
    const { url } = await testServer(database);
    const host = testHost(url, { clock: () => Date.now() + 600_000 });
    await expect.poll(() => openOn(database)).toEqual(["host-clock"]);
    await expect
      .poll(() => host.said.filter((text) => text.includes("clock")))
      .toEqual([`the clock of this host is 10 minutes ahead of that of ${url}: set it by NTP`]);
    // changeOf's changes are of the year 2027.
    host.change("opened", findingOf("privileged"));
    await expect.poll(() => openOn(database)).toContain("privileged");
    const row = (await listFindings(database, everywhere, page)).find(
      ({ control }) => control === "privileged",
    );
    expect(row?.opened).toBeLessThanOrEqual(Date.now());
    const changes = (await findingWithChanges(database, row?.id ?? 0, "all"))?.changes;
    expect(changes?.[0]?.time).toBeLessThanOrEqual(Date.now());
    await host.close();
    const right = testHost(url, {});
    await expect.poll(() => database.selectFrom("host").select("id").execute()).toHaveLength(2);
    expect(right.said.join()).not.toContain("clock");
  });

  it("a host that was removed is told so, and one without a token that is good", async () => {
    const database = await open();
    const { url } = await testServer(database);
    const host = testHost(url, { open: [findingOf("privileged")] });
    await expect.poll(() => openOn(database)).toEqual(["privileged"]);
    const [row] = await database.selectFrom("host").select("id").execute();
    expect(await removeHost(database, row?.id ?? "", Date.now())).toBe("h.example");
    await expect
      .poll(() => host.said.at(-1))
      .toBe(
        `${url} does not know this host: No host has this key. It was removed, or never enrolled here: reports wait, and are sent again until it takes them`,
      );
    expect(await openOn(database)).toEqual([]);
    const stranger = testHost(url, { token: "a-token-that-nobody-made" });
    await expect.poll(() => stranger.said.join()).toContain("does not enrol this host: The enrolment token");
    expect(await database.selectFrom("host").select("id").execute()).toEqual([]);
  });
});

it("a host keeps its reports while the server speaks another version of the protocol, and says so once", async () => {
  const { url, told } = await madeUpServer(undefined, () => ({ protocol: 2 }));
  const host = testHost(url);
  host.change("opened", findingOf("privileged"));
  await expect.poll(() => told.length, { timeout: 10_000 }).toBeGreaterThan(2);
  expect(host.said.filter((text) => text.includes("speaks version 2 of the protocol"))).toHaveLength(1);
  expect(host.waiting()).toBe(1);
});

describe("a host that is asked to wait", () => {
  it("waits as long, and does not ask meanwhile", async () => {
    const asked: number[] = [];
    const server: Server = createServer((_, response) => {
      asked.push(performance.now());
      response.writeHead(503, { "retry-after": "1" }).end();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    onTestFinished(() => void server.close());
    const host = testHost(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    host.change("opened", findingOf("privileged"));
    await expect.poll(() => asked.length, { timeout: 10_000 }).toBe(2);
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(990);
    expect(host.said).toHaveLength(1);
  });
});
