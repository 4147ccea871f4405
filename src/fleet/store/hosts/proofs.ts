import type { JobProbe, ProofTold } from "../../protocol/job.ts";
import { clockError, isNews, storable } from "../findings/state.ts";
import { atOnce, type FleetDatabase } from "../open.ts";
import { hold } from "../postgres.ts";

export interface ToldProofs {
  /** Larger than that of what the host told before. */
  readonly number: number;
  /** Oldest first. */
  readonly proofs: readonly ProofTold[];
  /** Milliseconds by which the host's clock is ahead. */
  readonly ahead: number;
}

/** The latest proof that a host made of a container by itself. Times are milliseconds since 1970. */
export interface KeptProof {
  readonly tried: number;
  /** Why the latest attempt gave no result. */
  readonly trouble: string | null;
  /** When `probes` were shown: before `tried` where that gave no result. Null before the first result. */
  readonly proven: number | null;
  readonly probes: readonly JobProbe[] | null;
}

/** Keeps what a host's own proofs showed. What comes twice is kept once. Gives whether anything was kept. */
export async function putProofs(
  database: FleetDatabase,
  host: string,
  { number, proofs, ahead }: ToldProofs,
  now: number,
): Promise<boolean> {
  const off = clockError(ahead);
  return await atOnce(database, async (step) => {
    await hold(step, `host ${host}`);
    if (!(await isNews(step, host, "last_proofs", number))) return false;
    for (const { container, time, trouble, probes } of proofs) {
      const tried = Math.min(now, time - off);
      const shown = probes && { proven: tried, probes: storable(JSON.stringify(probes)) };
      const row = { tried, trouble: trouble === null ? null : storable(trouble), ...shown };
      await step
        .insertInto("proof")
        .values({ host, container: storable(container), ...row })
        .onConflict((conflict) => conflict.columns(["host", "container"]).doUpdateSet(row))
        .execute();
    }
    return proofs.length > 0;
  });
}

export async function proofOf(
  database: FleetDatabase,
  { host, container }: { readonly host: string; readonly container: string },
): Promise<KeptProof | undefined> {
  const row = await database
    .selectFrom("proof")
    .select(["tried", "trouble", "proven", "probes"])
    .where("host", "=", host)
    .where("container", "=", container)
    .executeTakeFirst();
  return (
    row && { ...row, probes: row.probes === null ? null : (JSON.parse(row.probes) as readonly JobProbe[]) }
  );
}

/** When each container of a host was proven last, by the host itself or by a job. */
export async function lastProven(
  database: FleetDatabase,
  host: string,
): Promise<ReadonlyMap<string, number>> {
  const [byHost, byJobs] = await Promise.all([
    database
      .selectFrom("proof")
      .select(["container", "proven as time"])
      .where("host", "=", host)
      .where("proven", "is not", null)
      .execute(),
    database
      .selectFrom("job")
      .select(({ fn }) => ["container", fn.max("ended").as("time")])
      .where("host", "=", host)
      .where("probes", "is not", null)
      .groupBy("container")
      .execute(),
  ]);
  const latest = new Map<string, number>();
  for (const { container, time } of [...byHost, ...byJobs])
    latest.set(container, Math.max(latest.get(container) ?? 0, Number(time)));
  return latest;
}

/** Forgets containers that were last tried before. */
export async function forgetProofs(database: FleetDatabase, before: number): Promise<void> {
  await database.deleteFrom("proof").where("tried", "<", before).execute();
}
