import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { describeStores } from "../../../../test/support/fleet/postgres.ts";
import { testService } from "../../../../test/support/fleet/serve.ts";
import { framesIn } from "../../../../test/support/fleet/syslog-frames.ts";
import { addAcceptance, endAcceptance } from "../../store/findings/acceptances.ts";
import { findSilent, silentAfter } from "../../store/findings/own-findings.ts";
import { putChanges, putHost, putOpen } from "../../store/hosts/hosts.ts";
import { mostWaiting, queueNotices } from "../../store/notifications/outbox.ts";
import {
  addRule,
  listRules,
  type NewRule,
  nextMonday,
  rulesWithQueues,
  setPaused,
} from "../../store/notifications/rules.ts";
import type { FleetDatabase } from "../../store/open.ts";
import { addTeam } from "../../store/teams/teams.ts";
import { openMailer } from "./mail.ts";
import { openSender } from "./sender.ts";
import { summaryWords } from "./words.ts";

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: { host?: string; changes?: { id: string; change: string; finding: { control: string } }[] };
}

/** A receiver of webhooks, which answers what `status` says. */
async function receiver(status: (received: Received) => number = () => 200) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (part: string) => {
      text += part;
    });
    request.on("end", () => {
      const each = {
        path: request.url ?? "",
        headers: request.headers,
        body: JSON.parse(text) as Received["body"],
      };
      response.statusCode = status(each);
      if (response.statusCode === 200) received.push(each);
      response.end();
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`;
  const told = () =>
    received.flatMap(({ body }) =>
      (body.changes ?? []).map(({ change, finding }) => `${body.host} ${change} ${finding.control}`),
    );
  return { url, received, told };
}

/** A syslog over TCP, with the messages of all its connections. */
async function syslogServer() {
  const chunks: Buffer[][] = [];
  const server = createTcpServer((socket) => {
    const own: Buffer[] = [];
    chunks.push(own);
    socket.on("data", (chunk) => own.push(chunk));
    socket.on("end", () => socket.end());
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  const messages = () => chunks.flatMap((own) => framesIn(Buffer.concat(own)));
  return { port: (server.address() as AddressInfo).port, messages };
}

const to = (target: string, more: Partial<NewRule> = {}): NewRule => ({
  ...{ name: "ops", kind: "changes", team: null, severity: "high", controls: [], labels: [] },
  ...{ type: "webhook", target, secret: null, token: null, facility: null, author: "ada" },
  ...more,
});

async function host(database: FleetDatabase, id: string, at?: string, now = Date.now()): Promise<void> {
  const labels = at === undefined ? undefined : { at };
  const state = { id, name: id, engine: "e", version: "1", connected: true, containers: [], labels };
  await putHost(database, state, now);
}

const opened = (database: FleetDatabase, id: string, control: string, severity?: "low" | "high") =>
  putChanges(database, id, [changeOf("opened", findingOf(control, severity ? { severity } : {}))], () => "");

function sender(database: FleetDatabase, more: Parameters<typeof testService>[1] = {}) {
  const { service, said } = testService(database, more);
  const running = openSender(service);
  onTestFinished(() => running.close());
  return { said, news: service.news, running };
}

const patience = { timeout: 20_000 };

describeStores((open) => {
  it("a replica without mail leaves a mail to the others, and says so where none takes it", async () => {
    const database = await open();
    await host(database, "h");
    const beside = await receiver();
    await addRule(database, to("ops@example.org", { name: "mail", type: "mail" }), 1);
    await addRule(database, to(beside.url), 1);
    const change = changeOf("opened", findingOf("privileged"));
    await putChanges(database, "h", [{ ...change, time: new Date().toISOString() }], () => "");
    const { news } = sender(database);
    // In the same round.
    await expect.poll(beside.told, patience).toHaveLength(1);
    const mail = async () => (await listRules(database)).find(({ name }) => name === "mail");
    expect(await mail()).toMatchObject({ failures: 0, trouble: null });
    const long = { ...change, time: new Date(Date.now() - 180_000).toISOString() };
    await database
      .updateTable("notification")
      .set({ record: JSON.stringify(long) } as never)
      .execute();
    news.tell("findings", "h");
    await expect.poll(async () => (await mail())?.failures, patience).toBe(1);
  });

  it("more than could wait is not even written: the newest are, and the others count as lost", async () => {
    const database = await open();
    await host(database, "h");
    await addRule(database, to("http://127.0.0.1:1/"), 1);
    const finding = findingOf("privileged");
    const changes = Array.from({ length: mostWaiting + 5 }, (_, id) => ({
      ...{ id, time: 1, change: "opened", finding, cause: { kind: "sweep" } },
    })) satisfies readonly object[];
    await queueNotices(database, "h", changes as never);
    const rows = await database.selectFrom("notification").select("finding").orderBy("id").execute();
    expect([rows.length, rows[0]?.finding, rows.at(-1)?.finding]).toEqual([mostWaiting, 5, mostWaiting + 4]);
    expect(await rulesWithQueues(database)).toMatchObject([{ name: "ops", waiting: mostWaiting, lost: 5 }]);
  });

  it("sends what waits of a host together, however many hosts changed in between", async () => {
    const database = await open();
    const { url, received } = await receiver();
    for (const id of ["east", "west"]) await host(database, id);
    await addRule(database, to(url), 1);
    const names = ["a", "b", "c", "d"];
    for (const control of names) for (const id of ["east", "west"]) await opened(database, id, control);
    sender(database);
    await expect.poll(() => received.length, patience).toBe(2);
    const told = received.map(({ body }) => [body.host, body.changes?.map(({ finding }) => finding.control)]);
    expect(told).toEqual([
      ["east", names],
      ["west", names],
    ]);
  });

  it("tells changes that a rule wants: by severity, control, label and team, and what got milder", async () => {
    const database = await open();
    await host(database, "west", "west");
    await host(database, "east", "east");
    const team = Number(await addTeam(database, { name: "w", labels: ["at=west"] }, 1));
    const [all, ofTeam, ofLabel, ofControl] = await Promise.all([
      receiver(),
      receiver(),
      receiver(),
      receiver(),
    ]);
    await addRule(database, to(all.url, { secret: "s", token: "t" }), 1);
    await addRule(database, to(ofTeam.url, { name: "team", team }), 1);
    await addRule(database, to(ofLabel.url, { name: "label", labels: ["at=east"] }), 1);
    await addRule(database, to(ofControl.url, { name: "control", controls: ["host-pid"] }), 1);
    for (const id of ["west", "east"]) await opened(database, id, "privileged");
    await opened(database, "west", "quiet", "low");
    await opened(database, "west", "host-pid");
    await putChanges(
      database,
      "west",
      [
        changeOf("changed", findingOf("privileged", { severity: "low" })),
        changeOf("resolved", findingOf("host-pid")),
      ],
      () => "",
    );
    sender(database);
    await expect
      .poll(all.told, patience)
      .toEqual([
        "west opened privileged",
        "west opened host-pid",
        "west changed privileged",
        "west resolved host-pid",
        "east opened privileged",
      ]);
    await expect
      .poll(ofTeam.told, patience)
      .toEqual([
        "west opened privileged",
        "west opened host-pid",
        "west changed privileged",
        "west resolved host-pid",
      ]);
    await expect.poll(ofLabel.told, patience).toEqual(["east opened privileged"]);
    await expect.poll(ofControl.told, patience).toEqual(["west opened host-pid", "west resolved host-pid"]);
    expect(all.received[0]?.headers).toMatchObject({
      authorization: "Bearer t",
      "bulkhead-signature": expect.stringMatching(/^v1=[0-9a-f]{64}$/),
    });
    await expect
      .poll(async () => (await listRules(database)).map(({ sent, waiting }) => [sent, waiting]), patience)
      .toEqual([
        [2, 0],
        [1, 0],
        [5, 0],
        [4, 0],
      ]);
  });

  it("sends nothing while a rule is paused: what waited goes on, what changed meanwhile is not told", async () => {
    const database = await open();
    await host(database, "h");
    const { url, told } = await receiver();
    const id = Number(await addRule(database, to(url), 1));
    await opened(database, "h", "before");
    expect(await setPaused(database, id, true, Date.now())).toBe("ops");
    await opened(database, "h", "meanwhile");
    const { news } = sender(database);
    // A look of the sender is every five seconds.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(told()).toEqual([]);
    expect(await listRules(database)).toMatchObject([{ paused: true, waiting: 1, failures: 0 }]);
    await setPaused(database, id, false, Date.now());
    await opened(database, "h", "after");
    news.tell("findings");
    await expect.poll(told, patience).toEqual(["h opened before", "h opened after"]);
  });

  it("a summary that fell due while its rule was paused is not sent late", async () => {
    const database = await open();
    const id = Number(await addRule(database, to("https://x.example/", { kind: "weekly" }), 1));
    await setPaused(database, id, true, 1);
    const now = Date.UTC(2026, 10, 25);
    await setPaused(database, id, false, now);
    expect(await listRules(database)).toMatchObject([{ due: Date.UTC(2026, 10, 30, 7), paused: false }]);
  });

  it("tells a syslog in watch's form, under the name of the watched host", async () => {
    const database = await open();
    await host(database, "h");
    const { port, messages } = await syslogServer();
    const syslog = { type: "syslog", facility: "local3" } as const;
    await addRule(database, to(`tcp://127.0.0.1:${port}`, syslog), 1);
    await putChanges(
      database,
      "h",
      [
        changeOf("opened", findingOf("there-before"), 0, { kind: "start" }),
        changeOf("opened", findingOf("privileged")),
        changeOf("resolved", findingOf("privileged")),
      ],
      () => "",
    );
    sender(database);
    await expect
      .poll(messages, patience)
      .toEqual([
        expect.stringMatching(/^<155>1 \S+Z h bulkhead \d+ opened - opened high privileged container:/),
        expect.stringMatching(/^<157>1 \S+Z h bulkhead \d+ resolved - resolved high privileged container:/),
      ]);
    await expect
      .poll(async () => (await listRules(database))[0], patience)
      .toMatchObject({ sent: 2, waiting: 0 });
  });

  it("waits for a syslog that is not there", async () => {
    const database = await open();
    await host(database, "h");
    await addRule(database, to("tcp://127.0.0.1:1", { type: "syslog" }), 1);
    await opened(database, "h", "privileged");
    const { said } = sender(database);
    await expect
      .poll(async () => (await listRules(database))[0], patience)
      .toMatchObject({ trouble: "refuses the connection", waiting: 1, lost: 0 });
    expect(said[0]).toBe("syslog tcp://127.0.0.1:1 refuses the connection: tried again until taken");
  });

  it("tries again until the receiver takes it, and sets one aside that it refuses", async () => {
    const database = await open();
    await host(database, "h");
    let isDown = true;
    const { url, told } = await receiver(({ body }) => {
      if (isDown) return 503;
      return body.changes?.some(({ finding }) => finding.control === "odd") ? 400 : 200;
    });
    await addRule(database, to(url), 1);
    for (const control of ["one", "odd", "two"]) await opened(database, "h", control);
    const { said } = sender(database);
    await expect.poll(async () => (await listRules(database))[0]?.trouble, patience).toBe("answers 503");
    expect(await listRules(database)).toMatchObject([{ waiting: 3, sent: 0 }]);
    isDown = false;
    await expect.poll(told, patience).toEqual(["h opened one", "h opened two"]);
    await expect
      .poll(() => listRules(database), patience)
      .toMatchObject([{ waiting: 0, sent: 2, lost: 1, trouble: null, failures: 0 }]);
    const name = url.replace("/secret-path", "");
    expect(said).toEqual([
      `webhook ${name} answers 503: tried again until taken`,
      `webhook ${name} takes notifications again`,
      `webhook ${name} answers 400: it will not take a change, which is dropped`,
    ]);
    expect(said.join()).not.toContain("secret-path");
  });

  it("drops the oldest where too many wait, and goes on waiting as long for a receiver that is down", async () => {
    const database = await open();
    await host(database, "h");
    const { url } = await receiver(() => 503);
    const rule = Number(await addRule(database, to(url), 1));
    await database.updateTable("notification_rule").set({ failures: 7, trouble: "answers 502" }).execute();
    const waiting = {
      rule,
      finding: 1,
      host: "h",
      record: JSON.stringify(changeOf("opened", findingOf("x"))),
    };
    for (let from = 0; from < 10_000; from += 5_000)
      await database
        .insertInto("notification")
        .values(Array.from({ length: 5_000 }, () => waiting))
        .execute();
    await database.insertInto("notification").values([waiting, waiting]).execute();
    sender(database);
    await expect.poll(async () => (await listRules(database))[0]?.failures, patience).toBe(8);
    expect(await listRules(database)).toMatchObject([
      { waiting: 10_000, sent: 0, lost: 2, told: null, trouble: "answers 503" },
    ]);
  });

  it("a refusal is no change that was sent", async () => {
    const database = await open();
    await host(database, "h");
    const { url } = await receiver(() => 400);
    await addRule(database, to(url), 1);
    await opened(database, "h", "odd");
    sender(database);
    await expect
      .poll(() => listRules(database), patience)
      .toMatchObject([{ waiting: 0, sent: 0, lost: 1, told: null }]);
  });

  it("a chat is not told what was so before, nor what is accepted; a silent host is told", async () => {
    const database = await open();
    await host(database, "h", undefined, Date.now() - 2 * silentAfter);
    const { url, received } = await receiver();
    await addRule(database, to(url, { type: "slack" }), 1);
    await putOpen(database, "h", [findingOf("before")], Date.now(), () => "");
    await opened(database, "h", "accepted-one");
    await addAcceptance(
      database,
      {
        ...{ scope: "finding", control: "accepted-one", host: "h", subject: "container:web", team: null },
        ...{ image: null, project: null, reason: "x", until: "2099-01-01", waits: false },
        author: { id: 1, name: "ada" },
      },
      Date.now(),
    );
    expect(await findSilent(database, Date.now())).toEqual(["h"]);
    const { news } = sender(database);
    await expect.poll(() => received.length, patience).toBe(1);
    const text = JSON.stringify(received[0]?.body);
    expect(text).toContain("host-silent");
    expect(text).not.toContain("accepted-one");
    expect(text).not.toContain("before");
    // What is no longer accepted is told.
    await endAcceptance(database, 1, Date.now());
    news.tell("findings");
    await expect.poll(() => received.length, patience).toBe(2);
    expect(JSON.stringify(received[1]?.body)).toMatch(/accepted-one opened.*its acceptance is over/);
  });

  it("a week is told once by two replicas, with what is new, mended, oldest and silent", async () => {
    const database = await open();
    const now = Date.now();
    await host(database, "h", "west");
    await host(database, "gone", "west", now - 2 * silentAfter);
    await host(database, "foreign", "east");
    const team = Number(await addTeam(database, { name: "w", labels: ["at=west"] }, 1));
    for (const control of ["new", "mended"])
      await putChanges(database, "h", [recent("opened", control)], () => "");
    await putChanges(database, "h", [recent("resolved", "mended")], () => "");
    await putOpen(database, "foreign", [findingOf("elsewhere")], now, () => "");
    const { url, received } = await receiver();
    await addRule(database, to(url, { kind: "weekly", team }), 1);
    await database
      .updateTable("notification_rule")
      .set({ due: now - 1 })
      .execute();
    const replicas = [sender(database), sender(database)];
    await expect.poll(() => received.length, patience).toBeGreaterThan(0);
    expect(received[0]?.body).toMatchObject({
      ...{ kind: "weekly", team: "w", hosts: 2, open: { high: 1 }, fresh: { high: 1 }, mended: 1 },
      freshWorst: [{ control: "new", hostName: "h" }],
      oldest: [{ control: "new" }],
      ...{ silent: ["gone"], silentCount: 1 },
    });
    await expect.poll(async () => (await listRules(database))[0]?.due, patience).toBe(nextMonday(now));
    for (const { running } of replicas) await running.close();
    // A file is used by one process: there, each of two would send.
    if (database.getExecutor().adapter.constructor.name === "PostgresAdapter")
      expect(received).toHaveLength(1);
  });
});

