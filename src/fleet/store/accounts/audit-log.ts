import { createHash } from "node:crypto";
import type { FleetDatabase } from "../open.ts";
import { hold } from "../postgres.ts";

export interface AuditEntry {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly who: string;
  readonly what: string;
  /** JSON; never a secret. */
  readonly detail: string;
  readonly previous: string;
  readonly hash: string;
}

/** What the first entry holds as the hash of the one before it. */
const beginning = "0".repeat(64);

/** Appends an entry: who did what. Each holds the hash of the one before it, so that none can be taken out unseen. */
export async function appendAudit(
  database: FleetDatabase,
  entry: {
    readonly who: string;
    readonly what: string;
    readonly detail: Readonly<Record<string, unknown>>;
    readonly now: number;
  },
): Promise<void> {
  await database.transaction().execute(async (step) => {
    await hold(step, "audit log");
    const last = await step
      .selectFrom("audit_log")
      .select(["id", "hash"])
      .orderBy("id", "desc")
      .limit(1)
      .executeTakeFirst();
    const row = {
      id: (last?.id ?? 0) + 1,
      time: entry.now,
      who: entry.who,
      what: entry.what,
      detail: JSON.stringify(entry.detail),
      previous: last?.hash ?? beginning,
    };
    await step
      .insertInto("audit_log")
      .values({ ...row, hash: hashOf(row) })
      .execute();
  });
}

/** Newest first. */
export async function listAudit(
  database: FleetDatabase,
  {
    before,
    since,
    until,
    limit,
  }: { readonly [K in "before" | "since" | "until"]?: number | undefined } & { readonly limit: number },
): Promise<readonly AuditEntry[]> {
  let select = database.selectFrom("audit_log").selectAll();
  if (before !== undefined) select = select.where("id", "<", before);
  if (since !== undefined) select = select.where("time", ">=", since);
  if (until !== undefined) select = select.where("time", "<", until);
  return await select.orderBy("id", "desc").limit(limit).execute();
}

/** Entries behind this one, oldest first. */
export async function auditAfter(
  database: FleetDatabase,
  id: number,
  limit: number,
): Promise<readonly AuditEntry[]> {
  return await database
    .selectFrom("audit_log")
    .selectAll()
    .where("id", ">", id)
    .orderBy("id")
    .limit(limit)
    .execute();
}

/** The id of the first entry that is not as it was written, or that follows on none; undefined if the chain holds. */
export async function brokenAt(database: FleetDatabase): Promise<number | undefined> {
  let previous = beginning;
  let next = 1;
  for (;;) {
    const rows = await database
      .selectFrom("audit_log")
      .selectAll()
      .where("id", ">=", next)
      .orderBy("id")
      .limit(1_000)
      .execute();
    for (const row of rows) {
      if (row.id !== next || row.previous !== previous || row.hash !== hashOf(row)) return next;
      previous = row.hash;
      next += 1;
    }
    if (rows.length < 1_000) return undefined;
  }
}

function hashOf({ id, time, who, what, detail, previous }: Omit<AuditEntry, "hash">): string {
  return createHash("sha256")
    .update(JSON.stringify([id, time, who, what, detail, previous]))
    .digest("hex");
}
