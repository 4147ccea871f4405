import type { Finding } from "../../audit/finding.ts";
import type { Labels } from "../../base/labels.ts";
import { type Cause, type Change, subjectKey } from "../../watch/change.ts";
import { applyAcceptances } from "./acceptances.ts";
import { queueNotices } from "./notifications/outbox.ts";
import type { FleetDatabase } from "./open.ts";
import { endSilence, ownSubject, silentAfter } from "./own-findings.ts";
import { hold } from "./postgres.ts";
import {
  type AreaOf,
  addChanges,
  insertFindings,
  keyOf,
  type NewChange,
  resolve,
  stateOf,
  storable,
  update,
} from "./rows.ts";
import { labelsText } from "./teams/labels.ts";
import { placeHost } from "./teams/teams.ts";
import { atOnce } from "./transaction.ts";

export type { AreaOf } from "./rows.ts";

/** A host as it describes itself. */
export interface HostNews {
  readonly id: string;
  readonly name: string;
  /** The Engine's address there. */
  readonly engine: string;
  /** The bulkhead that watches it. */
  readonly version: string;
  readonly connected: boolean;
  /** Undefined while nobody could look. */
  readonly containers: readonly ContainerNews[] | undefined;
  /** By which teams see it. Undefined: none. */
  readonly labels?: Labels | undefined;
}

export interface ContainerNews {
  readonly name: string;
  readonly image: string | undefined;
  readonly project: string | undefined;
  readonly running: boolean;
}

/** What a host is and runs now. Containers that it does not name are gone. */
export async function putHost(database: FleetDatabase, host: HostNews, now: number): Promise<void> {
  await atOnce(database, async (step) => {
    const { id, containers } = host;
    await hold(step, `host ${id}`);
    const before = await step
      .selectFrom("host")
      .select(["seen", "labels"])
      .where("id", "=", id)
      .executeTakeFirst();
    const labels = labelsText(host.labels ?? {});
    const state = {
      name: storable(host.name),
      engine: storable(host.engine),
      version: storable(host.version),
      connected: Number(host.connected),
      seen: now,
      labels,
    };
    await step
      .insertInto("host")
      .values({ id, enrolled: now, ...state })
      .onConflict((conflict) => conflict.column("id").doUpdateSet(state))
      .execute();
    if (before && before.seen < now - silentAfter) await endSilence(step, id, now);
    if (containers) await putContainers(step, id, containers);
    if (labels !== (before?.labels ?? "{}")) await placeHost(step, id, host.labels ?? {});
    await applyAcceptances(step, now, { host: id });
  });
}

/** The host was heard of, and nothing else is new. */
export async function touchHost(step: FleetDatabase, id: string, before: number, now: number): Promise<void> {
  await step.updateTable("host").set({ seen: now }).where("id", "=", id).execute();
  if (before < now - silentAfter) await endSilence(step, id, now);
}

async function putContainers(
  step: FleetDatabase,
  host: string,
  containers: readonly ContainerNews[],
): Promise<void> {
  const rows = containers.map(({ name, image, project, running }) => ({
    host,
    name: storable(name),
    image: image === undefined ? null : storable(image),
    project: project === undefined ? null : storable(project),
    running: Number(running),
  }));
  const names = rows.map(({ name }) => name);
  await step
    .deleteFrom("container")
    .where("host", "=", host)
    .$if(names.length > 0, (query) => query.where("name", "not in", names))
    .execute();
  for (let from = 0; from < rows.length; from += 500) {
    await step
      .insertInto("container")
      .values(rows.slice(from, from + 500))
      .onConflict((conflict) =>
        conflict.columns(["host", "name"]).doUpdateSet((values) => ({
          image: values.ref("excluded.image"),
          project: values.ref("excluded.project"),
          running: values.ref("excluded.running"),
        })),
      )
      .execute();
  }
}