function recent(change: "opened" | "resolved", control: string) {
  return { ...changeOf(change, findingOf(control)), time: new Date(Date.now() - 60_000).toISOString() };
}

it("a week names some silent hosts, and says how many others there are", () => {
  const week = { from: 0, to: 0, hosts: 60, open: {}, fresh: {}, freshWorst: [], mended: 0, oldest: [] };
  const said = (silent: readonly string[], silentCount: number) =>
    summaryWords({ ...week, silent, silentCount }, undefined).lines.at(-1);
  expect(said([], 0)).toBe("Every host was heard of.");
  expect(said(["a", "b"], 2)).toBe("Nothing is heard of: a, b.");
  expect(said(["a", "b"], 12)).toBe("Nothing is heard of: a, b and 10 more.");
});

it("a week begins on Monday at seven", () => {
  const on = (text: string) => new Date(nextMonday(Date.parse(text))).toISOString();
  expect(on("2026-11-27T12:00:00Z")).toBe("2026-11-30T07:00:00.000Z");
  expect(on("2026-11-30T06:59:59Z")).toBe("2026-11-30T07:00:00.000Z");
  expect(on("2026-11-30T07:00:00Z")).toBe("2026-12-07T07:00:00.000Z");
  expect(on("2026-11-29T23:00:00Z")).toBe("2026-11-30T07:00:00.000Z");
});

