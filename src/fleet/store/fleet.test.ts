import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { everywhere, testFleet } from "../../../test/support/fleet/fleet.ts";
import { describeStores } from "../../../test/support/fleet/postgres.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import type { Finding } from "../../audit/finding.ts";
import {
  accountNamed,
  closeSessions,
  openSession,
  removeAccount,
  sessionAccount,
  setRole,
} from "./accounts/accounts.ts";
import { forgetFailures, takeAttempt } from "./accounts/attempts.ts";
import { appendAudit, brokenAt, listAudit } from "./accounts/audit-log.ts";
import { acceptInvitation, invite } from "./accounts/invitations.ts";
import { addAcceptance } from "./findings/acceptances.ts";
import { countFindings } from "./findings/counts.ts";
import { assign, findingWithChanges, listFindings, notesOf } from "./findings/findings.ts";
import { groupFindings } from "./findings/groups.ts";
import {
  forgetResolved,
  type HostNews,
  openFindings,
  putChanges,
  putDetails,
  putHost,
  putOpen,
} from "./hosts/hosts.ts";
import { containersOf, listHosts, matrix, riskiest } from "./hosts/overview.ts";
import { putPortrait } from "./hosts/portraits.ts";
import { trends } from "./hosts/trends.ts";
import { type FleetDatabase, openFleet } from "./open.ts";
import { addTeam } from "./teams/teams.ts";

const areaOf = (control: string) => (control === "privileged" ? "2.9" : "");

function hostOf(id: string, containers: HostNews["containers"] = []): HostNews {
  return {
    id,
    name: `${id}.example`,
    engine: "unix:///docker.sock",
    version: "1",
    connected: true,
    containers,
  };
}

const web = { name: "web", image: "nginx:1", project: "shop", running: true };
const page = { offset: 0, limit: 100 };

