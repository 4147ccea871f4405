import { randomInt } from "node:crypto";
import type { Finding } from "../../audit/finding.ts";
import { isEqual } from "../../base/equal.ts";
import { redactFinding } from "../../report/secrets/redact.ts";
import type { Change } from "../../watch/change.ts";
import type { Watch } from "../../watch/watch.ts";
import type { Guards } from "../agent/guards.ts";
import { containerNow } from "../agent/identity.ts";
import type { HostJobs } from "../protocol/job.ts";
import type { Portrait } from "../protocol/report.ts";
import { whyDatabase } from "../store/database.ts";
import { putGuards } from "../store/hosts/guards.ts";
import {
  type AreaOf,
  type HostNews,
  putChanges,
  putDetails,
  putHost,
  putOpen,
} from "../store/hosts/hosts.ts";
import { tellJobs } from "../store/hosts/jobs.ts";
import { putPortrait } from "../store/hosts/portraits.ts";
import type { FleetDatabase } from "../store/open.ts";
import type { News } from "./news.ts";

/** Brings what the watch in this process sees into the database. */
export interface Feed {
  /** From now on: before, changes wait. */
  begin(watch: Watch): void;
  changes(changes: readonly Change[]): void;
  /** The watch looked: what it runs, and whether its Engine answers, may be new. */
  looked(): void;
  /** What the host is set to was read anew. */
  portrait(portrait: Portrait): void;
  close(): Promise<void>;
}

export interface FeedOptions {
  readonly database: FleetDatabase;
  readonly news: News;
  readonly host: Pick<HostNews, "id" | "name" | "engine" | "version" | "labels" | "allows">;
  readonly areaOf: AreaOf;
  /** What guards on this host decide; undefined if no log of one is read. */
  readonly guards?: Guards | undefined;
  /** What operators start here; undefined if they may start nothing. */
  readonly jobs?: HostJobs | undefined;
  readonly say: (text: string) => void;
}

/** More than waits where the disk is full for a moment. What is more is told as a whole, once it can be. */
const mostWaiting = 20_000;
const retryEvery = 2_000;
/** How often a host that is quiet says that it is there. */
const beat = 30_000;

