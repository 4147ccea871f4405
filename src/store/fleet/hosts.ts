import type { Finding } from "../../audit/finding.ts";
import { severities } from "../../model/severity.ts";
import { type Cause, type Change, subjectKey } from "../../watch/change.ts";
import { applyAcceptances } from "./acceptances.ts";
import type { FleetDatabase } from "./open.ts";
import { hold } from "./postgres.ts";

/** A host as it describes itself. */
export interface HostNews {
  readonly id: string;
  readonly name: string;
  /** The Engine's address there. */
  readonly engine: string;
  /** The bulkhead that watches it. */
  readonly version: string;
  readonly connected: boolean;
  readonly containers: readonly ContainerNews[];
}

export interface ContainerNews {
  readonly name: string;
  readonly image: string | undefined;
  readonly project: string | undefined;
  readonly running: boolean;
}

/** The focus area of a control: `2.11`, or "" for what has none. */
export type AreaOf = (control: string) => string;

/** What a host is and runs now. Containers that it does not name are gone. */
export async function putHost(database: FleetDatabase, host: HostNews, now: number): Promise<void> {
  await database.transaction().execute(async (step) => {
    const { id, name, engine, version } = host;
    await hold(step, `host ${id}`);
    const state = { name, engine, version, connected: Number(host.connected), seen: now };
    await step
      .insertInto("host")
      .values({ id, enrolled: now, ...state })
      .onConflict((conflict) => conflict.column("id").doUpdateSet(state))
      .execute();
    const names = host.containers.map((container) => container.name);
    await step
      .deleteFrom("container")
      .where("host", "=", id)
      .$if(names.length > 0, (query) => query.where("name", "not in", names))
      .execute();
    for (const container of host.containers) {
      const row = {
        image: container.image ?? null,
        project: container.project ?? null,
        running: Number(container.running),
      };
      await step
        .insertInto("container")
        .values({ host: id, name: container.name, ...row })
        .onConflict((conflict) => conflict.columns(["host", "name"]).doUpdateSet(row))
        .execute();
    }
    await applyAcceptances(step, now, { host: id });
  });
}

/** Applies changes to what is known of a host, in their order, all or none. */
export async function putChanges(
  database: FleetDatabase,
  host: string,
  changes: readonly Change[],
  areaOf: AreaOf,
): Promise<void> {
  await database.transaction().execute(async (step) => {
    await hold(step, `host ${host}`);
    for (const { time, change, finding, cause } of changes) {
      const at = Date.parse(time);
      const known = await openFinding(step, host, finding);
      // It was never told as open, so there is nothing to resolve.
      if (known === undefined && change === "resolved") continue;
      const id = known ?? (await insertFinding(step, host, finding, at, areaOf));
      if (change === "resolved") await resolve(step, id, at);
      else if (known !== undefined) await update(step, id, finding, at);
      await addChange(step, id, at, change, finding, cause);
    }
    await applyAcceptances(step, Date.now(), { host });
  });
}

/** What is open on a host is exactly this: what is missing was resolved while nobody looked. */
export async function putOpen(
  database: FleetDatabase,
  host: string,
  findings: readonly Finding[],
  now: number,
  areaOf: AreaOf,
): Promise<void> {
  await database.transaction().execute(async (step) => {
    await hold(step, `host ${host}`);
    const before = await step
      .selectFrom("finding")
      .select(["id", "subject", "control", "fingerprint", "severity", "verdict", "document"])
      .where("host", "=", host)
      .where("resolved", "is", null)
      .execute();
    const left = new Map(before.map((row) => [`${row.control} ${row.subject}`, row]));
    const cause: Cause = { kind: "reconnect" };
    for (const finding of findings) {
      const key = `${finding.control} ${subjectKey(finding.subject)}`;
      const row = left.get(key);
      left.delete(key);
      if (row === undefined) {
        const id = await insertFinding(step, host, finding, now, areaOf);
        await addChange(step, id, now, "opened", finding, cause);
        continue;
      }
      const isSame = row.severity === finding.severity && row.verdict === finding.verdict;
      if (isSame && row.fingerprint === finding.fingerprint) continue;
      await update(step, row.id, finding, now);
      await addChange(step, row.id, now, "changed", finding, cause);
    }
    for (const row of left.values()) {
      await resolve(step, row.id, now);
      const finding: Finding = JSON.parse(row.document);
      await addChange(step, row.id, now, "resolved", finding, cause);
    }
    await applyAcceptances(step, now, { host });
  });
}