/** A mail server that says what `answers` gives for a command, else yes. */
async function mailServer(answers: (command: string) => string | undefined = () => undefined) {
  const mails: string[] = [];
  const commands: string[] = [];
  const server = createTcpServer((socket) => {
    let isData = false;
    let waiting = "";
    socket.on("error", () => {});
    socket.write("220 test\r\n");
    socket.on("data", (chunk: Buffer) => {
      waiting += chunk.toString();
      for (;;) {
        const end = isData ? waiting.indexOf("\r\n.\r\n") : waiting.indexOf("\r\n");
        if (end < 0) return;
        const text = waiting.slice(0, end);
        waiting = waiting.slice(end + (isData ? 5 : 2));
        if (isData) mails.push(text);
        else commands.push(text);
        const said = isData ? undefined : answers(text);
        isData = !isData && text === "DATA" && said === undefined;
        socket.write(`${said ?? (isData ? "354 go on" : "250 yes")}\r\n`);
        if (text === "QUIT") socket.end();
      }
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`smtp://127.0.0.1:${port}`), mails, commands };
}

it("a mail goes to each receiver, and what fails is said without what was in it", async () => {
  const { url, mails, commands } = await mailServer();
  const mail = { to: "ops@example.org, ada@example.org", subject: "the week", text: "Open now: 2 high.\n" };
  const send = (at: URL, password?: string) =>
    openMailer({ url: at, password, from: "bulkhead@example.org" }).send(mail);
  expect(await send(url)).toEqual({ outcome: "taken" });
  expect(mails[0]).toContain("Subject: the week");
  expect(mails[0]).toContain("Open now: 2 high.");
  expect(mails[0]?.toLowerCase()).toContain("auto-submitted: auto-generated");
  expect(commands.filter((each) => each.startsWith("RCPT"))).toHaveLength(2);
  const refusing = await mailServer((command) =>
    command.startsWith("RCPT") ? "550 5.1.1 no such user ada@example.org" : undefined,
  );
  expect(await send(refusing.url)).toMatchObject({ outcome: "failed", reason: "answers 550" });
  expect(await send(new URL("smtp://127.0.0.1:1"))).toMatchObject({
    outcome: "failed",
    reason: "refuses the connection",
  });
  // A server without TLS is not told the password.
  const withUser = new URL(url);
  withUser.username = "ada";
  expect(await send(withUser, "hunter2")).toMatchObject({ outcome: "failed" });
  expect(commands.join("\n")).not.toMatch(/AUTH|hunter2/);
});
