import { expect, it } from "vitest";
import { describeStores } from "../../../../test/support/fleet/postgres.ts";
import type { JobKind } from "../../../watch/job-kinds.ts";
import type { JobEnded } from "../../protocol/job.ts";
import type { FleetDatabase } from "../open.ts";
import { putHost } from "./hosts.ts";
import {
  addJob,
  allowedOn,
  endedWithin,
  endUnheardJobs,
  forgetJobs,
  jobsOf,
  type NewJob,
  takenWithin,
  tellJobs,
} from "./jobs.ts";

const now = 1_000_000_000_000;
const web = { host: "h", container: "web" };
const prove: NewJob = { ...web, kind: "prove", seconds: null, author: "otto" };

async function host(database: FleetDatabase, id = "h", allows?: readonly JobKind[]): Promise<void> {
  const state = { id, name: id, engine: "e", version: "1", connected: true, containers: [], allows };
  await putHost(database, state, now);
}

const ended = (id: number, more: Partial<JobEnded> = {}): JobEnded => ({
  ...{ id, trouble: null, probes: null, report: null },
  ...more,
});

describeStores((open) => {
  it("nothing may be started until the host says so", async () => {
    const database = await open();
    await host(database);
    expect(await allowedOn(database, "h")).toEqual([]);
    await host(database, "h", ["learn"]);
    expect(await allowedOn(database, "h")).toEqual(["learn"]);
    await host(database);
    expect(await allowedOn(database, "h")).toEqual([]);
  });

  it("a host hears of a job until it has it, and its result is kept once", async () => {
    const database = await open();
    await host(database);
    await host(database, "other");
    const id = Number(await addJob(database, prove, now));
    expect(await addJob(database, { ...prove, container: "db" }, now)).toBe("busy");
    const job = { id, kind: "prove", container: "web", seconds: null };
    const idle = { job: undefined, isNews: false };
    expect(await tellJobs(database, "other", { now: null }, now)).toEqual(idle);
    expect(await tellJobs(database, "h", { now: null }, now)).toEqual({ job, isNews: false });
    // The answer was lost.
    expect(await tellJobs(database, "h", { now: null }, now)).toEqual({ job, isNews: false });
    expect(await tellJobs(database, "h", { now: id }, now + 1)).toEqual({ job: undefined, isNews: true });
    expect(await jobsOf(database, web, 10)).toMatchObject([{ id, started: now + 1, ended: null }]);
    // Another host cannot end it.
    await tellJobs(database, "other", { now: null, ended: ended(id, { trouble: "lies" }) }, now + 2);
    const probes = [
      { probe: "p", control: "c", outcome: "held", evidence: "refused\0", tries: "tries" } as const,
    ];
    const result = { now: null, ended: ended(id, { probes }) };
    expect(await tellJobs(database, "h", result, now + 3)).toEqual({ job: undefined, isNews: true });
    expect(await tellJobs(database, "h", result, now + 9)).toEqual(idle);
    expect(await jobsOf(database, web, 10)).toEqual([
      {
        ...{ id, kind: "prove", seconds: null, author: "otto", asked: now, started: now + 1, ended: now + 3 },
        ...{ trouble: null, probes, report: null },
      },
    ]);
    expect(await jobsOf(database, { ...web, container: "db" }, 10)).toEqual([]);
    expect(await addJob(database, { ...prove, kind: "learn", seconds: 60 }, now)).toBeGreaterThan(id);
  });

  it("a job that the host says nothing more of ends", async () => {
    const database = await open();
    await host(database);
    const id = Number(await addJob(database, prove, now));
    await tellJobs(database, "h", { now: id }, now);
    // The watch began anew.
    await tellJobs(database, "h", { now: null }, now + 1);
    expect(await jobsOf(database, web, 1)).toMatchObject([
      { ended: now + 1, trouble: "the watch on the host ended before the job did" },
    ]);
    await addJob(database, prove, now);
    expect(await endUnheardJobs(database, now + takenWithin)).toEqual([]);
    expect(await endUnheardJobs(database, now + takenWithin + 1)).toEqual(["h"]);
    expect(await jobsOf(database, web, 1)).toMatchObject([
      { trouble: "the host did not take the job within ten minutes" },
    ]);
    const third = Number(await addJob(database, prove, now));
    await tellJobs(database, "h", { now: third }, now);
    expect(await endUnheardJobs(database, now + endedWithin)).toEqual([]);
    expect(await endUnheardJobs(database, now + endedWithin + 1)).toEqual(["h"]);
    await forgetJobs(database, now + 1);
    expect(await jobsOf(database, web, 10)).toEqual([]);
  });

  it("of two operators one starts a job", async () => {
    const database = await open();
    await host(database);
    const made = await Promise.all([1, 2, 3].map(() => addJob(database, prove, now)));
    expect(made.filter((each) => each === "busy")).toHaveLength(2);
  });
});
