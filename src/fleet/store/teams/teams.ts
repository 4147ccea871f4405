import type { Labels } from "../../../base/labels.ts";
import { dayOf } from "../../../model/exemption.ts";
import { applyAcceptances } from "../findings/acceptances-applied.ts";
import { atOnce, type FleetDatabase } from "../open.ts";
import { hold } from "../postgres.ts";
import { belongs, inSight, labelsText, parseLabels, type Sight } from "./sight.ts";

export interface Team {
  readonly id: number;
  readonly name: string;
  /** `env=prod`: a host belongs to the team where it has each; of several values of one name it has one. */
  readonly labels: readonly string[];
  /** How many hosts it sees, and how many accounts belong to it. */
  readonly hosts: number;
  readonly accounts: number;
}

export interface NewTeam {
  readonly name: string;
  readonly labels: readonly string[];
}

/** The teams in sight by name. */
export async function listTeams(database: FleetDatabase, sight: Sight): Promise<readonly Team[]> {
  const [teams, hosts, accounts] = await Promise.all([
    database.selectFrom("team").select(["id", "name", "labels"]).orderBy("name").execute(),
    countsOf(database, "team_host"),
    countsOf(database, "account_team"),
  ]);
  return teams
    .filter(({ id }) => sight === "all" || sight.includes(id))
    .map(({ id, name, labels }) => ({
      id,
      name,
      labels: parseTeamLabels(labels),
      hosts: hosts.get(id) ?? 0,
      accounts: accounts.get(id) ?? 0,
    }));
}

async function countsOf(
  database: FleetDatabase,
  table: "team_host" | "account_team",
): Promise<ReadonlyMap<number, number>> {
  const rows = await database
    .selectFrom(table)
    .select((select) => ["team", select.fn.countAll<number>().as("number")])
    .groupBy("team")
    .execute();
  return new Map(rows.map(({ team, number }) => [team, Number(number)]));
}

/** Makes a team. `"taken"` where there is one of this name. */
export async function addTeam(
  database: FleetDatabase,
  { name, labels }: NewTeam,
  now: number,
): Promise<number | "taken"> {
  return await database.transaction().execute(async (step) => {
    await hold(step, "teams");
    const there = await step.selectFrom("team").select("id").where("name", "=", name).executeTakeFirst();
    if (there) return "taken";
    const { id } = await step
      .insertInto("team")
      .values({ name, labels: JSON.stringify(labels), created: now })
      .returning("id")
      .executeTakeFirstOrThrow();
    await gatherHosts(step, id, labels);
    return id;
  });
}

/** Changes a team's name and labels. Undefined if there is none of this id, `"taken"` where another has the name. */
export async function setTeam(
  database: FleetDatabase,
  id: number,
  { name, labels }: NewTeam,
  now: number,
): Promise<"changed" | "taken" | undefined> {
  const moved = await database.transaction().execute(async (step) => {
    await hold(step, "teams");
    const taken = await step
      .selectFrom("team")
      .select("id")
      .where("name", "=", name)
      .where("id", "<>", id)
      .executeTakeFirst();
    if (taken) return "taken";
    const changed = await step
      .updateTable("team")
      .set({ name, labels: JSON.stringify(labels) })
      .where("id", "=", id)
      .executeTakeFirst();
    return changed.numUpdatedRows > 0n ? await gatherHosts(step, id, labels) : undefined;
  });
  if (moved === undefined || moved === "taken") return moved;
  const limited = await database
    .selectFrom("acceptance")
    .select("id")
    .where("team", "=", id)
    .where("ended", "is", null)
    .executeTakeFirst();
  // Outside of the transaction above: a host's report holds the host first, and then perhaps the teams.
  for (const host of limited ? moved : []) {
    await database.transaction().execute(async (step) => {
      await hold(step, `host ${host}`);
      await applyAcceptances(step, now, { host });
    });
  }
  return "changed";
}

/** Removes a team. Acceptances that were limited to its hosts end: they would hold nowhere. Gives its name. */
export async function removeTeam(
  database: FleetDatabase,
  id: number,
  now: number,
): Promise<string | undefined> {
  return await database.transaction().execute(async (step) => {
    await hold(step, "teams");
    const ended = await step
      .updateTable("acceptance")
      .set({ ended: now })
      .where("team", "=", id)
      .where("ended", "is", null)
      .where("until", ">=", dayOf(now))
      .returning("id")
      .execute();
    for (const { id: acceptance } of ended) await applyAcceptances(step, now, { acceptance });
    return (await step.deleteFrom("team").where("id", "=", id).returning("name").executeTakeFirst())?.name;
  });
}

/** Puts a host into the teams that its labels say, and out of all others. In a transaction. */
export async function placeHost(step: FleetDatabase, host: string, labels: Labels): Promise<void> {
  await hold(step, "teams");
  await step.deleteFrom("team_host").where("host", "=", host).execute();
  const teams = await step.selectFrom("team").select(["id", "labels"]).execute();
  const rows = teams
    .filter((team) => belongs(labels, parseTeamLabels(team.labels)))
    .map(({ id }) => ({ team: id, host }));
  if (rows.length > 0) await step.insertInto("team_host").values(rows).execute();
}