export function openFeed({ database, news, host, areaOf, guards, jobs, say }: FeedOptions): Feed {
  let watch: Watch | undefined;
  let waiting: Change[] = [];
  /** Changes were too many to wait: what is open is to be taken as a whole. */
  let isTooMuch = false;
  /** What was open then. It stays as it was taken until it is written: the changes that wait follow on it. */
  let whole: readonly Finding[] | undefined;
  /** The first of those that wait, as they were last written: they may be in the database although no answer says so. */
  let batch: { readonly number: number; readonly changes: readonly Change[] } | undefined;
  let isLooked = false;
  /** Of each open finding what the watch had when it was last written; the watch makes a new one where it looked again. */
  let known = new Map<string, { readonly finding: Finding; readonly text: string }>();
  let told: HostNews | undefined;
  let portrait: Portrait | undefined;
  let toldAt = 0;
  let isFailing = false;
  let isOver = false;
  let flushing: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;

  function flush(): void {
    if (flushing || !watch || isOver) return;
    const current = watch;
    flushing = write(current)
      .then(() => {
        if (isFailing) say("the database can be written again");
        isFailing = false;
      })
      .catch((error: unknown) => {
        if (!isFailing) say(`the database cannot be written: ${whyDatabase(error)}; what is new waits`);
        isFailing = true;
        retry ??= setTimeout(() => {
          retry = undefined;
          flush();
        }, retryEvery);
      })
      .finally(() => {
        flushing = undefined;
        if (!isFailing && (waiting.length > 0 || whole || isLooked)) flush();
      });
  }

  async function write(current: Watch): Promise<void> {
    isLooked = false;
    const now = Date.now();
    const state = stateOf(current);
    const isNewState = !isEqual(state, told);
    if (isNewState || now - toldAt >= beat) {
      await putHost(database, state, now);
      told = state;
      toldAt = now;
      if (isNewState) news.tell("hosts", host.id);
    }
    if (portrait) await writePortrait(portrait);
    await writeGuards(now);
    await exchangeJobs(now);
    while (whole) await writeWhole(whole, now);
    while (waiting.length > 0) {
      batch ??= { number: randomInt(2 ** 48 - 1), changes: waiting.slice(0, 500) };
      const part = batch.changes;
      await putChanges(database, host.id, part, areaOf, batch.number);
      batch = undefined;
      // Too many came meanwhile: the whole that was taken is written next.
      if (whole) return;
      waiting = waiting.slice(part.length);
      news.tell("findings", host.id);
    }
    await refresh(current);
  }

  async function writePortrait(now: Portrait): Promise<void> {
    await putPortrait(database, host.id, now);
    if (portrait === now) portrait = undefined;
    news.tell("hosts", host.id);
  }

  async function writeGuards(now: number): Promise<void> {
    const due = guards?.due();
    if (!due) return;
    await putGuards(database, host.id, due, { number: undefined, ahead: 0, now });
    guards?.kept();
    news.tell("decisions", host.id);
  }

  async function exchangeJobs(now: number): Promise<void> {
    if (!jobs) return;
    const told = jobs.told();
    const { job, isNews } = await tellJobs(database, host.id, told, now);
    if (told.ended) jobs.kept(told.ended.id);
    if (job) jobs.take(job);
    if (isNews) news.tell("findings", host.id);
  }

  /** What waits is part of what is open now; what comes from now on follows on it. */
  function takeWhole(): void {
    if (waiting.length > mostWaiting) isTooMuch = true;
    if (!isTooMuch) return;
    waiting = [];
    batch = undefined;
    if (!watch) return;
    whole = watch.open().map((finding) => redactFinding(finding));
    isTooMuch = false;
  }

  async function writeWhole(taken: readonly Finding[], now: number): Promise<void> {
    await putOpen(database, host.id, taken, now, areaOf);
    if (whole === taken) whole = undefined;
    news.tell("findings", host.id);
  }

  /** The kernel may be seen a moment after the configuration was: the finding is the same, and says more. */
  async function refresh(current: Watch): Promise<void> {
    const next: typeof known = new Map();
    const newer: Finding[] = [];
    for (const finding of current.open()) {
      const key = `${finding.control} ${finding.subject}`;
      const before = known.get(key);
      if (before?.finding === finding) {
        next.set(key, before);
        continue;
      }
      const clean = redactFinding(finding);
      const text = JSON.stringify(clean);
      next.set(key, { finding, text });
      if (text !== before?.text) newer.push(clean);
    }
    if (newer.length > 0) {
      await putDetails(database, host.id, newer);
      news.tell("findings", host.id);
    }
    known = next;
  }

  function stateOf(current: Watch): HostNews {
    return {
      ...host,
      connected: current.status().connected,
      containers: current.containers().map(containerNow),
    };
  }

  const beats = setInterval(() => {
    isLooked = true;
    flush();
  }, beat);
  // Somebody may have started a job here.
  const quiet = jobs
    ? news.listen((_, of) => {
        if (of !== host.id || flushing) return;
        isLooked = true;
        flush();
      })
    : () => {};

  return {
    begin(started) {
      watch = started;
      takeWhole();
      isLooked = true;
      flush();
    },
    changes(changes) {
      waiting.push(...changes.map((change) => ({ ...change, finding: redactFinding(change.finding) })));
      takeWhole();
      flush();
    },
    looked() {
      isLooked = true;
      flush();
    },
    portrait(taken) {
      portrait = taken;
      isLooked = true;
      flush();
    },
    async close() {
      clearInterval(beats);
      quiet();
      // What is under way ends, and nothing is begun behind it.
      isOver = true;
      if (retry) clearTimeout(retry);
      await flushing;
      if (!watch) return;
      guards?.flush();
      await write(watch).catch((error: unknown) =>
        say(`${waiting.length} changes could not be written: ${whyDatabase(error)}`),
      );
      guards?.close();
    },
  };
}