/** Puts newer words and views to findings that are open: what is no change of its own, as a level that was read later. */
export async function putDetails(
  database: FleetDatabase,
  host: string,
  findings: readonly Finding[],
): Promise<void> {
  await database.transaction().execute(async (step) => {
    await hold(step, `host ${host}`);
    for (const finding of findings) {
      await step
        .updateTable("finding")
        .set(stateOf(finding))
        .where("host", "=", host)
        .where("subject", "=", subjectKey(finding.subject))
        .where("control", "=", finding.control)
        .where("resolved", "is", null)
        .execute();
    }
  });
}

/** The findings that a host's watch told and did not take back. */
export async function openFindings(database: FleetDatabase, host: string): Promise<readonly Finding[]> {
  const rows = await database
    .selectFrom("finding")
    .select("document")
    .where("host", "=", host)
    .where("resolved", "is", null)
    .orderBy("id")
    .execute();
  return rows.map(({ document }): Finding => JSON.parse(document));
}

/** Forgets what was resolved before. Its changes go with it. */
export async function forgetResolved(database: FleetDatabase, before: number): Promise<void> {
  await database.deleteFrom("finding").where("resolved", "<", before).execute();
}

async function openFinding(
  database: FleetDatabase,
  host: string,
  { subject, control }: Finding,
): Promise<number | undefined> {
  const row = await database
    .selectFrom("finding")
    .select("id")
    .where("host", "=", host)
    .where("subject", "=", subjectKey(subject))
    .where("control", "=", control)
    .where("resolved", "is", null)
    .executeTakeFirst();
  return row?.id;
}

async function insertFinding(
  database: FleetDatabase,
  host: string,
  finding: Finding,
  at: number,
  areaOf: AreaOf,
): Promise<number> {
  const { id } = await database
    .insertInto("finding")
    .values({
      host,
      subject: subjectKey(finding.subject),
      control: finding.control,
      area: areaOf(finding.control),
      ...stateOf(finding),
      opened: at,
      changed: at,
      resolved: null,
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
}

async function update(database: FleetDatabase, id: number, finding: Finding, at: number): Promise<void> {
  await database
    .updateTable("finding")
    .set({ ...stateOf(finding), changed: at })
    .where("id", "=", id)
    .execute();
}

async function resolve(database: FleetDatabase, id: number, at: number): Promise<void> {
  await database.updateTable("finding").set({ resolved: at, changed: at }).where("id", "=", id).execute();
}

async function addChange(
  database: FleetDatabase,
  id: number,
  time: number,
  change: Change["change"],
  finding: Finding,
  cause: Cause,
): Promise<void> {
  const { severity, verdict } = finding;
  const message = storable(finding.message);
  await database
    .insertInto("change")
    .values({ finding: id, time, change, severity, verdict, message, cause: JSON.stringify(cause) })
    .execute();
}

/** PostgreSQL's text holds every character but this one. JSON spells it with a backslash, which is no trouble. */
function storable(text: string): string {
  return text.replaceAll("\0", "\ufffd");
}

function stateOf(finding: Finding) {
  const { severity, verdict, fingerprint } = finding;
  const message = storable(finding.message);
  const weight = severities.indexOf(severity);
  return { severity, weight, verdict, message, fingerprint, document: JSON.stringify(finding) };
}
