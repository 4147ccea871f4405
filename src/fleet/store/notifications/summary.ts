import { countBySeverity } from "../findings/counts.ts";
import { type FoundRow, listFindings, oldestFindings } from "../findings/findings.ts";
import { silentAfter } from "../findings/own-findings.ts";
import { everything } from "../findings/query.ts";
import { countHosts } from "../hosts/overview.ts";
import type { FleetDatabase } from "../open.ts";
import { inSight, type Sight } from "../teams/sight.ts";

const day = 86_400_000;

/** A week of the hosts in sight. */
export interface Summary {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly hosts: number;
  /** Failures that are open now. */
  readonly open: Readonly<Record<string, number>>;
  /** Of those, what opened in the week. */
  readonly fresh: Readonly<Record<string, number>>;
  readonly freshWorst: readonly FoundRow[];
  /** Failures that were resolved in the week. */
  readonly mended: number;
  /** Of high severity or worse, those that are open for longest. */
  readonly oldest: readonly FoundRow[];
  /** Names of hosts that nothing is heard of, at most fifty of them. */
  readonly silent: readonly string[];
  readonly silentCount: number;
}

export async function summaryOf(database: FleetDatabase, sight: Sight, now: number): Promise<Summary> {
  const from = now - 7 * day;
  const fails = { ...everything, sight, verdict: "fail" } as const;
  const worst = { offset: 0, limit: 5 };
  const seenBefore = now - silentAfter;
  const [open, fresh, freshWorst, oldest, mended, hosts, silent, silentCount] = await Promise.all([
    countBySeverity(database, fails),
    countBySeverity(database, { ...fails, since: from }),
    listFindings(database, { ...fails, since: from }, worst),
    oldestFindings(database, { ...fails, severities: ["high", "critical"] }, worst.limit),
    database
      .selectFrom("finding")
      .select((select) => select.fn.countAll<number>().as("number"))
      .where("verdict", "=", "fail")
      .where("resolved", ">=", from)
      .where(inSight("finding.host", sight))
      .executeTakeFirstOrThrow(),
    countHosts(database, sight),
    database
      .selectFrom("host")
      .select("name")
      .where(inSight("host.id", sight))
      .where("seen", "<", seenBefore)
      .orderBy("name")
      .limit(50)
      .execute(),
    countHosts(database, sight, { seenBefore }),
  ]);
  return {
    ...{ from, to: now, hosts, mended: Number(mended.number) },
    ...{ open: Object.fromEntries(open), fresh: Object.fromEntries(fresh), freshWorst, oldest },
    silent: silent.map(({ name }) => name),
    silentCount,
  };
}
