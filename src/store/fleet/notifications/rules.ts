import type { Severity } from "../../../model/severity.ts";
import { severities } from "../../../model/severity.ts";
import type { FleetDatabase } from "../open.ts";
import type { NotificationRuleTable } from "../schema/schema.ts";

/** `changes`: each as it comes. `weekly`: a summary on Monday morning. */
export const ruleKinds = ["changes", "weekly"] as const;
export type RuleKind = (typeof ruleKinds)[number];

export const destinations = ["webhook", "slack", "discord", "ntfy", "mail", "otlp"] as const;
export type Destination = (typeof destinations)[number];

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
  readonly type: Destination;
  /** An address, which may be a secret itself; for mail the receivers, with commas. */
  readonly target: string;
  /** Signs what a webhook gets. */
  readonly secret: string | null;
  /** Sent as `Authorization: Bearer`. */
  readonly token: string | null;
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
        ...{ failures: 0, trouble: null, told: null, sent: 0, lost: 0, measured: 0 },
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    return id;
  });
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

/** The rules of a kind. */
export async function rulesOf(database: FleetDatabase, kind: RuleKind): Promise<readonly Rule[]> {
  const rows = await database.selectFrom("notification_rule").selectAll().where("kind", "=", kind).execute();
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

/** Rules that may try now: their pause after a failure is over, and a weekly summary is due. */
export async function dueRules(database: FleetDatabase, now: number): Promise<readonly (Rule & RuleState)[]> {
  const rows = await database.selectFrom("notification_rule").selectAll().where("due", "<=", now).execute();
  return rows.map((row) => ({ ...ruleOf(row), ...stateOf(row) }));
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
    type: destinations.find((each) => each === row.type) ?? "webhook",
    controls: JSON.parse(row.controls) as string[],
    labels: JSON.parse(row.labels) as string[],
  };
}

function stateOf({ due, failures, trouble, told, sent, lost }: RuleState): RuleState {
  return { due, failures, trouble, told, sent, lost };
}
