import type { Finding } from "../../../audit/finding.ts";
import type { Labels } from "../../../base/labels.ts";
import { type Cause, type Change, knownAs, subjectKey } from "../../../watch/change.ts";
import { applyAcceptances, mayMatter } from "../findings/acceptances-applied.ts";
import { endSilence, ownSubject, silentAfter } from "../findings/own-findings.ts";
import {
  type AreaOf,
  addChanges,
  insertFindings,
  type NewChange,
  type OnHost,
  openIds,
  resolve,
  update,
} from "../findings/rows.ts";
import { keyOf, stateOf, storable } from "../findings/state.ts";
import { queueNotices } from "../notifications/outbox.ts";
import { rulesOf } from "../notifications/rules.ts";
import { atOnce, type FleetDatabase } from "../open.ts";
import { hold } from "../postgres.ts";
import { labelsText, parseLabels } from "../teams/sight.ts";
import { placeHost } from "../teams/teams.ts";

export type { AreaOf } from "../findings/rows.ts";

/** A host as it describes itself. */
export interface HostNews {
  readonly id: string;
  readonly name: string;
  /** The Engine's address there. */
  readonly engine: string;
  /** The bulkhead that watches it. */
  readonly version: string;
  readonly connected: boolean;
  /** Undefined while the Engine was not read. */
  readonly containers: readonly ContainerNews[] | undefined;
  /** Teams see it by these, unless an administrator set others. Undefined: none. */
  readonly labels?: Labels | undefined;
  /** What operators may start there. Undefined: nothing. */
  readonly allows?: readonly string[] | undefined;
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
      .select(["seen", "labels", "pinned"])
      .where("id", "=", id)
      .executeTakeFirst();
    const told = labelsText(host.labels ?? {});
    const labels = before?.pinned ?? told;
    const state = {
      name: storable(host.name),
      engine: storable(host.engine),
      version: storable(host.version),
      connected: Number(host.connected),
      seen: now,
      labels,
      told_labels: told,
      allows: JSON.stringify(host.allows ?? []),
    };
    await step
      .insertInto("host")
      .values({ id, enrolled: now, ...state })
      .onConflict((conflict) => conflict.column("id").doUpdateSet(state))
      .execute();
    if (before && before.seen < now - silentAfter) await endSilence(step, id, now);
    if (containers) await putContainers(step, id, containers);
    if (labels !== (before?.labels ?? "{}")) await placeHost(step, id, parseLabels(labels));
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

/**
 * Applies changes to what is known of a host, in their order, all or none. `number`: of the host that serve watches itself. With the
 * number of the last time nothing is applied: the answer of that time was lost.
 */
export async function putChanges(
  database: FleetDatabase,
  host: string,
  changes: readonly Change[],
  areaOf: AreaOf,
  number?: number,
): Promise<void> {
  await atOnce(database, async (step) => {
    await hold(step, `host ${host}`);
    if (number !== undefined && (await lastOfOwn(step, host)) === number) return;
    await putChangesOf(step, [{ host, changes }], areaOf);
    if (number !== undefined) await keepLastOfOwn(step, host, number);
  });
}

async function lastOfOwn(step: FleetDatabase, host: string): Promise<number | undefined> {
  const row = await step.selectFrom("reporter").select("last").where("host", "=", host).executeTakeFirst();
  return row?.last;
}

async function keepLastOfOwn(step: FleetDatabase, host: string, last: number): Promise<void> {
  // No host has this key: a key is known by its SHA-256.
  await step
    .insertInto("reporter")
    .values({ host, key: `own ${host}`, enrolment: null, last })
    .onConflict((conflict) => conflict.column("host").doUpdateSet({ last }))
    .execute();
}

export interface HostChanges {
  readonly host: string;
  readonly changes: readonly Change[];
}

/** Applies changes of several hosts, those of one host in their order. In a transaction that holds each of the hosts. */
export async function putChangesOf(
  step: FleetDatabase,
  all: readonly HostChanges[],
  areaOf: AreaOf,
): Promise<void> {
  for (const round of roundsOf(all)) await putRound(step, round, areaOf);
  if (!(await mayMatter(step))) return;
  const now = Date.now();
  for (const { host } of all) await applyAcceptances(step, now, { host });
}

interface Step extends OnHost {
  readonly change: Change;
}

/** Changes in rounds: no finding changes twice in one round, and one after another it changes in the order of its changes. */
function roundsOf(all: readonly HostChanges[]): readonly (readonly Step[])[] {
  const rounds: Step[][] = [];
  const next = new Map<string, number>();
  for (const { host, changes } of all) {
    for (const change of changes) {
      const { finding } = change;
      const keys = [finding, knownAs(change)].map((each) => `${host} ${keyOf(each)}`);
      const number = Math.max(...keys.map((key) => next.get(key) ?? 0));
      for (const key of keys) next.set(key, number + 1);
      const round = rounds[number] ?? [];
      rounds[number] = round;
      round.push({ host, finding, at: Date.parse(change.time), change });
    }
  }
  return rounds;
}

async function putRound(step: FleetDatabase, round: readonly Step[], areaOf: AreaOf): Promise<void> {
  const renamed = round.filter(({ change }) => change.was !== undefined);
  const known = await openIds(step, [
    ...round,
    ...renamed.map(({ host, change }) => ({ host, finding: knownAs(change) })),
  ]);
  const ownIdOf = ({ host, finding }: Step) => known.get(`${host} ${keyOf(finding)}`);
  const idOf = (each: Step) => known.get(`${each.host} ${keyOf(knownAs(each.change))}`) ?? ownIdOf(each);
  // What another container of a name left open that this one has now.
  const left = renamed.flatMap((each) => {
    const own = ownIdOf(each);
    return own === undefined || own === idOf(each) ? [] : [{ id: own, at: each.at }];
  });
  await resolve(step, left);
  // What was never told as open cannot be resolved.
  const steps = round.filter((each) => each.change.change !== "resolved" || idOf(each) !== undefined);
  const opened = steps.filter((each) => idOf(each) === undefined);
  const ids = await insertFindings(step, opened, areaOf);
  const fresh = new Map(opened.map((each, index) => [each, ids[index] ?? 0]));
  const told = steps.map((each) => ({
    ...each,
    id: fresh.get(each) ?? idOf(each) ?? 0,
    isNew: fresh.has(each),
  }));
  await resolve(
    step,
    told.filter(({ change }) => change.change === "resolved"),
  );
  for (const { id, isNew, at, finding, change } of told) {
    if (!isNew && change.change !== "resolved") await update(step, id, finding, at);
  }
  const changes = told.map(({ host, id, at, finding, change }) => ({
    ...{ host, id, time: at, change: change.change },
    ...{ finding, cause: change.cause, was: change.was },
  }));
  await addChanges(step, changes);
  if ((await rulesOf(step, "changes")).length === 0) return;
  for (const host of new Set(changes.map((each) => each.host))) {
    await queueNotices(
      step,
      host,
      changes.filter((each) => each.host === host),
    );
  }
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
    const opened: Finding[] = [];
    const changes: NewChange[] = [];
    // Told twice, the last counts.
    const all = new Map(findings.map((finding) => [keyOf(finding), finding]));
    for (const [key, finding] of all) {
      const row = left.get(key);
      left.delete(key);
      if (row === undefined) {
        opened.push(finding);
        continue;
      }
      const isSame = row.severity === finding.severity && row.verdict === finding.verdict;
      if (isSame && row.fingerprint === finding.fingerprint) continue;
      await update(step, row.id, finding, now);
      changes.push({ id: row.id, time: now, change: "changed", finding, cause });
    }
    const ids = await insertFindings(
      step,
      opened.map((finding) => ({ host, finding, at: now })),
      areaOf,
    );
    for (const [index, finding] of opened.entries()) {
      changes.push({ id: ids[index] ?? 0, time: now, change: "opened", finding, cause });
    }
    await resolve(
      step,
      [...left.values()].map(({ id }) => ({ id, at: now })),
    );
    const gone = await documentsOf(
      step,
      [...left.values()].map(({ id }) => id),
    );
    for (const { id, finding } of gone) changes.push({ id, time: now, change: "resolved", finding, cause });
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

/** Rows of one statement: reports go on between two. */
const forgottenTogether = 2_000;

/** Forgets what was resolved before. Its changes go with it. */
export async function forgetResolved(database: FleetDatabase, before: number): Promise<void> {
  for (;;) {
    const { numDeletedRows } = await database
      .deleteFrom("finding")
      .where("id", "in", (build) =>
        build
          .selectFrom("finding")
          .select("id")
          .where("resolved", "<", before)
          .orderBy("resolved")
          .limit(forgottenTogether),
      )
      .executeTakeFirst();
    if (numDeletedRows < BigInt(forgottenTogether)) return;
  }
}

async function documentsOf(
  step: FleetDatabase,
  ids: readonly number[],
): Promise<readonly { readonly id: number; readonly finding: Finding }[]> {
  const documents: { id: number; finding: Finding }[] = [];
  for (let from = 0; from < ids.length; from += 500) {
    const rows = await step
      .selectFrom("finding")
      .select(["id", "document"])
      .where("id", "in", ids.slice(from, from + 500))
      .execute();
    documents.push(...rows.map(({ id, document }) => ({ id, finding: JSON.parse(document) as Finding })));
  }
  return documents;
}
