import { sql } from "kysely";
import { expect, it, onTestFinished } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { everywhere, testFleet } from "../../../../test/support/fleet/fleet.ts";
import { describeStores, startPostgres, whyNoPostgres } from "../../../../test/support/fleet/postgres.ts";
import { enrolToken, liar, whole } from "../../../../test/support/fleet/reporting.ts";
import type { Cause } from "../../../watch/change.ts";
import { listFindings } from "../../store/findings/findings.ts";
import { findSilent, silentAfter } from "../../store/findings/own-findings.ts";
import { putHost } from "../../store/hosts/hosts.ts";
import { hashToken } from "../sign-in/passwords.ts";

const page = { offset: 0, limit: 500 };

describeStores((open) => {
  it("a batch that comes again is applied once, and one that leaves a gap not at all", async () => {
    const database = await open();
    const { report } = await liar(database);
    expect((await report(whole(1))).body).toMatchObject({ last: 1, wantsWhole: false });
    const changes = [changeOf("opened", findingOf("a")), changeOf("opened", findingOf("b"))];
    expect((await report({ first: 2, changes })).body).toMatchObject({ last: 3 });
    const more = [...changes, changeOf("resolved", findingOf("a"))];
    // Beside each other, too.
    const again = await Promise.all(Array.from({ length: 5 }, () => report({ first: 2, changes: more })));
    for (const { body } of again) expect(body).toMatchObject({ last: 4, wantsWhole: false });
    expect(await database.selectFrom("change").select("change").execute()).toHaveLength(3);
    const gap = await report({ first: 9, changes });
    expect(gap.body).toMatchObject({ last: 4, wantsWhole: true });
    expect(await database.selectFrom("change").select("change").execute()).toHaveLength(3);
  });

  it("every cause and every subject that a watch tells is taken", async () => {
    const database = await open();
    const { report } = await liar(database);
    const actor = { id: "1", name: null };
    const causes: { readonly [K in Exclude<Cause["kind"], "acceptance">]: Extract<Cause, { kind: K }> } = {
      event: { kind: "event", type: "container", action: "start", actor, process: null, time: "now" },
      sweep: { kind: "sweep" },
      prove: { kind: "prove" },
      kernel: { kind: "kernel", call: "setns", process: "nsenter", pid: 1 },
      file: { kind: "file", path: "/etc/docker/daemon.json" },
      start: { kind: "start" },
      reconnect: { kind: "reconnect" },
    };
    const subjects = ["engine", "container:a", "exec:a/1", "foreign:podman/a", "image:a"];
    const told = subjects.map((subject) => findingOf("a", { subject }));
    expect((await report(whole(1, ...told))).body).toMatchObject({ last: 1 });
    const { kernel } = causes;
    const full: readonly Cause[] = [
      { kind: "sweep", missed: true },
      { ...kernel, parents: ["sshd"], user: "ada", ended: true },
    ];
    const changes = [...Object.values(causes), ...full].map((cause) =>
      changeOf("changed", findingOf("a", { subject: "engine" }), 0, cause),
    );
    expect((await report({ first: 2, changes })).body).toMatchObject({ last: 1 + changes.length });
    expect(await listFindings(database, everywhere, page)).toHaveLength(subjects.length);
  });

  it("what a host makes up of its guards is refused, or kept as its own", async () => {
    const database = await open();
    const { report, id } = await liar(database);
    await report(whole(1));
    const decided = {
      ...{
        log: "/l",
        client: "<b>ci",
        route: null,
        verdict: "deny",
        mode: "enforce",
        rules: ["guard-route"],
      },
      ...{ object: {}, times: 2 },
    };
    const guards = (more: object, number = 1) => ({ guards: { number, counts: [], latest: [], ...more } });
    for (const wrong of [
      { counts: [{ ...decided, hour: 0, rules: ["two words"] }] },
      { counts: [{ ...decided, hour: 0, times: 0 }] },
      { counts: [{ ...decided, hour: 0, verdict: "grant" }] },
      { counts: Array.from({ length: 1_001 }, () => ({ ...decided, hour: 0 })) },
      { guards: [{ log: "/l", enforces: { kind: "proxy" } }] },
      { number: 0 },
    ])
      expect((await report(guards(wrong))).status, JSON.stringify(wrong).slice(0, 80)).toBe(400);
    const far = { ...decided, hour: 1e15, client: "\0" };
    expect((await report(guards({ counts: [far, { ...decided, hour: 5 }] }, 3))).status).toBe(200);
    const rows = await database.selectFrom("decision_count").select(["host", "hour", "client"]).execute();
    expect(rows.map(({ host, client }) => [host, client]).toSorted()).toEqual([
      [id, "<b>ci"],
      [id, "\ufffd"],
    ]);
    for (const { hour } of rows) {
      expect(hour).toBeLessThanOrEqual(Date.now());
      expect(hour).toBeGreaterThan(Date.now() - 9 * 86_400_000);
    }
  });

  it("what a host says of another one, of the future, or in HTML does no harm", async () => {
    const database = await open();
    const { report, id } = await liar(database);
    await putHost(
      database,
      { id: "victim", name: "v", engine: "e", version: "1", connected: true, containers: [] },
      1,
    );
    const name = '<img src=x onerror="alert(1)">\0\u202e';
    await report({
      ...whole(1, findingOf("privileged", { subject: `container:${name}`, message: name })),
      id: "victim",
      host: {
        ...{ id: "victim", name, engine: name, version: "1", connected: true },
        containers: [
          { name, running: true },
          { name, running: false },
        ],
      },
    });
    const late = { ...changeOf("opened", findingOf("host-pid")), time: "2099-01-01T00:00:00Z" };
    const never = { ...changeOf("opened", findingOf("host-ipc")), time: "<never>" };
    expect((await report({ first: 2, changes: [late, never] })).status).toBe(200);
    const rows = await listFindings(database, everywhere, page);
    expect(new Set(rows.map(({ host }) => host))).toEqual(new Set([id]));
    expect(rows.find(({ control }) => control === "privileged")?.message).toContain("<img src=x");
    for (const { opened } of rows) expect(opened).toBeLessThanOrEqual(Date.now());
    const victim = await database.selectFrom("host").select("name").where("id", "=", "victim").execute();
    expect(victim).toEqual([{ name: "v" }]);
  });

  it("a host that falls silent is a finding, until it is heard of again", async () => {
    const database = await open();
    const { report, id } = await liar(database);
    await report(whole(1, findingOf("privileged")));
    const now = Date.now();
    expect(await findSilent(database, now)).toEqual([]);
    const later = now + silentAfter + 60_000;
    const found = await Promise.all([findSilent(database, later), findSilent(database, later)]);
    // Two replicas look at the same moment.
    expect(found.flat()).toEqual(["liar"]);
    const controls = async () =>
      (await listFindings(database, everywhere, page)).map(({ control }) => control);
    expect(await controls()).toEqual(expect.arrayContaining(["host-silent", "privileged"]));
    await database.updateTable("host").set({ seen: 1 }).where("id", "=", id).execute();
    await report({});
    expect(await controls()).toEqual(["privileged"]);
    // It cannot say so of itself, nor take it back.
    expect((await report(whole(2, findingOf("host-silent", { subject: "host" })))).status).toBe(400);
  });
});