/** Applies changes to what is known of a host, in their order, all or none. */
export async function putChanges(
  database: FleetDatabase,
  host: string,
  changes: readonly Change[],
  areaOf: AreaOf,
): Promise<void> {
  await atOnce(database, async (step) => {
    await hold(step, `host ${host}`);
    const kept: NewChange[] = [];
    for (const { time, change, finding, cause } of changes) {
      const at = Date.parse(time);
      const known = await openFinding(step, host, finding);
      // It was never told as open, so there is nothing to resolve.
      if (known === undefined && change === "resolved") continue;
      const id = known ?? (await insertFindings(step, host, [finding], at, areaOf))[0] ?? 0;
      if (change === "resolved") await resolve(step, id, at);
      else if (known !== undefined) await update(step, id, finding, at);
      await addChanges(step, [{ id, time: at, change, finding, cause }]);
      kept.push({ id, time: at, change, finding, cause });
    }
    await queueNotices(step, host, kept);
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
  await atOnce(database, async (step) => {
    await hold(step, `host ${host}`);
    const before = await step
      .selectFrom("finding")
      .select(["id", "subject", "control", "fingerprint", "severity", "verdict"])
      .where("host", "=", host)
      .where("resolved", "is", null)
      .where("subject", "<>", ownSubject)
      .execute();
    const left = new Map(before.map((row) => [`${row.control} ${row.subject}`, row]));
    const cause: Cause = { kind: before.length === 0 ? "start" : "reconnect" };
    const fresh = new Map<string, Finding>();
    const changes: NewChange[] = [];
    for (const finding of findings) {
      const key = keyOf(finding);
      const row = left.get(key);
      left.delete(key);
      if (row === undefined) {
        fresh.set(key, finding);
        continue;
      }
      const isSame = row.severity === finding.severity && row.verdict === finding.verdict;
      if (isSame && row.fingerprint === finding.fingerprint) continue;
      await update(step, row.id, finding, now);
      changes.push({ id: row.id, time: now, change: "changed", finding, cause });
    }
    const opened = [...fresh.values()];
    const ids = await insertFindings(step, host, opened, now, areaOf);
    for (const [index, finding] of opened.entries()) {
      changes.push({ id: ids[index] ?? 0, time: now, change: "opened", finding, cause });
    }
    for (const { id } of left.values()) {
      await resolve(step, id, now);
      changes.push({ id, time: now, change: "resolved", finding: await documentOf(step, id), cause });
    }
    await addChanges(step, changes);
    await queueNotices(step, host, changes);
    await applyAcceptances(step, now, { host });
  });
}

/** Puts newer words and views to findings that are open: what is no change of its own, as a level that was read later. */
export async function putDetails(
  database: FleetDatabase,
  host: string,
  findings: readonly Finding[],
): Promise<void> {
  await atOnce(database, async (step) => {
    await hold(step, `host ${host}`);
    for (const finding of findings) {
      await step
        .updateTable("finding")
        .set(stateOf(finding))
        .where("host", "=", host)
        .where("subject", "=", storable(subjectKey(finding.subject)))
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
    .where("subject", "<>", ownSubject)
    .orderBy("id")
    .execute();
  return rows.map(({ document }): Finding => JSON.parse(document));
}

/** Forgets what was resolved before. Its changes go with it. */
export async function forgetResolved(database: FleetDatabase, before: number): Promise<void> {
  await database.deleteFrom("finding").where("resolved", "<", before).execute();
}

async function openFinding(
  step: FleetDatabase,
  host: string,
  { subject, control }: Finding,
): Promise<number | undefined> {
  const row = await step
    .selectFrom("finding")
    .select("id")
    .where("host", "=", host)
    .where("subject", "=", storable(subjectKey(subject)))
    .where("control", "=", control)
    .where("resolved", "is", null)
    .executeTakeFirst();
  return row?.id;
}

async function documentOf(step: FleetDatabase, id: number): Promise<Finding> {
  const { document } = await step
    .selectFrom("finding")
    .select("document")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  return JSON.parse(document);
}
