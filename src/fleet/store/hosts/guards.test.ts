import { expect, it } from "vitest";
import { describeStores } from "../../../../test/support/fleet/postgres.ts";
import type { Decision, DecisionCount, GuardsTold } from "../../protocol/guards.ts";
import type { FleetDatabase } from "../open.ts";
import { enrol } from "./enrolments.ts";
import {
  countDecisions,
  decisionsKept,
  forgetDecisions,
  listDecisions,
  listGuards,
  pastDecisions,
  putGuards,
} from "./guards.ts";
import { putHost } from "./hosts.ts";
import { removeHost } from "./reports.ts";

const hour = 3_600_000;
const now = 1_000 * hour;
const log = "/var/log/guard.log";
const host = { name: "h.example", engine: "e", version: "1", connected: true, containers: [] };

function count(more: Partial<DecisionCount> = {}): DecisionCount {
  return {
    ...{ hour: now - hour, log, client: "ci", route: "container-list", verdict: "allow", mode: "enforce" },
    ...{ rules: [], object: {}, times: 1, ...more },
  } as DecisionCount;
}

function decision(more: Partial<Decision> = {}): Decision {
  return {
    ...{ time: now - 5, log, client: "ci", listener: "unix:///run/ci.sock", policy: "p", mode: "enforce" },
    ...{ method: "POST", route: "container-create", object: { image: "nginx\0" }, verdict: "deny" },
    ...{ rules: ["privileged", "host-pid"], why: ["is privileged"], times: 1, ...more },
  } as Decision;
}

const nothing: GuardsTold = { counts: [], latest: [] };
const enforces = { kind: "proxy", version: "1", since: now - 50, seen: now - 2, clients: [] } as const;

async function enrolled(database: FleetDatabase): Promise<string> {
  const token = { token: "t", author: "ada", created: 1, expires: now + 1 };
  await database.insertInto("enrolment").values(token).execute();
  const made = await enrol(database, { token: "t", key: "k", host, now });
  return made?.id ?? "";
}

describeStores((open) => {
  it("keeps what guards decided once, however often it is told", async () => {
    const database = await open();
    const id = await enrolled(database);
    const put = (told: Partial<GuardsTold>, number: number | undefined, ahead = 0) =>
      putGuards(database, id, { ...nothing, ...told }, { number, ahead, now });
    const told = { counts: [count({ times: 3 }), count({ times: 4 }), count({ rules: ["a", "b"] })] };
    expect(await put({ ...told, latest: [decision()] }, 7)).toBe(true);
    expect(await put({ ...told, latest: [decision()] }, 7)).toBe(false);
    expect(await put(told, 6)).toBe(false);
    expect(await put({ counts: [count({ times: 10, hour: now - 2 * hour })] }, 8)).toBe(true);
    const past = await pastDecisions(database, { host: id, log, since: 0 }, 10);
    expect(past).toMatchObject([
      {
        client: "ci",
        route: "container-list",
        verdict: "allow",
        rules: [],
        times: 17,
        first: now - 2 * hour,
      },
      { rules: ["a", "b"], times: 1 },
    ]);
    expect(await pastDecisions(database, { host: id, log, since: now - hour }, 10)).toMatchObject([
      { times: 7 },
      { times: 1 },
    ]);
    const all = await listDecisions(database, { sight: "all", limit: 10 });
    expect(all).toMatchObject([
      { hostName: "h.example", route: "container-create", rules: ["privileged", "host-pid"] },
    ]);
    const found = async (more: object) =>
      (await listDecisions(database, { sight: "all", limit: 10, ...more })).length;
    for (const more of [
      { rule: "host-pid", client: "ci", verdict: "deny", route: "container-create", host: id, log },
      { rule: "privileged" },
    ])
      expect(await found(more)).toBe(1);
    for (const more of [{ rule: "host" }, { rule: "host_pid" }, { client: "c" }, { log: "x" }, { sight: [] }])
      expect(await found(more), JSON.stringify(more)).toBe(0);
    const sums = await countDecisions(database, [id], now - 2 * hour);
    expect(sums.map(({ hasRules, times }) => [Number(hasRules), Number(times)]).toSorted()).toEqual([
      [0, 17],
      [1, 1],
    ]);
    await removeHost(database, id, now);
    expect(await found({})).toBe(0);
    expect(await put({ counts: [count()] }, 9)).toBe(false);
  });

  it("keeps the latest word of each guard, and puts right the time of a host with a wrong clock", async () => {
    const database = await open();
    await putHost(database, { ...host, id: "own" }, now);
    const put = (told: Partial<GuardsTold>, ahead = 0) =>
      putGuards(database, "own", { ...nothing, ...told }, { number: undefined, ahead, now });
    expect(await putGuards(database, "nobody", nothing, { number: undefined, ahead: 0, now })).toBe(false);
    await put({
      guards: [
        { log, enforces },
        { log: "/b", enforces: null },
      ],
    });
    await put({ counts: [count()] });
    expect(await listGuards(database, "all", { limit: 10 })).toMatchObject({
      total: 2,
      guards: [
        { log: "/b", enforces: null, seen: null },
        {
          host: "own",
          hostName: "h.example",
          log,
          seen: now - 2,
          enforces: { kind: "proxy", since: now - 50 },
        },
      ],
    });
    expect((await listGuards(database, "all", { limit: 10, text: "H.EX" })).total).toBe(2);
    expect((await listGuards(database, "all", { limit: 10, text: "%" })).total).toBe(0);
    expect((await listGuards(database, [], { limit: 10 })).total).toBe(0);
    const far = 500 * hour;
    await put(
      {
        guards: [{ log, enforces: { ...enforces, seen: now + far } }],
        latest: [decision({ time: now + far - 7 })],
        counts: [count({ hour: now + far, client: "far" })],
      },
      far,
    );
    expect((await listGuards(database, "all", { limit: 10 })).guards).toMatchObject([{ log, seen: now }]);
    expect(await listDecisions(database, { sight: "all", limit: 1 })).toMatchObject([{ time: now - 7 }]);
    const past = { host: "own", log, client: "far", since: 0 };
    expect(await pastDecisions(database, past, 10)).toMatchObject([{ first: now }]);
    // Nothing happened in the future, nor before what is kept.
    await put({ latest: [decision({ time: 5 }), decision({ time: now * 2 })] });
    const times = (await listDecisions(database, { sight: "all", limit: 9 })).map(({ time }) => time);
    expect(times).toEqual([now, now - 7, now - decisionsKept]);
  });

  it("keeps a thousand single decisions of a host, and all for a week", async () => {
    const database = await open();
    await putHost(database, { ...host, id: "own" }, now);
    for (let part = 0; part < 23; part += 1) {
      const latest = Array.from({ length: 50 }, (_, index) =>
        decision({ time: now - 2_000 + part * 50 + index }),
      );
      const counts = [count({ hour: now - part * 12 * hour })];
      await putGuards(database, "own", { latest, counts }, { number: undefined, ahead: 0, now });
    }
    const rows = async (table: "decision" | "decision_count") =>
      (await database.selectFrom(table).select("host").execute()).length;
    expect(await rows("decision")).toBe(1_000);
    expect(await rows("decision_count")).toBe(17);
    await forgetDecisions(database, now - 24 * hour);
    expect(await rows("decision_count")).toBe(3);
    await forgetDecisions(database, now + 1);
    expect((await rows("decision")) + (await rows("decision_count"))).toBe(0);
  });
});