it("a database that is full keeps nothing by halves, and once there is room each change once", async () => {
  const database = await testFleet();
  const { report, said } = await liar(database);
  await report(whole(1));
  const { rows } = await sql<{ page_count: number }>`PRAGMA page_count`.execute(database);
  await sql`PRAGMA max_page_count = ${sql.lit(rows[0]?.page_count ?? 0)}`.execute(database);
  const changes = Array.from({ length: 300 }, (_, each) => changeOf("opened", findingOf(`control-${each}`)));
  expect((await report({ first: 2, changes })).status).toBe(503);
  expect(said).toEqual(["reports cannot be kept: the disk is full; hosts are asked to wait"]);
  expect(await listFindings(database, everywhere, page)).toEqual([]);
  await sql`PRAGMA max_page_count = 100000`.execute(database);
  expect((await report({ first: 2, changes })).body).toMatchObject({ last: 301 });
  expect(await database.selectFrom("change").select("id").execute()).toHaveLength(300);
  expect(said.at(-1)).toBe("reports are kept again");
});

it.skipIf(whyNoPostgres() !== undefined)(
  "a database that is slow holds a report up, and keeps it once",
  async () => {
    const server = await startPostgres();
    onTestFinished(() => server.stop());
    const url = await server.newDatabase();
    const [database, other] = [await testFleet(url), await testFleet(url)];
    const { report } = await liar(database);
    await report(whole(1));
    const reports: Promise<{ readonly body: Record<string, unknown> }>[] = [];
    let isDone = false;
    await other.transaction().execute(async (step) => {
      await sql`lock table finding in access exclusive mode`.execute(step);
      const body = { first: 2, changes: [changeOf("opened", findingOf("a"))] };
      for (let each = 0; each < 3; each += 1) {
        const told = report(body);
        void told.then(() => {
          isDone = true;
        });
        reports.push(told);
      }
      await expect
        .poll(async () => {
          const { rows } = await sql<{ waits: number }>`
          select count(*) as waits from pg_locks where not granted`.execute(step);
          return Number(rows[0]?.waits);
        })
        .toBeGreaterThan(0);
      expect(isDone).toBe(false);
    });
    for (const { body } of await Promise.all(reports)) expect(body).toMatchObject({ last: 2 });
    expect(await database.selectFrom("change").select("id").execute()).toHaveLength(1);
  },
);

