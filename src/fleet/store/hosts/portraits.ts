import type { HostSetting, Portrait } from "../../protocol/report.ts";
import { storable } from "../findings/state.ts";
import { atOnce, type FleetDatabase } from "../open.ts";
import { hold } from "../postgres.ts";

/** Keeps the latest portrait of a host, and what it changes of the settings. One that is not newer is left out. */
export async function putPortrait(database: FleetDatabase, host: string, portrait: Portrait): Promise<void> {
  await atOnce(database, async (step) => {
    await hold(step, `host ${host}`);
    const isKnown = await step.selectFrom("host").select("id").where("id", "=", host).executeTakeFirst();
    const before = await portraitOf(step, host);
    if (!isKnown || (before && before.taken >= portrait.taken)) return;
    const row = { taken: portrait.taken, document: JSON.stringify(portrait) };
    await step
      .insertInto("portrait")
      .values({ host, ...row })
      .onConflict((conflict) => conflict.column("host").doUpdateSet(row))
      .execute();
    const score = scoreOf(portrait);
    await step
      .insertInto("cis_score")
      .values({ host, day: Math.floor(portrait.taken / 86_400_000), ...score })
      .onConflict((conflict) => conflict.columns(["host", "day"]).doUpdateSet(score))
      .execute();
    const changes = before ? changedSettings(before.settings, portrait.settings) : [];
    if (changes.length === 0) return;
    await step
      .insertInto("setting_change")
      .values(changes.map((change) => ({ ...change, host, time: portrait.taken })))
      .execute();
  });
}

export async function portraitOf(database: FleetDatabase, host: string): Promise<Portrait | undefined> {
  const row = await database
    .selectFrom("portrait")
    .select("document")
    .where("host", "=", host)
    .executeTakeFirst();
  return row && (JSON.parse(row.document) as Portrait);
}

/** Newest first. */
export async function settingChanges(database: FleetDatabase, host: string, limit: number) {
  return await database
    .selectFrom("setting_change")
    .select(["time", "group", "name", "before", "after"])
    .where("host", "=", host)
    .orderBy("time", "desc")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}

/** How many recommendations of the benchmark are met and how many are not; what could not be judged is neither. */
function scoreOf({ benchmark }: Portrait) {
  const number = (outcome: string) => benchmark.results.filter((each) => each.outcome === outcome).length;
  return { passed: number("pass"), failed: number("fail") };
}

/** Forgets what changed before, and the scores. */
export async function forgetSettingChanges(database: FleetDatabase, before: number): Promise<void> {
  await database
    .deleteFrom("cis_score")
    .where("day", "<", Math.floor(before / 86_400_000))
    .execute();
  await database.deleteFrom("setting_change").where("time", "<", before).execute();
}

/** What could not be read on one of the two occasions is no change: the next portrait may read it again. */
function changedSettings(before: readonly HostSetting[], after: readonly HostSetting[]) {
  const keyOf = ({ group, name }: HostSetting) => `${group} ${name}`;
  const was = new Map(before.map((each) => [keyOf(each), each]));
  const is = new Map(after.map((each) => [keyOf(each), each]));
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((key) => {
    const [old, now] = [was.get(key), is.get(key)];
    const named = now ?? old;
    if (!named || old?.value === null || now?.value === null || old?.value === now?.value) return [];
    const text = (setting: HostSetting | undefined) =>
      setting === undefined ? null : storable(setting.value ?? "");
    return [{ group: named.group, name: storable(named.name), before: text(old), after: text(now) }];
  });
}
