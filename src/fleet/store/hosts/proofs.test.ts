import { expect, it } from "vitest";
import { describeStores } from "../../../../test/support/fleet/postgres.ts";
import type { ProofTold } from "../../protocol/job.ts";
import type { FleetDatabase } from "../open.ts";
import { enrol } from "./enrolments.ts";
import { addJob, tellJobs } from "./jobs.ts";
import { forgetProofs, lastProven, proofOf, putProofs } from "./proofs.ts";
import { removeHost } from "./reports.ts";

const now = 1_000_000_000_000;
const probe = { probe: "p", control: "c", outcome: "held", evidence: "refused", tries: "tries" } as const;

function proof(more: Partial<ProofTold> = {}): ProofTold {
  return { container: "web", time: now - 5_000, trouble: null, probes: [probe], ...more };
}

async function enrolled(database: FleetDatabase): Promise<string> {
  const token = { token: "t", author: "ada", created: 1, expires: now + 1 };
  await database.insertInto("enrolment").values(token).execute();
  const host = { name: "h.example", engine: "e", version: "1", connected: true, containers: [] };
  const made = await enrol(database, { token: "t", key: "k", host, now });
  return made?.id ?? "";
}

describeStores((open) => {
  it("keeps the latest proof of a container, once, however often it is told", async () => {
    const database = await open();
    const host = await enrolled(database);
    const put = (number: number, proofs: readonly ProofTold[], ahead = 0) =>
      putProofs(database, host, { number, proofs, ahead }, now);
    const of = (container = "web") => proofOf(database, { host, container });
    expect(await of()).toBeUndefined();
    expect(await put(7, [proof(), proof({ container: "db", time: now - 4_000 })])).toBe(true);
    const kept = { tried: now - 5_000, trouble: null, proven: now - 5_000, probes: [probe] };
    expect(await of()).toEqual(kept);
    expect(await of("db")).toMatchObject({ proven: now - 4_000 });
    // Told again, and an earlier one that took its time on the way.
    expect(await put(7, [proof({ time: now })])).toBe(false);
    expect(await put(6, [proof({ time: now })])).toBe(false);
    expect(await of()).toEqual(kept);
    // A host that was set back in time proves again: what it tells later holds.
    expect(await put(8, [proof({ time: now - 9_000, probes: [] })])).toBe(true);
    expect(await of()).toMatchObject({ proven: now - 9_000, probes: [] });
    expect(await put(9, [proof({ time: now - 2 }), proof({ time: now - 1 })])).toBe(true);
    expect(await of()).toMatchObject({ tried: now - 1, proven: now - 1, probes: [probe] });
  });

  it("a try without a result says why, and leaves the latest result", async () => {
    const database = await open();
    const host = await enrolled(database);
    const of = (container: string) => proofOf(database, { host, container });
    const failed = { trouble: "no space\0", probes: null };
    const proofs = [
      proof({ time: now - 90 }),
      proof({ time: now - 10, ...failed }),
      proof({ container: "db", ...failed }),
    ];
    expect(await putProofs(database, host, { number: 1, proofs, ahead: 0 }, now)).toBe(true);
    expect(await of("web")).toEqual({
      ...{ tried: now - 10, trouble: "no space\ufffd", proven: now - 90, probes: [probe] },
    });
    expect(await of("db")).toMatchObject({ trouble: "no space\ufffd", proven: null, probes: null });
    await putProofs(database, host, { number: 2, proofs: [proof({ time: now })], ahead: 0 }, now);
    expect(await of("web")).toMatchObject({ tried: now, trouble: null, proven: now });
  });

  it("says when each container of a host was proven last, no matter who proved it", async () => {
    const database = await open();
    const host = await enrolled(database);
    const proofs = [
      proof(),
      proof({ container: "db" }),
      proof({ container: "cache", trouble: "no space", probes: null }),
    ];
    await putProofs(database, host, { number: 1, proofs, ahead: 0 }, now);
    for (const [container, kind] of [
      ["web", "prove"],
      ["db", "learn"],
      ["queue", "prove"],
    ] as const) {
      const id = Number(
        await addJob(database, { host, container, kind, seconds: null, author: "otto" }, now),
      );
      const probes = kind === "prove" ? [probe] : null;
      await tellJobs(database, host, { now: null, ended: { id, trouble: null, probes, report: null } }, now);
    }
    expect([...(await lastProven(database, host))].toSorted()).toEqual([
      ["db", now - 5_000],
      ["queue", now],
      ["web", now],
    ]);
  });

  it("puts the times of a wrong clock right, and no proof is of later than now", async () => {
    const database = await open();
    const host = await enrolled(database);
    const day = 86_400_000;
    const told = (number: number, time: number, ahead: number) =>
      putProofs(database, host, { number, proofs: [proof({ time })], ahead }, now);
    await told(1, now + 3 * day - 500, 3 * day);
    expect(await proofOf(database, { host, container: "web" })).toMatchObject({ tried: now - 500 });
    await told(2, now + 3 * day, 0);
    expect(await proofOf(database, { host, container: "web" })).toMatchObject({ tried: now, proven: now });
  });

  it("forgets containers that nobody proves any more, and those of a host that is removed", async () => {
    const database = await open();
    const host = await enrolled(database);
    const proofs = [proof(), proof({ container: "db", time: now - 50_000 })];
    await putProofs(database, host, { number: 1, proofs, ahead: 0 }, now);
    await forgetProofs(database, now - 10_000);
    expect(await proofOf(database, { host, container: "db" })).toBeUndefined();
    expect(await proofOf(database, { host, container: "web" })).toBeDefined();
    await removeHost(database, host, now);
    expect(await proofOf(database, { host, container: "web" })).toBeUndefined();
    expect(await putProofs(database, host, { number: 2, proofs, ahead: 0 }, now)).toBe(false);
  });
});
