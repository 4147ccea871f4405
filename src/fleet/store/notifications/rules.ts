import type { Severity } from "../../../model/severity.ts";
import { severities } from "../../../model/severity.ts";
import { type DestinationType, destinationTypes } from "../../../watch/outputs/destinations.ts";
import { type Facility, facilities } from "../../../watch/outputs/settings.ts";
import type { FleetDatabase } from "../open.ts";
import type { NotificationRuleTable } from "../schema/schema.ts";

/** `changes`: each as it comes. `weekly`: a summary on Monday morning. */
export const ruleKinds = ["changes", "weekly"] as const;
export type RuleKind = (typeof ruleKinds)[number];

/** Who is told of what. Everything that is given has to hold. */
export interface Rule {
  readonly id: number;
  readonly name: string;
  readonly kind: RuleKind;
  /** On the hosts of this team alone; null: on every host. */
  readonly team: number | null;
  /** Of changes: of this severity or worse. */
  readonly severity: Severity;
  /** Of changes: of these controls; none: of all. */
  readonly controls: readonly string[];
  /** Of changes: on hosts that have these labels, as a team's labels say. */
  readonly labels: readonly string[];
  readonly type: DestinationType;
  /** An address, which may be a secret itself; for mail the receivers, with commas. */
  readonly target: string;
  /** Signs what a webhook gets. */
  readonly secret: string | null;
  /** Sent as `Authorization: Bearer`. */
  readonly token: string | null;
  /** Whose messages they are, for a syslog. */
  readonly facility: Facility | null;
}

/** How telling fares. */
export interface RuleState {
  /** Milliseconds since 1970: nothing is sent before. */
  readonly due: number;
  /** Attempts that failed, since the last that did not. */
  readonly failures: number;
  /** Why the last attempt failed. */
  readonly trouble: string | null;
  /** When something was last sent. */
  readonly told: number | null;
  /** Changes or summaries that were sent, and changes that were not: too many waited, or the receiver refused them. */
  readonly sent: number;
  readonly lost: number;
  /** Nothing is gathered and nothing is sent; what waits goes on waiting. */
  readonly paused: boolean;
}

export type NewRule = Omit<Rule, "id"> & { readonly author: string };