it("who has no key, or a token that expired, tells nothing", async () => {
  const database = await testFleet();
  const { post, host, said } = await liar(database);
  const report = { sent: 1, first: 1, changes: [], details: [] };
  expect((await post("report", "x".repeat(43), report)).status).toBe(401);
  expect((await post("report", enrolToken, report)).status).toBe(401);
  await database
    .updateTable("enrolment")
    .set({ expires: 1 } as never)
    .execute();
  expect((await post("enrol", enrolToken, { key: hashToken("other"), host })).status).toBe(401);
  expect(said).toEqual([]);
});

it("what is too much or has another shape is refused in one line", async () => {
  const database = await testFleet();
  const { report, post, key, host } = await liar(database);
  const finding = findingOf("privileged");
  const bad: readonly Record<string, unknown>[] = [
    whole(1, { ...finding, control: "<b>" }),
    whole(1, { ...finding, subject: "host" }),
    whole(1, { ...finding, message: 7 }),
    whole(1, { ...finding, message: "x".repeat(20_001) }),
    whole(1, { ...finding, views: "no list" }),
    whole(0),
    whole(2 ** 60),
    { changes: Array.from({ length: 501 }, () => changeOf("opened", finding)) },
    { host: { ...host, name: "" } },
    { sent: "yesterday" },
  ];
  for (const body of bad) {
    const answer = await report(body);
    expect([answer.status, String(answer.body.error).split("\n").length]).toEqual([400, 1]);
  }
  expect((await post("report", key, "{")).status).toBe(400);
  expect((await post("report", key, `"${"x".repeat(33 * 1024 * 1024)}"`)).status).toBe(413);
  expect((await post("enrol", enrolToken, `"${"x".repeat(2 * 1024 * 1024)}"`)).status).toBe(413);
  // Nobody reads the body of a host that is not known.
  expect((await post("report", "x".repeat(43), `"${"x".repeat(2 * 1024 * 1024)}"`)).status).toBe(401);
  expect(await listFindings(database, everywhere, page)).toEqual([]);
});
