import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { everywhere } from "../../../../test/support/fleet/fleet.ts";
import { startPostgres, type TestPostgres, whyNoPostgres } from "../../../../test/support/fleet/postgres.ts";
import { testFolder } from "../../../../test/support/test-folder.ts";
import { countByVerdict, countFindings } from "../findings/counts.ts";
import { findingWithChanges } from "../findings/findings.ts";
import { listHosts, trend } from "../hosts/overview.ts";
import { openFleet } from "../open.ts";
import { proofOf, putProofs } from "../proofs/proofs.ts";
import { fleetMigrations } from "./migrations.ts";

const steps = Object.keys(fleetMigrations({ id: "integer", number: "integer" }));
const day = 86_400_000;

async function opened(store: string, upTo?: string) {
  const database = await openFleet(store, undefined, upTo);
  if (!database.ok) throw new Error(database.reason);
  return database.value;
}

/** A database that stopped at a step has what it holds after all of them. */
function updates(newStore: () => Promise<string>): void {
  it.each(steps)("from %s on it is brought up to date, and keeps what it holds", async (step) => {
    const store = await newStore();
    const now = Date.now();
    const before = await opened(store, step);
    await sql`insert into host (id, name, engine, version, connected, seen, enrolled)
      values ('h', 'h.example', 'e', '1', 1, ${now}, ${now - 100 * day})`.execute(before);
    for (const [control, resolved] of [
      ["a", null],
      ["b", now - day],
    ] as const) {
      const at = now - 80 * day;
      await sql`insert into finding
        (host, subject, control, area, severity, weight, verdict, message, fingerprint, document, opened, changed, resolved)
        values ('h', 'container:web', ${control}, '', 'high', 3, 'fail', 'm', 'f', '{}', ${at}, ${at}, ${resolved})`.execute(
        before,
      );
      await sql`insert into change (finding, time, change, severity, verdict, message, cause)
        values ((select max(id) from finding), ${at}, 'opened', 'high', 'fail', 'm', '{}')`.execute(before);
    }
    await before.destroy();
    const after = await opened(store);
    onTestFinished(() => after.destroy());
    expect(await countFindings(after, everywhere)).toBe(1);
    expect(await countFindings(after, { ...everywhere, state: "resolved" })).toBe(1);
    expect(await listHosts(after, "all")).toMatchObject([{ name: "h.example", bySeverity: { high: 1 } }]);
    const days = await trend(after, 30, now, "all", (await countByVerdict(after, "all")).fails);
    expect([days.at(0), days.at(-1)]).toMatchObject([
      { bySeverity: { high: 2 } },
      { bySeverity: { high: 1 } },
    ]);
    const [{ id }] = (await after.selectFrom("finding").select("id").orderBy("id").execute()) as [
      { id: number },
    ];
    expect((await findingWithChanges(after, id, "all"))?.changes).toMatchObject([{ change: "opened" }]);
    await after
      .insertInto("change")
      .values({
        ...{
          finding: id,
          time: now,
          change: "changed",
          severity: "high",
          verdict: "fail",
          message: "",
          cause: "{}",
        },
      })
      .execute();
    expect((await findingWithChanges(after, id, "all"))?.changes).toHaveLength(2);
  });

  it("a host that reported before its proofs were told can tell them", async () => {
    const store = await newStore();
    const before = await opened(store, "017-jobs");
    await sql`insert into host (id, name, engine, version, connected, seen, enrolled)
      values ('h', 'h.example', 'e', '1', 1, 1, 1)`.execute(before);
    await sql`insert into reporter (host, key, last) values ('h', 'k', 7)`.execute(before);
    await before.destroy();
    const after = await opened(store);
    onTestFinished(() => after.destroy());
    const proofs = [{ container: "web", time: 5, trouble: null, probes: [] }];
    expect(await putProofs(after, "h", { number: 1, proofs, ahead: 0 }, 9)).toBe(true);
    expect(await proofOf(after, { host: "h", container: "web" })).toMatchObject({ proven: 5 });
  });
}

describe("a file", () => {
  let files = 0;
  updates(async () => {
    files += 1;
    return join(testFolder(), `${files}.db`);
  });
});

describe.skipIf(whyNoPostgres() !== undefined)("PostgreSQL", () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server?.stop(), 60_000);
  updates(() => server.newDatabase());
});
