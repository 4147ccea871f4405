import { forgetSessions } from "../store/accounts/accounts.ts";
import { forgetOldFailures } from "../store/accounts/attempts.ts";
import { forgetInvitations } from "../store/accounts/invitations.ts";
import { whyDatabase } from "../store/database.ts";
import { reopenFindings } from "../store/findings/acceptances-applied.ts";
import { findSilent, silentAfter } from "../store/findings/own-findings.ts";
import { forgetEnrolments } from "../store/hosts/enrolments.ts";
import { decisionsKept, forgetDecisions } from "../store/hosts/guards.ts";
import { forgetResolved } from "../store/hosts/hosts.ts";
import { endUnheardJobs, forgetJobs } from "../store/hosts/jobs.ts";
import { forgetSettingChanges } from "../store/hosts/portraits.ts";
import { forgetProofs } from "../store/hosts/proofs.ts";
import { dropMonths, keptFrom, makeMonths } from "../store/schema/months.ts";
import { sessionLimits } from "./http/session.ts";
import type { Service } from "./service.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Milliseconds that a finding stays after it was resolved. */
export const retention = 90 * day;

/** What is done again and again, the first time at once. */
interface Chore {
  /** Milliseconds. */
  readonly every: number;
  /** What fails with it, as a clause: `silent hosts cannot be looked for`. */
  readonly lost: string;
  run(now: number): Promise<void>;
}

/** Keeps the database as it should be while time passes. Gives what ends it. */
export function keepUp(service: Service): () => void {
  const timers = choresOf(service).map((chore) => repeat(chore, service));
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

function choresOf({ database, news, say }: Service): readonly Chore[] {
  const since = Date.now();
  return [
    {
      every: minute / 2,
      lost: "silent hosts cannot be looked for",
      async run(now) {
        // While nobody served, no host could be heard.
        if (now - since < silentAfter) return;
        const names = await findSilent(database, now);
        for (const name of names) say(`${name} is silent: nothing was heard of it for five minutes`);
        if (names.length > 0) news.tell("findings");
      },
    },
    {
      every: minute,
      lost: "acceptances that are over cannot be ended",
      async run(now) {
        if ((await reopenFindings(database, now)) > 0) news.tell("findings");
      },
    },
    {
      every: minute,
      lost: "jobs that no host answers cannot be ended",
      async run(now) {
        for (const host of await endUnheardJobs(database, now)) news.tell("findings", host);
      },
    },
    {
      every: hour,
      lost: "old jobs cannot be removed",
      run: (now) => forgetJobs(database, now - retention),
    },
    {
      every: hour,
      lost: "old proofs cannot be removed",
      run: (now) => forgetProofs(database, now - retention),
    },
    {
      every: hour,
      lost: "old sessions, links and tokens cannot be removed",
      async run(now) {
        await forgetSessions(database, sessionLimits, now);
        await forgetInvitations(database, now);
        await forgetOldFailures(database, now);
        await forgetEnrolments(database, now);
      },
    },
    {
      every: hour,
      lost: "findings that were resolved long ago cannot be removed",
      async run(now) {
        await makeMonths(database, now);
        const before = keptFrom(database, now - retention);
        await dropMonths(database, before);
        await forgetResolved(database, before);
      },
    },
    {
      every: hour,
      lost: "old changes of settings cannot be removed",
      run: (now) => forgetSettingChanges(database, now - retention),
    },
    {
      every: hour,
      lost: "old decisions of guards cannot be removed",
      run: (now) => forgetDecisions(database, now - decisionsKept),
    },
  ];
}

/** A chore that fails is said once, until it works again. */
function repeat({ every, lost, run }: Chore, { say }: Service): NodeJS.Timeout {
  let isFailing = false;
  const attempt = () => {
    run(Date.now()).then(
      () => {
        isFailing = false;
      },
      (error: unknown) => {
        if (!isFailing) say(`${lost}: ${whyDatabase(error)}`);
        isFailing = true;
      },
    );
  };
  attempt();
  return setInterval(attempt, every);
}
