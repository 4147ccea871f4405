import fc from "fast-check";
import { expect, it } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { describeStores } from "../../../../test/support/fleet/postgres.ts";
import { addAcceptance, endAcceptance } from "../findings/acceptances.ts";
import { forgetResolved, putChanges, putHost, putOpen } from "../hosts/hosts.ts";
import { removeHost } from "../hosts/reports.ts";
import type { FleetDatabase } from "../open.ts";

const day = 86_400_000;
const now = Date.UTC(2027, 0, 31, 12);
const areaOf = (control: string) => (control === "a" ? "2.9" : "");

/** What the counts have to be, counted anew. */
async function countedAnew(database: FleetDatabase) {
  const findings = await database.selectFrom("finding").selectAll().execute();
  const counts = new Map<string, number>();
  const add = (key: readonly unknown[], number: number) =>
    counts.set(key.join(" "), (counts.get(key.join(" ")) ?? 0) + number);
  const most = (key: readonly unknown[], number: number) =>
    counts.set(key.join(" "), Math.max(counts.get(key.join(" ")) ?? 0, number));
  for (const { host, subject, control, area, severity, weight, verdict, acceptance, ...times } of findings) {
    const isFailure = verdict === "fail" && acceptance === null;
    if (times.resolved === null) {
      add(["open", host, control, area, severity, weight, verdict, acceptance === null ? 0 : 1], 1);
      if (acceptance === null) {
        add(["subject", host, subject, "findings"], 1);
        most(["subject", host, subject, "worst"], weight);
        most(["subject", host, subject, "newest"], times.opened);
      }
      if (isFailure) {
        add(["subject", host, subject, severity], 1);
        add(["subject", host, subject, "risk"], 5 ** weight);
      }
    }
    if (!isFailure) continue;
    add(["day", host, Math.floor(times.opened / day), severity], 1);
    if (times.resolved !== null) add(["day", host, Math.floor(times.resolved / day), severity], -1);
  }
  return Object.fromEntries([...counts].filter(([, number]) => number !== 0));
}

async function kept(database: FleetDatabase) {
  const counts: [string, number][] = [];
  for (const { findings, ...row } of await database.selectFrom("open_count").selectAll().execute()) {
    const { host, control, area, severity, weight, verdict, accepted } = row;
    counts.push([["open", host, control, area, severity, weight, verdict, accepted].join(" "), findings]);
  }
  for (const { host, subject, ...numbers } of await database
    .selectFrom("open_subject")
    .selectAll()
    .execute()) {
    for (const [name, number] of Object.entries(numbers)) {
      if (number !== 0) counts.push([["subject", host, subject, name].join(" "), number]);
    }
  }
  for (const { host, day: at, severity, net } of await database
    .selectFrom("day_count")
    .selectAll()
    .execute()) {
    counts.push([["day", host, at, severity].join(" "), net]);
  }
  return Object.fromEntries(counts);
}

const finding = fc
  .record({
    control: fc.constantFrom("a", "b"),
    subject: fc.constantFrom("container:web", "container:db"),
    severity: fc.constantFrom("low" as const, "high" as const, "critical" as const),
    verdict: fc.constantFrom("fail" as const, "unknown" as const),
  })
  .map(({ control, ...more }) => findingOf(control, more));
const host = fc.constantFrom("h", "g");
const step = fc.oneof(
  fc.record({
    kind: fc.constant("changes" as const),
    host,
    changes: fc.array(
      fc.record({
        change: fc.constantFrom("opened" as const, "changed" as const, "resolved" as const),
        finding,
      }),
      { maxLength: 6 },
    ),
  }),
  fc.record({ kind: fc.constant("whole" as const), host, open: fc.array(finding, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant("accept" as const), control: fc.constantFrom("a", "b") }),
  fc.record({ kind: fc.constant("end" as const) }),
  fc.record({ kind: fc.constant("forget" as const), after: fc.integer({ min: 0, max: 20 }) }),
  fc.record({ kind: fc.constant("remove" as const), host }),
);

describeStores((open) => {
  it("law: the counts that the database keeps are what its findings add up to", async () => {
    const database = await open();
    const containers = ["web", "db"].map((name) => ({ name, image: "i", project: undefined, running: true }));
    const put = (id: string) =>
      putHost(database, { id, name: id, engine: "e", version: "1", connected: true, containers }, now);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        for (const id of ["h", "g"]) await put(id);
        const acceptances: number[] = [];
        for (const [second, each] of steps.entries()) {
          const at = now + second * 1_000;
          if (each.kind === "changes") {
            const changes = each.changes.map((one) => changeOf(one.change, one.finding, second));
            await putChanges(database, each.host, changes, areaOf);
          } else if (each.kind === "whole") await putOpen(database, each.host, each.open, at, areaOf);
          else if (each.kind === "accept") {
            const author = { id: 1, name: "ada" };
            const what = { scope: "image" as const, control: each.control, image: "i", project: null };
            const more = {
              host: null,
              subject: null,
              reason: "r",
              until: "2999-01-01",
              author,
              waits: false,
              team: null,
            };
            acceptances.push(await addAcceptance(database, { ...what, ...more }, at));
          } else if (each.kind === "end") {
            const last = acceptances.pop();
            if (last !== undefined) await endAcceptance(database, last, at);
          } else if (each.kind === "forget") await forgetResolved(database, now + each.after * 1_000);
          else {
            await removeHost(database, each.host, at);
            await put(each.host);
          }
          expect(await kept(database)).toEqual(await countedAnew(database));
        }
        for (const id of acceptances) await endAcceptance(database, id, now);
      }),
      { numRuns: 15 },
    );
  });
});