describe("the database", () => {
  it("is for its owner alone", async () => {
    const path = join(testFolder(), "below/serve.db");
    await testFleet(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("of a newer version is refused, and one that is none", async () => {
    const path = join(testFolder(), "serve.db");
    const database = await testFleet(path);
    await sql`pragma user_version = 999`.execute(database);
    await expect(openFleet(path)).resolves.toMatchObject({
      ok: false,
      reason: expect.stringContaining(`${path} was written by a newer bulkhead`),
    });
    const garbage = join(testFolder(), "garbage");
    writeFileSync(garbage, "no database, but long enough to be looked at ".repeat(50));
    expect(await openFleet(garbage)).toMatchObject({
      ok: false,
      reason: `${garbage} cannot be used: it is not a database`,
    });
  });
});

describeStores((open) => {
  async function withHost(): Promise<FleetDatabase> {
    const database = await open();
    await putHost(database, hostOf("h", [web]), 1);
    return database;
  }

  describe("findings", () => {
    it("open, change and are resolved, with what brought it about", async () => {
      const database = await withHost();
      await putChanges(
        database,
        "h",
        [
          changeOf("opened", findingOf("privileged", { severity: "critical" }), 0),
          changeOf("opened", findingOf("host-pid"), 1),
          changeOf("changed", findingOf("privileged"), 2),
          changeOf("resolved", findingOf("privileged"), 3),
          changeOf("resolved", findingOf("never-opened"), 4),
        ],
        areaOf,
      );
      expect(await listFindings(database, everywhere, page)).toMatchObject([
        { control: "host-pid", hostName: "h.example", image: "nginx:1", project: "shop", resolved: null },
      ]);
      const [resolved] = await listFindings(database, { ...everywhere, state: "resolved" }, page);
      expect(resolved).toMatchObject({ control: "privileged", area: "2.9", severity: "high" });
      expect((await findingWithChanges(database, resolved?.id ?? 0, "all"))?.changes).toMatchObject([
        { change: "opened", severity: "critical" },
        { change: "changed", severity: "high" },
        { change: "resolved", cause: '{"kind":"sweep"}' },
      ]);
      expect(await openFindings(database, "h")).toEqual([findingOf("host-pid")]);
    });

    it("are found by when they opened, got worse, were mended or accepted, and in the order of these times", async () => {
      const database = await withHost();
      const told = (kind: "opened" | "changed" | "resolved", control: string, at: number, more = {}) =>
        changeOf(kind, findingOf(control, more), at);
      await putChanges(
        database,
        "h",
        [
          told("opened", "host-pid", 10),
          told("opened", "privileged", 20, { severity: "medium" }),
          told("opened", "root-user", 30, { verdict: "unknown" }),
          told("opened", "memory-limit", 40),
          told("opened", "pids-limit", 50),
          told("changed", "privileged", 60, { severity: "critical" }),
          told("changed", "root-user", 70),
          // Milder, and in other words: no worse.
          told("changed", "host-pid", 80, { severity: "low" }),
          told("changed", "pids-limit", 80, { message: "other words" }),
          told("resolved", "memory-limit", 90),
        ],
        areaOf,
      );
      const start = (await listFindings(database, everywhere, page, "oldest"))[0]?.opened ?? 0;
      const list = async (more: object, sort: "worst" | "newest" | "oldest" = "oldest") =>
        (await listFindings(database, { ...everywhere, ...more }, page, sort)).map(({ control }) => control);
      const from = (seconds: number) => start + (seconds - 10) * 1_000;
      expect(await list({})).toEqual(["host-pid", "privileged", "root-user", "pids-limit"]);
      expect(await list({}, "newest")).toEqual(["pids-limit", "root-user", "privileged", "host-pid"]);
      expect(await list({ text: "h.example" }, "newest")).toEqual(await list({}, "newest"));
      expect(await list({ since: from(20), before: from(50) })).toEqual(["privileged", "root-user"]);
      expect(await list({ state: "worse" })).toEqual(["privileged", "root-user"]);
      expect(await list({ state: "worse", since: from(61) })).toEqual(["root-user"]);
      expect(await list({ state: "resolved", since: from(90) })).toEqual(["memory-limit"]);
      expect(await list({ state: "resolved", since: from(91) })).toEqual([]);
      expect(await countFindings(database, { ...everywhere, state: "worse", before: from(61) })).toBe(1);
      const until = "2999-01-01";
      const nothing = { host: null, subject: null, image: null, project: null, team: null };
      const author = { id: 1, name: "ada" };
      const what = {
        ...nothing,
        scope: "finding",
        control: "host-pid",
        host: "h",
        subject: "container:web",
      } as const;
      await addAcceptance(database, { ...what, reason: "x", until, author, waits: false }, 1_000);
      expect(await list({ state: "accepted", since: 1_000 })).toEqual(["host-pid"]);
      expect(await list({ state: "accepted", since: 1_001 })).toEqual([]);
    });

    it("are found by a label of their host, whatever stands in others, by its team, and by who looks after them", async () => {
      const database = await withHost();
      const labelled = async (id: string, labels: Record<string, string>) => {
        await putHost(database, { ...hostOf(id, [web]), labels }, 1);
        await putOpen(database, id, [findingOf("privileged")], 1, areaOf);
      };
      await labelled("a", { env: "prod" });
      await labelled("b", { env: "production", note: '"env":"prod"' });
      await labelled("c", { "my.env": "prod" });
      const hosts = async (more: object) =>
        (await listFindings(database, { ...everywhere, ...more }, page)).map(({ host }) => host);
      expect(await hosts({ label: "env=prod" })).toEqual(["a"]);
      expect(await countFindings(database, { ...everywhere, label: "env=prod" })).toBe(1);
      expect(await hosts({ label: "env=%" })).toEqual([]);
      const team = await addTeam(database, { name: "shop", labels: ["env=prod"] }, 1);
      const other = await addTeam(database, { name: "other", labels: ["env=production"] }, 1);
      if (typeof team !== "number" || typeof other !== "number") throw new Error("no team");
      expect(await hosts({ team: team })).toEqual(["a"]);
      // A team out of sight says nothing of its hosts.
      expect(await hosts({ sight: [team], team: other })).toEqual([]);
      const [first] = await listFindings(database, { ...everywhere, host: "a" }, page);
      const said = { assignee: "ada", due: "2027-01-31", comment: "", author: "bob", time: 5 };
      expect(await assign(database, [first?.id ?? 0], said, [other])).toEqual([]);
      expect(await assign(database, [first?.id ?? 0], said, "all")).toEqual([first?.id]);
      expect(await hosts({ assignee: "ada" })).toEqual(["a"]);
      expect(await countFindings(database, { ...everywhere, assignee: "ada" })).toBe(1);
      expect((await notesOf(database, [first?.id ?? 0])).assignments.get(first?.id ?? 0)).toMatchObject(said);
      await assign(database, [first?.id ?? 0], { ...said, assignee: null }, "all");
      expect(await hosts({ assignee: "ada" })).toEqual([]);
    });

    it("are found by a text also behind thousands that are worse", async () => {
      const database = await withHost();
      const opened = (control: string, more: Partial<Finding>) =>
        changeOf("opened", findingOf(control, more));
      await putHost(database, hostOf("h", [web, { ...web, name: "db", image: "nginx:2" }]), 1);
      await putChanges(
        database,
        "h",
        [
          opened("memory-limit", { severity: "low", message: "100% of it" }),
          opened("root-user", { severity: "low", subject: "container:db" }),
        ],
        areaOf,
      );
      await putChanges(database, "h", [opened("privileged", { severity: "critical" })], areaOf);
      await sql`
        with recursive each (number) as (select 1 union all select number + 1 from each where number < 5000)
        insert into finding (host, subject, control, area, severity, weight, verdict, message, wording, fingerprint, document, opened, changed)
        select host, 'container:' || number, control, area, severity, weight, verdict, message, wording, fingerprint, document, opened, changed
        from finding, each where control = 'privileged'`.execute(database);
      const found = async (text: string, limit: number) =>
        (await listFindings(database, { ...everywhere, text }, { offset: 0, limit })).map(
          ({ control }) => control,
        );
      expect(await found("memory", 5)).toEqual(["memory-limit"]);
      expect(await countFindings(database, { ...everywhere, text: "memory" })).toBe(1);
      expect(await found("100% of", 5)).toEqual(["memory-limit"]);
      expect(await found("nginx:2", 5)).toEqual(["root-user"]);
      expect(await found("db", 5)).toEqual(["root-user"]);
      expect(await found("nowhere", 5)).toEqual([]);
      expect(await countFindings(database, { ...everywhere, text: "nowhere" })).toBe(0);
      expect(await found("h.example", 2)).toEqual(["privileged", "privileged"]);
      expect(await countFindings(database, { ...everywhere, text: "h.example" })).toBe(1_000);
    });

    it("are filtered and grouped", async () => {
      const database = await withHost();
      await putHost(database, hostOf("g", [{ ...web, name: "db", image: "postgres:16" }]), 1);
      const opened = (control: string, more: Partial<Finding> = {}) =>
        changeOf("opened", findingOf(control, more));
      await putChanges(
        database,
        "h",
        [
          opened("privileged", { severity: "critical" }),
          opened("memory-limit", { severity: "low", message: "100%_of it" }),
        ],
        areaOf,
      );
      await putChanges(database, "g", [opened("privileged", { subject: "container:db" })], areaOf);
      const count = (query: Partial<typeof everywhere>) =>
        countFindings(database, { ...everywhere, ...query });
      expect(await count({})).toBe(3);
      expect(await count({ severities: ["critical", "low"] })).toBe(2);
      expect(await count({ image: "postgres:16" })).toBe(1);
      expect(await count({ text: "POSTGRES" })).toBe(1);
      expect(await count({ text: "%_of" })).toBe(1);
      expect(await count({ text: "%x" })).toBe(0);
      expect(await count({ host: "h", area: "2.9" })).toBe(1);
      expect(await groupFindings(database, everywhere, "control", page)).toMatchObject([
        { key: "privileged", findings: 2, hosts: 2, subjects: 2, weight: 4 },
        { key: "memory-limit", findings: 1, hosts: 1, weight: 1 },
      ]);
      expect(await groupFindings(database, everywhere, "host", page)).toMatchObject([
        { key: "h", name: "h.example", findings: 2 },
        { key: "g", name: "g.example", findings: 1 },
      ]);
      for (const by of ["image", "project"] as const) {
        const groups = await groupFindings(database, everywhere, by, page);
        // Another filter leaves nothing out here, and reads the findings themselves.
        const read = { ...everywhere, since: 0 };
        expect(groups).toEqual(await groupFindings(database, read, by, page));
        expect(groups).not.toEqual([]);
      }
      expect(await matrix(database, ["h"], "all")).toContainEqual({
        host: "h",
        area: "2.9",
        weight: 4,
        findings: 1,
      });
      expect(await riskiest(database, 1, "all")).toMatchObject([
        { subject: "container:web", why: ["privileged", "memory-limit"] },
      ]);
    });

    it("say more where a level was read later, and that is no change", async () => {
      const database = await withHost();
      await putOpen(database, "h", [findingOf("privileged", { level: "configured" })], 1, areaOf);
      const later = findingOf("privileged", { level: "effective", message: "more" });
      await putDetails(database, "h", [later, findingOf("not-open")]);
      expect(await openFindings(database, "h")).toEqual([later]);
      expect(await listFindings(database, everywhere, page)).toMatchObject([{ message: "more" }]);
      expect(await database.selectFrom("change").select("id").execute()).toHaveLength(1);
    });

    it("that were resolved long ago are forgotten with their changes", async () => {
      const database = await withHost();
      const findings = [findingOf("privileged"), findingOf("host-pid")];
      await putOpen(database, "h", findings, 1_000, areaOf);
      await putOpen(database, "h", findings.slice(1), 2_000, areaOf);
      await forgetResolved(database, 2_001);
      expect(await countFindings(database, { ...everywhere, state: "resolved" })).toBe(0);
      expect(await database.selectFrom("change").select("id").execute()).toHaveLength(1);
    });

    it("law: what is told as a whole is what is open, whatever was before", async () => {
      const some = fc.uniqueArray(
        fc.record({
          control: fc.constantFrom("a", "b", "c"),
          severity: fc.constantFrom("low" as const, "high" as const),
          fingerprint: fc.constantFrom("1", "2"),
        }),
        { selector: ({ control }) => control },
      );
      const database = await withHost();
      let now = 0;
      await fc.assert(
        fc.asyncProperty(some, async (wanted) => {
          now += 1;
          const findings = wanted.map(({ control, ...more }) => findingOf(control, more));
          await putOpen(database, "h", findings, now, areaOf);
          const open = await openFindings(database, "h");
          const sorted = (list: readonly Finding[]) =>
            list.toSorted((a, b) => a.control.localeCompare(b.control));
          expect(sorted(open)).toEqual(sorted(findings));
        }),
      );
    });

    it("are counted for each day since the first host", async () => {
      const database = await open();
      const day = 86_400_000;
      const now = 100 * day;
      await putHost(database, hostOf("h"), now - 2 * day);
      await putOpen(database, "h", [findingOf("privileged")], now - 1.5 * day, areaOf);
      await putOpen(database, "h", [], now - 0.5 * day, areaOf);
      expect(await trends(database, { by: "severity", days: 30, now, sight: "all" })).toEqual({
        times: [now - 2 * day, now - day, now],
        series: [{ key: "high", values: [0, 1, 0] }],
      });
    });

    it("are counted for each hour of the first days, by host, team and control, for the hosts in sight", async () => {
      const database = await open();
      const hour = 3_600_000;
      const now = 100 * 24 * hour + 0.5 * hour;
      const put = async (id: string, at: number, controls: readonly string[], labels = {}) => {
        await putHost(database, { ...hostOf(id), labels }, at);
        await putOpen(
          database,
          id,
          controls.map((control) => findingOf(control)),
          at,
          areaOf,
        );
      };
      await put("a", now - 4 * hour, [], { env: "prod" });
      await put("a", now - 3 * hour, ["privileged", "host-pid"], { env: "prod" });
      await put("b", now - 2 * hour, ["privileged"]);
      await put("a", now - hour, ["privileged"], { env: "prod" });
      const team = await addTeam(database, { name: "shop", labels: ["env=prod"] }, 1);
      if (typeof team !== "number") throw new Error("no team");
      const lines = async (by: "host" | "team" | "control", sight: "all" | readonly number[] = "all") => {
        const { times, series } = await trends(database, { by, days: 30, now, sight });
        expect(times).toEqual([3.5, 2.5, 1.5, 0.5, 0].map((ago) => now - ago * hour));
        return series;
      };
      expect(await lines("host")).toEqual([
        { key: "a", values: [0, 2, 2, 1, 1] },
        { key: "b", values: [0, 0, 1, 1, 1] },
      ]);
      expect(await lines("control")).toEqual([
        { key: "privileged", values: [0, 1, 2, 2, 2] },
        { key: "host-pid", values: [0, 1, 1, 0, 0] },
      ]);
      expect(await lines("team")).toEqual([{ key: String(team), values: [0, 2, 2, 1, 1] }]);
      expect(await lines("control", [team])).toEqual([
        { key: "privileged", values: [0, 1, 1, 1, 1] },
        { key: "host-pid", values: [0, 1, 1, 0, 0] },
      ]);
    });

    it("have a score of the benchmark for each day", async () => {
      const database = await withHost();
      const day = 86_400_000;
      const portrait = (taken: number, outcomes: readonly string[]) =>
        putPortrait(database, "h", {
          taken,
          settings: [],
          benchmark: {
            id: "cis-1.6",
            results: outcomes.map((outcome, index) => ({
              number: `1.${index}`,
              outcome,
              evidence: [],
              more: 0,
              remedy: null,
            })),
          },
        } as never);
      await portrait(10 * day, ["pass", "fail", "fail", "unknown"]);
      await portrait(10.5 * day, ["pass", "pass", "fail", "manual"]);
      await portrait(11.5 * day, ["pass", "pass", "pass", "notApplicable"]);
      const query = { by: "cis", days: 30, now: 11.6 * day, sight: "all" } as const;
      expect(await trends(database, query)).toEqual({
        times: [11 * day, 11.6 * day],
        series: [{ key: "", values: [66.7, 100] }],
      });
      expect(await trends(database, { ...query, sight: [] })).toEqual({ times: [], series: [] });
    });
  });

  it("containers that a host does not name are gone", async () => {
    const database = await withHost();
    await putHost(
      database,
      hostOf("h", [
        { ...web, running: false },
        { ...web, name: "db" },
      ]),
      2,
    );
    await putOpen(database, "h", [findingOf("privileged"), findingOf("host-pid")], 2, areaOf);
    expect(await containersOf(database, "h", "all")).toMatchObject([
      { name: "db", bySeverity: {} },
      { name: "web", running: false, bySeverity: { high: 2 } },
    ]);
    expect(await listHosts(database, "all")).toMatchObject([
      { containers: 2, running: 1, bySeverity: { high: 2 } },
    ]);
    await putHost(database, hostOf("h"), 3);
    expect(await containersOf(database, "h", "all")).toEqual([]);
  });

  it("lists hosts by name, the worst first, or the longest without a report first", async () => {
    const database = await withHost();
    await putHost(database, hostOf("a"), 9);
    await putHost(database, hostOf("b"), 5);
    await putOpen(database, "b", [findingOf("privileged")], 5, areaOf);
    const ids = async (sort: "name" | "worst" | "silent", limit?: number) =>
      (await listHosts(database, "all", { sort, ...(limit === undefined ? {} : { limit }) })).map(
        ({ id }) => id,
      );
    expect(await ids("name")).toEqual(["a", "b", "h"]);
    expect(await ids("worst")).toEqual(["b", "a", "h"]);
    expect((await ids("silent")).slice(-2)).toEqual(["b", "a"]);
    expect(await ids("worst", 1)).toEqual(["b"]);
  });

  describe("accounts", () => {
    async function withAccount(): Promise<{ database: FleetDatabase; id: number }> {
      const database = await open();
      await invite(database, { token: "t", role: "administrator", expires: 100 });
      const made = await acceptInvitation(database, { token: "t", name: "ada", password: "hash", now: 1 });
      if (typeof made !== "object") throw new Error("no account");
      return { database, id: made.id };
    }

    it("are made by a link, once and in time", async () => {
      const { database } = await withAccount();
      const again = (token: string, name: string, now = 2) =>
        acceptInvitation(database, { token, name, password: "x", now });
      expect(await again("t", "eve")).toBeUndefined();
      await invite(database, { token: "late", role: "viewer", expires: 100 });
      expect(await again("late", "eve", 100)).toBeUndefined();
      expect(await again("late", "ada")).toBe("taken");
      expect(await again("late", "eve")).toMatchObject({ role: "viewer" });
      expect(await accountNamed(database, "ada")).toMatchObject({ role: "administrator", password: "hash" });
    });

    it("one always administers", async () => {
      const { database, id } = await withAccount();
      expect(await setRole(database, id, "viewer")).toBe(false);
      expect(await removeAccount(database, id)).toBe(false);
      await invite(database, { token: "u", role: "administrator", expires: 100 });
      await acceptInvitation(database, { token: "u", name: "bob", password: "x", now: 1 });
      expect(await removeAccount(database, id)).toBe(true);
    });

    it("have sessions that end when nobody uses them, after a time, and when somebody ends them", async () => {
      const { database, id } = await withAccount();
      const limits = { idle: 100_000, whole: 250_000, provided: 250_000 };
      const who = (now: number) => sessionAccount(database, "s", limits, now);
      await openSession(database, { token: "s", account: id, agent: "", address: "", now: 0 });
      expect(await who(90_000)).toMatchObject({ name: "ada" });
      expect(await who(180_000)).toMatchObject({ name: "ada" });
      expect(await who(250_000)).toBeUndefined();
      await openSession(database, { token: "s2", account: id, agent: "", address: "", now: 0 });
      expect(await sessionAccount(database, "s2", limits, 100_000)).toBeUndefined();
      expect(await sessionAccount(database, "s2", limits, 1)).toBeDefined();
      await closeSessions(database, id);
      expect(await sessionAccount(database, "s2", limits, 1)).toBeUndefined();
    });

    it("cannot be guessed at for ever, nor all at once", async () => {
      const database = await open();
      const tries = async (count: number, now: number) => {
        const waits = await Promise.all(Array.from({ length: count }, () => takeAttempt(database, "a", now)));
        return waits.toSorted((one, other) => one - other);
      };
      expect(await tries(10, 0)).toEqual([0, 0, 0, 0, 0, 1_000, 1_000, 1_000, 1_000, 1_000]);
      expect(await takeAttempt(database, "b", 0)).toBe(0);
      expect(await tries(2, 1_000)).toEqual([0, 2_000]);
      let now = 3_000;
      for (let round = 0; round < 20; round += 1) {
        await takeAttempt(database, "a", now);
        now += 900_000;
      }
      expect(await tries(2, now)).toEqual([0, 900_000]);
      await forgetFailures(database, "a");
      expect(await takeAttempt(database, "a", now)).toBe(0);
    });
  });

  describe("the audit log", () => {
    async function written(): Promise<FleetDatabase> {
      const database = await open();
      for (const what of ["one", "two", "three"]) {
        await appendAudit(database, { who: "ada", what, detail: {}, now: 1 });
      }
      return database;
    }

    it("is read between two times", async () => {
      const database = await open();
      for (const now of [10, 20, 30])
        await appendAudit(database, { who: "ada", what: `at ${now}`, detail: {}, now });
      const listed = await listAudit(database, { since: 20, until: 30, limit: 9 });
      expect(listed.map(({ what }) => what)).toEqual(["at 20"]);
    });

    it("holds together", async () => {
      const database = await written();
      expect(await brokenAt(database)).toBeUndefined();
      expect((await listAudit(database, { before: 3, limit: 1 })).map(({ what }) => what)).toEqual(["two"]);
    });

    it.each([
      ["changed", "UPDATE audit_log SET who = 'eve' WHERE id = 2", 2],
      ["taken out", "DELETE FROM audit_log WHERE id = 2", 2],
      ["put in the place of one that is gone", "UPDATE audit_log SET id = 2 WHERE id = 3", 2],
    ])("shows an entry that was %s", async (_, statement, at) => {
      const database = await written();
      const { CompiledQuery } = await import("kysely");
      if (statement.includes("id = 2 WHERE id = 3")) {
        await database.executeQuery(CompiledQuery.raw("DELETE FROM audit_log WHERE id = 2"));
      }
      await database.executeQuery(CompiledQuery.raw(statement));
      expect(await brokenAt(database)).toBe(at);
    });
  });
});
