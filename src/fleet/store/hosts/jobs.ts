import type { JobKind } from "../../../watch/job-kinds.ts";
import { jobKinds } from "../../../watch/job-kinds.ts";
import type { Job, JobEnded, JobProbe, JobsTold } from "../../protocol/job.ts";
import { storable } from "../findings/state.ts";
import type { FleetDatabase } from "../open.ts";
import { atOnce } from "../open.ts";
import { hold } from "../postgres.ts";

/** Milliseconds that a host has to take a job. It asks about once a minute. */
export const takenWithin = 10 * 60_000;
/** Milliseconds that a job may take: learn watches for up to an hour. */
export const endedWithin = 3 * 3_600_000;

/** What the hosts' words are where they say nothing more. */
const unheard = {
  waiting: "the host did not take the job within ten minutes",
  running: "nothing was heard of the job for three hours",
  gone: "the watch on the host ended before the job did",
} as const;

export interface NewJob {
  readonly host: string;
  readonly container: string;
  readonly kind: JobKind;
  /** Of learn. */
  readonly seconds: number | null;
  readonly author: string;
}

export interface JobRow {
  readonly id: number;
  readonly kind: JobKind;
  readonly seconds: number | null;
  readonly author: string;
  /** Milliseconds since 1970. */
  readonly asked: number;
  readonly started: number | null;
  readonly ended: number | null;
  readonly trouble: string | null;
  readonly probes: readonly JobProbe[] | null;
  readonly report: string | null;
}

/** What operators may start on a host. */
export async function allowedOn(database: FleetDatabase, host: string): Promise<readonly JobKind[]> {
  const row = await database.selectFrom("host").select("allows").where("id", "=", host).executeTakeFirst();
  const told: readonly string[] = JSON.parse(row?.allows ?? "[]");
  return jobKinds.filter((kind) => told.includes(kind));
}

/** Asks a host for a job. `"busy"` where it has another: a host does one after the other. */
export async function addJob(database: FleetDatabase, job: NewJob, now: number): Promise<number | "busy"> {
  return await database.transaction().execute(async (step) => {
    await hold(step, `jobs ${job.host}`);
    const other = await step
      .selectFrom("job")
      .select("id")
      .where("host", "=", job.host)
      .where("ended", "is", null)
      .executeTakeFirst();
    if (other) return "busy";
    const { id } = await step
      .insertInto("job")
      .values({
        ...job,
        ...{ asked: now, started: null, ended: null, trouble: null, probes: null, report: null },
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    return id;
  });
}

/** The latest jobs of a container, newest first. The latest that proved it is one of them, or comes after them. */
export async function jobsOf(
  database: FleetDatabase,
  { host, container }: { readonly host: string; readonly container: string },
  limit: number,
): Promise<readonly JobRow[]> {
  const rows = await database
    .selectFrom("job")
    .selectAll()
    .where("host", "=", host)
    .where("container", "=", container)
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  const isCut = rows.length === limit && rows.every(({ probes }) => probes === null);
  const proof = isCut
    ? await database
        .selectFrom("job")
        .selectAll()
        .where("host", "=", host)
        .where("container", "=", container)
        .where("probes", "is not", null)
        .orderBy("id", "desc")
        .executeTakeFirst()
    : undefined;
  return [...rows, ...(proof ? [proof] : [])].map(({ host: _, container: __, kind, probes, ...row }) => ({
    ...row,
    kind: kindOf(kind),
    probes: probes === null ? null : (JSON.parse(probes) as readonly JobProbe[]),
  }));
}

export interface JobsAnswer {
  /** What the host is to do. */
  readonly job: Job | undefined;
  /** Whether a page shows another state now. */
  readonly isNews: boolean;
}

/** Keeps what a host says of its jobs, and gives the next one to a host that has none under way. */
export async function tellJobs(
  database: FleetDatabase,
  host: string,
  told: JobsTold,
  now: number,
): Promise<JobsAnswer> {
  // Most hosts have no job.
  const open = await database
    .selectFrom("job")
    .select("id")
    .where("host", "=", host)
    .where("ended", "is", null)
    .executeTakeFirst();
  if (!open) return { job: undefined, isNews: false };
  return await atOnce(database, async (step) => {
    await hold(step, `jobs ${host}`);
    const jobs = await step
      .selectFrom("job")
      .select(["id", "kind", "container", "seconds", "started"])
      .where("host", "=", host)
      .where("ended", "is", null)
      .orderBy("id")
      .execute();
    let isNews = false;
    const waiting: Job[] = [];
    for (const { id, kind, container, seconds, started } of jobs) {
      const change = changeOf({ id, started }, told, now);
      if (change) {
        await step.updateTable("job").set(change).where("id", "=", id).execute();
        isNews = true;
      }
      if (!change && started === null) waiting.push({ id, kind: kindOf(kind), container, seconds });
    }
    const [next] = waiting;
    return { job: told.now === null ? next : undefined, isNews };
  });
}

/** What a host says of a job that has no end yet; undefined if that is nothing new. */
function changeOf(
  { id, started }: { readonly id: number; readonly started: number | null },
  { now: current, ended }: JobsTold,
  now: number,
) {
  if (ended?.id === id) return { ...resultOf(ended), started: started ?? now, ended: now };
  if (current === id) return started === null ? { started: now } : undefined;
  return started === null ? undefined : { trouble: unheard.gone, ended: now };
}

function resultOf({ trouble, probes, report }: JobEnded) {
  return {
    trouble: trouble === null ? null : storable(trouble),
    probes: probes === null ? null : storable(JSON.stringify(probes)),
    report: report === null ? null : storable(report),
  };
}

/** Ends jobs that no host took, or that it says nothing more of. Gives the hosts. */
export async function endUnheardJobs(database: FleetDatabase, now: number): Promise<readonly string[]> {
  const never = await database
    .updateTable("job")
    .set({ ended: now, trouble: unheard.waiting })
    .where("ended", "is", null)
    .where("started", "is", null)
    .where("asked", "<", now - takenWithin)
    .returning("host")
    .execute();
  const silent = await database
    .updateTable("job")
    .set({ ended: now, trouble: unheard.running })
    .where("ended", "is", null)
    .where("started", "<", now - endedWithin)
    .returning("host")
    .execute();
  return [...never, ...silent].map(({ host }) => host);
}

/** Forgets jobs that were asked for before. */
export async function forgetJobs(database: FleetDatabase, before: number): Promise<void> {
  await database.deleteFrom("job").where("asked", "<", before).execute();
}

function kindOf(text: string): JobKind {
  return jobKinds.find((kind) => kind === text) ?? "prove";
}