/** Makes a rule. `"taken"` where another has its name. */
export async function addRule(
  database: FleetDatabase,
  { controls, labels, ...rule }: NewRule,
  now: number,
): Promise<number | "taken"> {
  return await database.transaction().execute(async (step) => {
    const there = await step
      .selectFrom("notification_rule")
      .select("id")
      .where("name", "=", rule.name)
      .executeTakeFirst();
    if (there) return "taken";
    const { id } = await step
      .insertInto("notification_rule")
      .values({
        ...rule,
        ...{ controls: JSON.stringify(controls), labels: JSON.stringify(labels), created: now },
        due: rule.kind === "weekly" ? nextMonday(now) : now,
        ...{ failures: 0, trouble: null, told: null, sent: 0, lost: 0, measured: 0, paused: 0 },
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    return id;
  });
}

/** What of a rule can be changed. What it tells, and by what, stays: another is another rule. */
export type RuleChange = Omit<Rule, "id" | "kind" | "type">;

/** Changes a rule, which is tried at once where an attempt failed. `"taken"` where another has its name. */
export async function setRule(
  database: FleetDatabase,
  id: number,
  { controls, labels, ...rule }: RuleChange,
  now: number,
): Promise<"changed" | "taken" | undefined> {
  return await database.transaction().execute(async (step) => {
    const there = await step
      .selectFrom("notification_rule")
      .select("id")
      .where("name", "=", rule.name)
      .where("id", "<>", id)
      .executeTakeFirst();
    if (there) return "taken";
    const { numUpdatedRows } = await step
      .updateTable("notification_rule")
      .set({ ...rule, controls: JSON.stringify(controls), labels: JSON.stringify(labels) })
      .where("id", "=", id)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return undefined;
    await tryAnew(step, id, now);
    return "changed";
  });
}

/** Pauses a rule, or lets it go on. Gives its name. */
export async function setPaused(
  database: FleetDatabase,
  id: number,
  isPaused: boolean,
  now: number,
): Promise<string | undefined> {
  return await database.transaction().execute(async (step) => {
    const row = await step
      .updateTable("notification_rule")
      .set({ paused: Number(isPaused) })
      .where("id", "=", id)
      .returning(["name", "kind", "due"])
      .executeTakeFirst();
    if (!row) return undefined;
    // A week that ended meanwhile is not told late.
    if (!isPaused && row.kind === "weekly" && row.due <= now) {
      await step
        .updateTable("notification_rule")
        .set({ due: nextMonday(now) })
        .where("id", "=", id)
        .execute();
    }
    if (!isPaused) await tryAnew(step, id, now);
    return row.name;
  });
}

/** An attempt that failed counts for nothing: what was wrong may be mended. */
async function tryAnew(step: FleetDatabase, id: number, now: number): Promise<void> {
  await step
    .updateTable("notification_rule")
    .set({ failures: 0, trouble: null, due: now })
    .where("id", "=", id)
    .where("failures", ">", 0)
    .execute();
}

/** By name, each with how it fares and what waits. */
export async function listRules(database: FleetDatabase) {
  const [rows, counts] = await Promise.all([
    database.selectFrom("notification_rule").selectAll().orderBy("name").execute(),
    database
      .selectFrom("notification")
      .select((select) => ["rule", select.fn.countAll<number>().as("number")])
      .groupBy("rule")
      .execute(),
  ]);
  const waiting = new Map(counts.map(({ rule, number }) => [rule, Number(number)]));
  return rows.map((row) => ({ ...ruleOf(row), ...stateOf(row), waiting: waiting.get(row.id) ?? 0 }));
}

/** The rules of a kind that are not paused. */
export async function rulesOf(database: FleetDatabase, kind: RuleKind): Promise<readonly Rule[]> {
  const rows = await database
    .selectFrom("notification_rule")
    .selectAll()
    .where("kind", "=", kind)
    .where("paused", "=", 0)
    .execute();
  return rows.map(ruleOf);
}

export async function ruleById(database: FleetDatabase, id: number): Promise<Rule | undefined> {
  const row = await database
    .selectFrom("notification_rule")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  return row && ruleOf(row);
}

/** Removes a rule with what waits for it. Gives its name. */
export async function removeRule(database: FleetDatabase, id: number): Promise<string | undefined> {
  const row = await database
    .deleteFrom("notification_rule")
    .where("id", "=", id)
    .returning("name")
    .executeTakeFirst();
  return row?.name;
}

/** Rules that may try now: the wait after a failure is over, a weekly summary is due, and nobody paused them. */
export async function dueRules(database: FleetDatabase, now: number): Promise<readonly (Rule & RuleState)[]> {
  const rows = await database
    .selectFrom("notification_rule")
    .selectAll()
    .where("due", "<=", now)
    .where("paused", "=", 0)
    .execute();
  return rows.map((row) => ({ ...ruleOf(row), ...stateOf(row) }));
}

/** Each rule with how many changes wait for its receiver. */
export async function rulesWithQueues(database: FleetDatabase) {
  const rows = await database
    .selectFrom("notification_rule")
    .leftJoin("notification", "notification.rule", "notification_rule.id")
    .select((select) => [
      "notification_rule.name",
      "notification_rule.lost",
      "notification_rule.failures",
      select.fn.count<number>("notification.id").as("waiting"),
    ])
    .groupBy([
      "notification_rule.id",
      "notification_rule.name",
      "notification_rule.lost",
      "notification_rule.failures",
    ])
    .orderBy("notification_rule.name")
    .execute();
  return rows.map((row) => ({ ...row, waiting: Number(row.waiting) }));
}

/** An attempt succeeded: the receiver took `sent` of them. */
export async function noteSent(
  database: FleetDatabase,
  { id, kind }: Pick<Rule, "id" | "kind">,
  sent: number,
  now: number,
): Promise<void> {
  await database
    .updateTable("notification_rule")
    .set((set) => ({
      ...{ failures: 0, trouble: null, told: now, sent: set("sent", "+", sent) },
      ...(kind === "weekly" ? { due: nextMonday(now) } : {}),
    }))
    .where("id", "=", id)
    .execute();
}

/** The receiver answers, and refuses one change for good. */
export async function noteRefused(database: FleetDatabase, id: number): Promise<void> {
  await database
    .updateTable("notification_rule")
    .set((set) => ({ failures: 0, trouble: null, lost: set("lost", "+", 1) }))
    .where("id", "=", id)
    .execute();
}

/** Too many changes waited. Nothing was attempted, so the pause after a failure stays as long as it is. */
export async function noteDropped(database: FleetDatabase, id: number, lost: number): Promise<void> {
  await database
    .updateTable("notification_rule")
    .set((set) => ({ lost: set("lost", "+", lost) }))
    .where("id", "=", id)
    .execute();
}

/** An attempt failed: the next is not before `due`. */
export async function noteFailed(
  database: FleetDatabase,
  id: number,
  trouble: string,
  due: number,
): Promise<void> {
  await database
    .updateTable("notification_rule")
    .set((set) => ({ failures: set("failures", "+", 1), trouble, due }))
    .where("id", "=", id)
    .execute();
}

/**
 * Whether the counts are to be sent for this rule now: true for one replica, once in `every` milliseconds. The time of the last
 * one is in the database, and a clock that was ahead stops nothing.
 */
export async function claimMeasure(
  database: FleetDatabase,
  id: number,
  now: number,
  every: number,
): Promise<boolean> {
  const { numUpdatedRows } = await database
    .updateTable("notification_rule")
    .set({ measured: now })
    .where("id", "=", id)
    .where((where) => where.or([where("measured", "<=", now - every), where("measured", ">", now + every)]))
    .executeTakeFirst();
  return Number(numUpdatedRows) > 0;
}

/** The next Monday at 7 in the morning, UTC. */
export function nextMonday(now: number): number {
  const date = new Date(now);
  const days = (8 - date.getUTCDay()) % 7;
  const monday = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + days, 7);
  return monday > now ? monday : monday + 7 * 86_400_000;
}

type Row = { readonly [K in keyof NotificationRuleTable]: NotificationRuleTable[K] } & {
  readonly id: number;
};

function ruleOf(row: Omit<Row, "id"> & { readonly id: number | object }): Rule {
  const { name, team, target, secret, token } = row;
  return {
    ...{ id: Number(row.id), name, team, target, secret, token },
    kind: ruleKinds.find((each) => each === row.kind) ?? "changes",
    severity: severities.find((each) => each === row.severity) ?? "info",
    type: destinationTypes.find((each) => each === row.type) ?? "webhook",
    facility: facilities.find((each) => each === row.facility) ?? null,
    controls: JSON.parse(row.controls) as string[],
    labels: JSON.parse(row.labels) as string[],
  };
}

function stateOf({ due, failures, trouble, told, sent, lost, paused }: Omit<Row, "id">): RuleState {
  return { due, failures, trouble, told, sent, lost, paused: paused === 1 };
}