/** Sets a host's labels, whatever it reports itself; null: what it reports counts again. False for an unknown host. */
export async function pinLabels(
  database: FleetDatabase,
  host: string,
  labels: Labels | null,
  now: number,
): Promise<boolean> {
  return await atOnce(database, async (step) => {
    await hold(step, `host ${host}`);
    const row = await step
      .selectFrom("host")
      .select(["labels", "told_labels"])
      .where("id", "=", host)
      .executeTakeFirst();
    if (!row) return false;
    const pinned = labels && labelsText(labels);
    const next = pinned ?? row.told_labels;
    await step.updateTable("host").set({ pinned, labels: next }).where("id", "=", host).execute();
    if (next === row.labels) return true;
    await placeHost(step, host, parseLabels(next));
    await applyAcceptances(step, now, { host });
    return true;
  });
}

/** Which of these teams there are. */
export async function knownTeams(
  database: FleetDatabase,
  teams: readonly number[],
): Promise<readonly number[]> {
  if (teams.length === 0) return [];
  const rows = await database
    .selectFrom("team")
    .select("id")
    .where("id", "in", [...teams])
    .execute();
  return rows.map(({ id }) => id);
}

/** Says what an account sees. False if there is no such account. */
export async function setAccountSight(
  database: FleetDatabase,
  account: number,
  sight: Sight,
): Promise<boolean> {
  return await atOnce(database, async (step) => {
    const { numUpdatedRows } = await step
      .updateTable("account")
      .set({ sees_all: Number(sight === "all") })
      .where("id", "=", account)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return false;
    await step.deleteFrom("account_team").where("account", "=", account).execute();
    const teams = sight === "all" ? [] : await knownTeams(step, sight);
    if (teams.length > 0) {
      await step
        .insertInto("account_team")
        .values(teams.map((team) => ({ team, account })))
        .execute();
    }
    return true;
  });
}

/** What an account sees. Administrators see every host: they could give themselves any team. */
export async function accountSight(
  database: FleetDatabase,
  { id, role, sees_all }: { readonly id: number; readonly role: string; readonly sees_all: number },
): Promise<Sight> {
  if (role === "administrator" || sees_all === 1) return "all";
  const rows = await database.selectFrom("account_team").select("team").where("account", "=", id).execute();
  return rows.map(({ team }) => team);
}

/** What an API token sees by itself. */
export async function tokenSight(
  database: FleetDatabase,
  { id, sees_all }: { readonly id: number; readonly sees_all: number },
): Promise<Sight> {
  if (sees_all === 1) return "all";
  const rows = await database.selectFrom("token_team").select("team").where("token", "=", id).execute();
  return rows.map(({ team }) => team);
}

/** Brings the team's hosts in line with its labels. Gives those that came or went. */
async function gatherHosts(
  step: FleetDatabase,
  team: number,
  labels: readonly string[],
): Promise<readonly string[]> {
  const [hosts, members] = [
    await step.selectFrom("host").select(["id", "labels"]).where("labels", "<>", "{}").execute(),
    await step.selectFrom("team_host").select("host").where("team", "=", team).execute(),
  ];
  const next = new Set(
    hosts.filter((host) => belongs(parseLabels(host.labels), labels)).map((host) => host.id),
  );
  const before = new Set(members.map(({ host }) => host));
  const come = [...next].filter((host) => !before.has(host));
  const gone = [...before].filter((host) => !next.has(host));
  for (let from = 0; from < gone.length; from += 500) {
    const part = gone.slice(from, from + 500);
    await step.deleteFrom("team_host").where("team", "=", team).where("host", "in", part).execute();
  }
  for (let from = 0; from < come.length; from += 500) {
    const part = come.slice(from, from + 500);
    await step
      .insertInto("team_host")
      .values(part.map((host) => ({ team, host })))
      .execute();
  }
  return [...come, ...gone];
}

function parseTeamLabels(text: string): readonly string[] {
  return JSON.parse(text);
}

/** Whether one of these hosts is in sight. */
export async function anyInSight(
  database: FleetDatabase,
  hosts: readonly string[],
  sight: Sight,
): Promise<boolean> {
  if (sight === "all") return true;
  if (hosts.length === 0 || sight.length === 0) return false;
  const row = await database
    .selectFrom("team_host")
    .select("host")
    .where("team", "in", [...sight])
    .where("host", "in", [...hosts])
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** The teams of a host; undefined if the host is not in sight. */
export async function hostTeams(
  database: FleetDatabase,
  host: string,
  sight: Sight,
): Promise<readonly number[] | undefined> {
  const [there, rows] = await Promise.all([
    database
      .selectFrom("host")
      .select("id")
      .where("id", "=", host)
      .where(inSight("host.id", sight))
      .executeTakeFirst(),
    database.selectFrom("team_host").select("team").where("host", "=", host).execute(),
  ]);
  return there && rows.map(({ team }) => team);
}
