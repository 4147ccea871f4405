import { destinationOf } from "../../../watch/outputs/destinations.ts";
import type { Posted } from "../../../watch/outputs/send/post.ts";
import { whyDatabase } from "../../store/database.ts";
import {
  dropNotices,
  dropOldest,
  mostWaiting,
  type Notice,
  nextNotices,
} from "../../store/notifications/outbox.ts";
import {
  dueRules,
  noteDropped,
  noteFailed,
  noteRefused,
  noteSent,
  type Rule,
  type RuleState,
} from "../../store/notifications/rules.ts";
import { type Summary, summaryOf } from "../../store/notifications/summary.ts";
import { asLeader } from "../../store/postgres.ts";
import { listTeams } from "../../store/teams/teams.ts";
import type { Service } from "../service.ts";
import { type Sending, sendChanges, sendWords, shownTarget } from "./post.ts";
import { summaryWords } from "./words.ts";

/** Milliseconds between two looks where nothing is new: a pause is over, or a week. */
const every = 5_000;
/** What comes together goes together. */
const gather = 500;
/** The first and the longest pause after a failure; a receiver that asks for more than an hour is asked earlier. */
const [first, longest, longestAsked] = [1_000, 300_000, 3_600_000];
/** Milliseconds that a replica without mail leaves a mail to another one, before it says that nobody has mail. */
const forOthers = 120_000;
/** Messages of one rule in one round: other rules have their turn, too. */
const mostMessages = 20;

export interface Sender {
  close(): Promise<void>;
}

/** Tells what the rules say, one replica at a time, each host's changes in order, until the receiver took them: at least once. */
export function openSender(service: Service): Sender {
  const { database, news, say, version, mailer } = service;
  const ending = new AbortController();
  const sending: Sending = { version, mailer, signal: ending.signal };
  let running: Promise<void> | undefined;
  let soon: NodeJS.Timeout | undefined;
  let isFailing = false;

  function wake(after = 0): void {
    if (ending.signal.aborted) return;
    soon ??= setTimeout(() => {
      soon = undefined;
      running ??= round().finally(() => {
        running = undefined;
      });
    }, after);
  }

  async function round(): Promise<void> {
    try {
      if ((await dueRules(database, Date.now())).length > 0) {
        await asLeader(database, "notifications", async () => {
          const due: (Rule & RuleState)[] = [];
          for (const rule of await dueRules(database, Date.now())) {
            if (!(await isForOthers(rule))) due.push(rule);
          }
          const all = await Promise.allSettled(
            due.map((rule) => (rule.kind === "weekly" ? tellWeek(rule) : tellChanges(rule))),
          );
          // Thrown once the others are done: no replica may begin a rule that is still under way here.
          const broken = all.find((each) => each.status === "rejected");
          if (broken) throw broken.reason;
        });
      }
      isFailing = false;
    } catch (error) {
      if (!isFailing && !ending.signal.aborted) say(`notifications cannot be sent: ${whyDatabase(error)}`);
      isFailing = true;
    }
  }

  /** Whether a replica with a mail server may still take it. */
  async function isForOthers(rule: Rule & RuleState): Promise<boolean> {
    if (rule.type !== "mail" || mailer) return false;
    if (rule.kind === "weekly") return Date.now() - rule.due < forOthers;
    const [oldest] = await nextNotices(database, rule.id, 1);
    return oldest === undefined || Date.now() - Date.parse(oldest.change.time) < forOthers;
  }

  async function tellChanges(rule: Rule & RuleState): Promise<void> {
    const dropped = await dropOldest(database, rule.id, mostWaiting);
    if (dropped > 0) {
      say(`${shownTarget(rule)}: too many changes waited; the oldest ${dropped} are dropped`);
      await noteDropped(database, rule.id, dropped);
    }
    /** Of the batch at hand: after a refusal its changes go one by one, so that one that is wrong takes no other with it. */
    let single = 0;
    let isTold = false;
    for (let message = 0; message < mostMessages && !ending.signal.aborted; message += 1) {
      const all = await nextNotices(database, rule.id, single > 0 ? 1 : destinationOf(rule.type).batch);
      if (all.length === 0) return;
      // Anyone who accepted it meanwhile knows of it.
      const notices = all.filter(({ isAccepted }) => !isAccepted);
      if (notices.length > 0) {
        const posted = await sendChanges(rule, notices, sending);
        if (ending.signal.aborted && posted.outcome === "failed") return;
        if (posted.outcome === "failed") return await fail(rule, posted);
        if (posted.outcome === "refused" && notices.length > 1) {
          single = all.length;
          continue;
        }
        if (posted.outcome === "refused") {
          say(`${shownTarget(rule)} ${posted.reason}: it will not take a change, which is dropped`);
          await noteRefused(database, rule.id);
        } else await noteSent(database, rule, notices.length, Date.now());
        if (!isTold) recovered(rule);
        isTold = true;
      }
      await dropNotices(database, idsOf(all));
      single = Math.max(0, single - all.length);
    }
    wake();
  }

  async function tellWeek(rule: Rule & RuleState): Promise<void> {
    const summary = await summaryOf(database, rule.team === null ? "all" : [rule.team], Date.now());
    const posted = await sendWeek(rule, summary, await teamName(rule.team), sending);
    if (ending.signal.aborted && posted.outcome === "failed") return;
    if (posted.outcome !== "taken") return await fail(rule, posted);
    await noteSent(database, rule, 1, Date.now());
    recovered(rule);
  }

  async function teamName(team: number | null): Promise<string | undefined> {
    return team === null ? undefined : (await listTeams(database, [team]))[0]?.name;
  }

  async function fail(
    rule: Rule & RuleState,
    posted: Exclude<Posted, { readonly outcome: "taken" }>,
  ): Promise<void> {
    const after = posted.outcome === "failed" ? posted.after : longest;
    const usual = Math.min(longest, first * 2 ** Math.min(rule.failures, 30)) * (0.5 + Math.random() / 2);
    const pause = Math.max(usual, Math.min(after ?? 0, longestAsked));
    if (rule.failures === 0) say(`${shownTarget(rule)} ${posted.reason}: tried again until taken`);
    await noteFailed(database, rule.id, posted.reason, Date.now() + Math.round(pause));
    wakeAt(pause);
  }

  function wakeAt(pause: number): void {
    setTimeout(() => wake(), pause + 20).unref();
  }

  function recovered(rule: RuleState & Rule): void {
    if (rule.failures > 0) say(`${shownTarget(rule)} takes notifications again`);
  }

  const quiet = news.listen(() => wake(gather));
  const timer = setInterval(() => wake(), every);
  wake();
  return {
    async close() {
      ending.abort();
      quiet();
      clearInterval(timer);
      if (soon) clearTimeout(soon);
      await running;
    },
  };
}

/** The week to one receiver: in words, or as a document for a program. */
export async function sendWeek(
  rule: Rule,
  summary: Summary,
  team: string | undefined,
  sending: Sending,
): Promise<Posted> {
  const { from, to, ...rest } = summary;
  const times = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  return await sendWords(
    rule,
    summaryWords(summary, team),
    { kind: "weekly", ...times, team: team ?? null, ...rest },
    sending,
  );
}

function idsOf(notices: readonly Notice[]): readonly number[] {
  return notices.map(({ id }) => id);
}
