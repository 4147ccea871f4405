import { createHash } from "node:crypto";
import type { Finding } from "../../../audit/finding.ts";
import { bySweep } from "../../../watch/change.ts";
import { queueNotices } from "../notifications/outbox.ts";
import { atOnce, type FleetDatabase } from "../open.ts";
import { hold } from "../postgres.ts";
import { addChanges, insertFindings, type NewChange, resolve } from "./rows.ts";
import { isClockWrong } from "./state.ts";

/** The subject of findings that `bulkhead serve` itself makes about a host. No host can report it. */
export const ownSubject = "host";

/** Milliseconds without a report after which a host is silent. Hosts report every minute. */
export const silentAfter = 5 * 60_000;

export const ownTitles: Readonly<Record<string, string>> = {
  "host-silent": "The host is silent",
  "host-clock": "The host's clock is wrong",
  "host-cloned": "Two machines report as one host",
};

/** Opens a finding for each host that fell silent. Gives their names. */
export async function findSilent(database: FleetDatabase, now: number): Promise<readonly string[]> {
  const silent = await database
    .selectFrom("host")
    .select(["id", "name"])
    .where("seen", "<", now - silentAfter)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom("finding")
            .select("finding.id")
            .whereRef("finding.host", "=", "host.id")
            .where("finding.subject", "=", ownSubject)
            .where("finding.control", "=", "host-silent")
            .where("finding.resolved", "is", null),
        ),
      ),
    )
    .execute();
  const told: string[] = [];
  for (const { id, name } of silent) {
    await atOnce(database, async (step) => {
      await hold(step, `host ${id}`);
      const host = await step.selectFrom("host").select("seen").where("id", "=", id).executeTakeFirst();
      // It was heard of, or another replica was faster.
      if (!host || host.seen >= now - silentAfter || (await openOwn(step, id, "host-silent"))) return;
      await open(step, id, silence(name, host.seen), now);
      told.push(name);
    });
  }
  return told;
}

/** The host was heard of: it is not silent any more. In a transaction that holds the host. */
export async function endSilence(step: FleetDatabase, host: string, now: number): Promise<void> {
  await end(step, host, "host-silent", now);
}

/** Those of these hosts whose clock is known to be wrong. */
export async function hostsWithWrongClock(
  step: FleetDatabase,
  hosts: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await step
    .selectFrom("finding")
    .select("host")
    .where("host", "in", hosts)
    .where("subject", "=", ownSubject)
    .where("control", "=", "host-clock")
    .where("resolved", "is", null)
    .execute();
  return new Set(rows.map(({ host }) => host));
}

/** By how much the host's clock is ahead, in milliseconds. In a transaction that holds the host. True if that is news. */
export async function judgeClock(
  step: FleetDatabase,
  host: { readonly id: string; readonly name: string },
  ahead: number,
  now: number,
  isKnown: boolean,
): Promise<boolean> {
  const isWrong = isClockWrong(ahead);
  if (isWrong === isKnown) return false;
  if (isWrong) await open(step, host.id, clock(host.name, ahead), now);
  else await end(step, host.id, "host-clock", now);
  return true;
}

/** Two addresses that report in turn with the key of this host; undefined: one has reported alone for long. */
export async function judgeClone(
  database: FleetDatabase,
  host: { readonly id: string; readonly name: string },
  addresses: readonly [string, string] | undefined,
  now: number,
): Promise<boolean> {
  return await atOnce(database, async (step) => {
    await hold(step, `host ${host.id}`);
    const known = await openOwn(step, host.id, "host-cloned");
    if ((known !== undefined) === (addresses !== undefined)) return false;
    if (addresses) await open(step, host.id, clone(host.name, addresses), now);
    else await end(step, host.id, "host-cloned", now);
    return true;
  });
}

async function openOwn(
  step: FleetDatabase,
  host: string,
  control: string,
): Promise<{ readonly id: number; readonly document: string } | undefined> {
  return await step
    .selectFrom("finding")
    .select(["id", "document"])
    .where("host", "=", host)
    .where("subject", "=", ownSubject)
    .where("control", "=", control)
    .where("resolved", "is", null)
    .executeTakeFirst();
}

async function open(step: FleetDatabase, host: string, finding: Finding, now: number): Promise<void> {
  const ids = await insertFindings(step, [{ host, finding, at: now }], () => "");
  const changes = ids.map((id): NewChange => ({ id, time: now, change: "opened", finding, cause: bySweep }));
  await addChanges(step, changes);
  await queueNotices(step, host, changes);
}

async function end(step: FleetDatabase, host: string, control: string, now: number): Promise<void> {
  const known = await openOwn(step, host, control);
  if (!known) return;
  await resolve(step, [{ id: known.id, at: now }]);
  const finding: Finding = JSON.parse(known.document);
  const changes = [{ id: known.id, time: now, change: "resolved", finding, cause: bySweep }] as const;
  await addChanges(step, changes);
  await queueNotices(step, host, changes);
}

function silence(name: string, seen: number): Finding {
  return own(
    "host-silent",
    "high",
    `${name} was last heard of at ${new Date(seen).toISOString()}: what happens there is not seen`,
    "Look whether the host runs, whether bulkhead watch runs there, and whether it reaches this address.",
  );
}

function clock(name: string, ahead: number): Finding {
  const minutes = Math.round(Math.abs(ahead) / 6_000) / 10;
  return own(
    "host-clock",
    "medium",
    `The clock of ${name} is ${minutes} minutes ${ahead > 0 ? "ahead" : "behind"}: times that the host reports are shifted by as much`,
    "Set the clock by NTP (timedatectl set-ntp true).",
  );
}

function clone(name: string, [one, other]: readonly [string, string]): Finding {
  return own(
    "host-cloned",
    "high",
    `${name} reports from ${one} and ${other} in turn with one key: what is open on each of them hides the other's`,
    "If one is a clone of the other, remove the folder queue/report-… in its watch's state folder, and enrol it again. If it is one machine with two ways here, give it one.",
  );
}

function own(control: string, severity: Finding["severity"], message: string, summary: string): Finding {
  return {
    control,
    verdict: "fail",
    severity,
    subject: ownSubject,
    message,
    level: "effective",
    locations: [],
    fix: { kind: "manual", summary, snippet: null, breaks: null },
    suppressed: null,
    fingerprint: createHash("sha256").update(control).digest("hex").slice(0, 16),
    baseline: null,
    views: [],
  };
}
