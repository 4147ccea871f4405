import { createHash, randomUUID } from "node:crypto";
import type { FleetDatabase } from "../open.ts";

/** What hosts are told of an acceptance. */
export interface ToldAcceptance {
  readonly control: string;
  readonly subject: string | null;
  readonly image: string | null;
  readonly project: string | null;
  readonly reason: string;
  readonly until: string;
}

const setting = "acceptances revision";

/** Names the acceptances as they are: another name, another list. Random, so that a database set back says no name twice. */
export async function renewRevision(step: FleetDatabase): Promise<void> {
  const value = randomUUID();
  await step
    .insertInto("setting")
    .values({ name: setting, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}

/** The name of the list for one host, which also depends on the teams that it belongs to. */
export async function revisionOf(database: FleetDatabase, host: string): Promise<string> {
  const [row, teams] = await Promise.all([
    database.selectFrom("setting").select("value").where("name", "=", setting).executeTakeFirst(),
    database.selectFrom("team_host").select("team").where("host", "=", host).orderBy("team").execute(),
  ]);
  const text = JSON.stringify([row?.value ?? "", teams.map(({ team }) => Number(team))]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/**
 * What is accepted today and may concern a host: findings of its own, images and projects. Those of other hosts' images are
 * among them, since a container of any image may start there at any moment; those of teams that the host is not in are not. The
 * oldest `most`.
 */
export async function acceptancesToldTo(
  database: FleetDatabase,
  host: string,
  today: string,
  most: number,
): Promise<readonly ToldAcceptance[]> {
  return await database
    .selectFrom("acceptance")
    .select(["control", "subject", "image", "project", "reason", "until"])
    .where("ended", "is", null)
    .where("waits", "=", 0)
    .where("until", ">=", today)
    .where((where) => where.or([where("scope", "<>", "finding"), where("host", "=", host)]))
    .where((where) =>
      where.or([
        where("team", "is", null),
        where.exists(
          where
            .selectFrom("team_host")
            .select("team_host.host")
            .whereRef("team_host.team", "=", "acceptance.team")
            .where("team_host.host", "=", host),
        ),
      ]),
    )
    .orderBy("id")
    .limit(most)
    .execute();
}
