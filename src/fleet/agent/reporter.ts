import type { Finding } from "../../audit/finding.ts";
import { isEqual } from "../../base/equal.ts";
import { visible } from "../../base/visible.ts";
import { count } from "../../report/words.ts";
import type { Output } from "../../watch/outputs/output.ts";
import type { Queue } from "../../watch/outputs/queue/queue.ts";
import type { Watch } from "../../watch/watch.ts";
import { type Accepted, acceptedSchema } from "../protocol/acceptance.ts";
import type { GuardsTold } from "../protocol/guards.ts";
import { type HostJobs, type JobsTold, jobSchema } from "../protocol/job.ts";
import type { Portrait } from "../protocol/portrait.ts";
import type { NumberedProofs, ProofTold } from "../protocol/proof.ts";
import {
  type EnrolRequest,
  enrolPath,
  type HostNow,
  mostOpen,
  type ReportAnswer,
  type ReportRequest,
  reportPath,
} from "../protocol/report.ts";
import { exchange } from "./exchange.ts";
import type { Guards } from "./guards/guards.ts";
import { type Identity, keyHash } from "./identity.ts";
import { keepPace, type Pauses, usualPauses } from "./pace.ts";
import { sentFindings } from "./sent-findings.ts";
import { hostNow } from "./state.ts";
import { changesIn } from "./waiting.ts";
import { proofsIn } from "./waiting-proofs.ts";

export interface ReporterOptions {
  /** The address of `bulkhead serve`. */
  readonly url: URL;
  readonly identity: Identity;
  /** Keeps the identity; a reason where the disk does not take it. */
  readonly keep: (identity: Identity) => void;
  /** Needed while the host is not enrolled. */
  readonly token: string | undefined;
  readonly queue: Queue;
  /** Of what `--prove` showed. */
  readonly proofQueue: Queue;
  readonly host: Pick<HostNow, "name" | "engine" | "version" | "labels" | "allows">;
  /** What the server tells of acceptances; undefined where they change nothing here. */
  readonly acceptances?: TakesAcceptances | undefined;
  /** The latest portrait of this host. */
  readonly portrait?: () => Portrait | undefined;
  /** What guards on this host decide; undefined where no log of one is read. */
  readonly guards?: Guards | undefined;
  /** What operators start here; undefined where they may start nothing. */
  readonly jobs?: HostJobs | undefined;
  readonly say: (text: string) => void;
  readonly pauses?: Pauses;
  /** 0 to 1. */
  readonly random?: () => number;
  readonly clock?: () => number;
}

export interface TakesAcceptances {
  /** The name of the list that is there; "" before there is one. */
  revision(): string;
  set(accepted: Accepted): void;
}

/** Reports to `bulkhead serve` what a watch sees. */
export interface Reporter extends Output {
  begin(watch: Watch): void;
  /** Everything was read and judged. */
  ready(): void;
  /** The watch looked: what it runs, and whether its Engine answers, may be new. */
  looked(): void;
  /** `--prove` proved a container, or could not. */
  proven(proof: ProofTold): void;
}

/** A number of a change is the run's number times this, and its own number in the run. */
const perRun = 2 ** 32;

/** Milliseconds by which two clocks may differ. */
const toleratedSkew = 60_000;

/**
 * Sends what is open as a whole when the watch began and whenever something is missing, then each change, with numbers that
 * follow on one another, out of a queue on the disk. One report at a time: what was not answered is sent again, and applied once.
 */
export function openReporter(options: ReporterOptions): Reporter {
  const { url, queue, host, say, random = Math.random, clock = Date.now } = options;
  const pauses = options.pauses ?? usualPauses;
  const name = visible(`${url.protocol}//${url.host}`);
  const ending = new AbortController();
  const changes = changesIn(queue);
  const findings = sentFindings();
  const compareClocks = clockComparison(name, say);
  const pace = keepPace({
    ...{ pauses, random, clock, ended: ending.signal },
    send: async (isDueNow) => {
      isDue ||= isDueNow;
      return await deliver();
    },
    isMore: () => queue.waiting() > 0 && !isGapped,
  });
  let { identity } = options;
  let issued = identity.run * perRun;
  let watch: Watch | undefined;
  let isReady = false;
  /** What is open is to be told as a whole: a watch begins with it. */
  let wantsWhole = true;
  /** What is open was put together as a whole: what the watch finds from then on is not in it. */
  let wasWhole = false;
  /** Changes that wait do not follow on what is kept there: they are of no use before the whole. */
  let isGapped = false;
  /** A report that is due although nothing changed. */
  let isDue = true;
  let told: HostNow | undefined;
  let toldPortrait: Portrait | undefined;
  /** What guards decided is numbered for itself; what is sent again keeps its number. */
  let guardNumber = 0;
  /** Proofs, too. */
  let proofNumber = 0;
  const proofs = proofsIn(options.proofQueue, () => {
    proofNumber += 1;
    return identity.run * perRun + proofNumber;
  });
  let toldJobs: JobsTold | undefined;
  let numbered: { readonly told: GuardsTold; readonly number: number } | undefined;
  /** What the server takes, by its last answer. */
  let takes = 1;
  let sent = 0;
  let failedAttempts = 0;
  let isUnreadable = false;
  /** After a refusal changes go one by one, so that one that is wrong does not take others with it. */
  let single = false;

  /** True where the server took a report. */
  async function deliver(): Promise<boolean> {
    let wasTold = false;
    if (!identity.isEnrolled && !(await enrol())) return wasTold;
    while (!ending.signal.aborted) {
      const report = nextReport();
      if (!report || !(await tell(report))) break;
      wasTold = true;
    }
    return wasTold;
  }

  /** What is to be told next; undefined where there is nothing. */
  function nextReport(): Told | undefined {
    if (queue.takeLost() > 0) {
      say(`${name}: too much waited; everything that is open is sent again instead`);
      forgetWaiting();
    }
    const waiting = isGapped ? [] : changes.next(single);
    const [first] = waiting;
    const state = hostNow(host, watch, isReady);
    const rest = { sent: clock(), details: [] as readonly Finding[], changes: [], first: 1 };
    if (first) {
      const report = { ...rest, first: first.number, changes: waiting.map((each) => each.change) };
      return { report, state, upTo: waiting.at(-1)?.number ?? first.number, last: waiting.at(-1)?.queued };
    }
    if (wantsWhole && isReady && watch) {
      issued += 1;
      wasWhole = true;
      const all = watch.open();
      if (all.length > mostOpen) say(`${name} is told the first ${mostOpen} of ${all.length} findings`);
      const open = findings.replace(all.slice(0, mostOpen));
      const whole = { number: issued, open };
      return { report: { ...rest, whole }, state, upTo: issued, last: undefined };
    }
    const details = wantsWhole ? [] : findings.newer(watch?.open() ?? []);
    const portrait = newPortrait();
    // By itself: what is refused of a report is told apart by what is in it.
    const guards = portrait || details.length > 0 ? undefined : newFromGuards();
    const proven = portrait || guards || details.length > 0 ? undefined : newProofs();
    const jobs = portrait || guards || proven || details.length > 0 ? undefined : jobsNow();
    const isNews = details.length > 0 || portrait || guards || proven || (jobs && !isEqual(jobs, toldJobs));
    if (!isNews && !isDue && isEqual(state, told)) return undefined;
    const parts = {
      ...{ ...(portrait && { portrait }), ...(guards && { guards }) },
      ...{ ...(proven && { proofs: proven }), ...(jobs && { jobs }) },
    };
    const report = { ...rest, details, ...parts };
    return { report, state, upTo: undefined, last: undefined };
  }

  /** True where the next report can follow at once. */
  async function tell({ report, state, upTo, last }: Told): Promise<boolean> {
    const isNewState = !isEqual(state, told);
    const body = JSON.stringify({
      ...report,
      accepted: options.acceptances?.revision(),
      ...(isNewState ? { host: state } : {}),
    } satisfies ReportRequest);
    const answered = await exchange({
      url: new URL(reportPath, url),
      key: identity.key,
      body,
      timeout: 60_000,
      signal: ending.signal,
    });
    if (ending.signal.aborted && answered.outcome === "failed") return false;
    if (answered.outcome === "unknown") {
      return fail(`does not know this host: ${answered.reason.replace(/\.$/, "")}`, pauses.longest);
    }
    if (answered.outcome === "failed") return fail(answered.reason, answered.after);
    if (answered.outcome === "refused") return refused(answered.reason, report, last);
    const answer = answerOf(answered.body);
    if (!answer) return fail("gives an answer that bulkhead serve would not give", undefined);
    recover();
    told = state;
    takes = answer.protocol ?? 1;
    toldPortrait = report.portrait ?? toldPortrait;
    if (report.guards) options.guards?.kept();
    if (report.proofs) proofs.kept();
    if (report.jobs) keepJobs(report.jobs, answer);
    isDue = false;
    single = false;
    for (const finding of report.details) findings.set(finding);
    compareClocks(clock(), answer.now);
    takeAcceptances(answer);
    return follow(answer, report, upTo, last);
  }

  function jobsNow(): JobsTold | undefined {
    return takes >= 4 && !wantsWhole ? options.jobs?.told() : undefined;
  }

  function keepJobs(jobs: JobsTold, { job }: ReportAnswer): void {
    toldJobs = jobs;
    if (jobs.ended) options.jobs?.kept(jobs.ended.id);
    const parsed = jobSchema.safeParse(job);
    if (parsed.success) options.jobs?.take(parsed.data);
  }

  function takeAcceptances({ accepted }: ReportAnswer): void {
    if (accepted === undefined || !options.acceptances) return;
    const parsed = acceptedSchema.safeParse(accepted);
    if (parsed.success) options.acceptances.set(parsed.data);
    else if (!isUnreadable) say(`${name} sends acceptances that cannot be read: the earlier ones stay`);
    isUnreadable = !parsed.success;
  }

  function follow(answer: ReportAnswer, report: ReportRequest, upTo = 0, last?: number): boolean {
    if (answer.last > issued && answer.last > upTo) {
      // This host was set back: what it counts from now on was counted before.
      identity = { ...identity, run: Math.floor(answer.last / perRun) + 1 };
      issued = identity.run * perRun;
      options.keep(identity);
      forgetWaiting();
      return true;
    }
    if (answer.wantsWhole) {
      wantsWhole = true;
      isGapped = true;
      return isReady;
    }
    if (answer.last < upTo) return fail("did not keep what it was sent", undefined);
    if (last !== undefined) {
      queue.acknowledge(last);
      sent += report.changes.length;
    }
    if (report.whole) {
      changes.dropUpTo(report.whole.number);
      wantsWhole = false;
      isGapped = false;
    }
    return true;
  }

  function forgetWaiting(): void {
    changes.dropAll();
    wantsWhole = true;
    isGapped = true;
  }

  async function enrol(): Promise<boolean> {
    const { token } = options;
    if (token === undefined) return false;
    const answered = await exchange({
      url: new URL(enrolPath, url),
      key: token,
      body: JSON.stringify({
        key: keyHash(identity),
        host: hostNow(host, watch, false),
      } satisfies EnrolRequest),
      timeout: 30_000,
      signal: ending.signal,
    });
    if (answered.outcome === "answered") {
      identity = { ...identity, isEnrolled: true };
      options.keep(identity);
      recover();
      say(`this host is enrolled at ${name}`);
      return true;
    }
    if (answered.outcome === "failed") return fail(answered.reason, answered.after);
    return fail(`does not enrol this host: ${answered.reason.replace(/\.$/, "")}`, pauses.longest);
  }

  /** One that was not told yet, where the server takes it. */
  function newPortrait(): Portrait | undefined {
    const portrait = takes >= 2 && !wantsWhole ? options.portrait?.() : undefined;
    return portrait === toldPortrait ? undefined : portrait;
  }

  function newFromGuards(): ReportRequest["guards"] {
    const due = takes >= 3 && !wantsWhole ? options.guards?.due() : undefined;
    if (!due) return undefined;
    if (numbered?.told !== due) {
      guardNumber += 1;
      numbered = { told: due, number: identity.run * perRun + guardNumber };
    }
    return { ...due, number: numbered.number };
  }

  function newProofs(): NumberedProofs | undefined {
    return takes >= 5 && !wantsWhole ? proofs.next() : undefined;
  }

  function refused(reason: string, report: ReportRequest, last: number | undefined): boolean {
    const { whole, portrait, guards, jobs } = report;
    if (report.proofs) {
      if (proofs.refused()) say(`${name} ${reason}: it will not take what a proof showed here`);
      return true;
    }
    if (jobs?.ended) {
      say(`${name} ${reason}: it will not take the result of a job`);
      options.jobs?.kept(jobs.ended.id);
      return true;
    }
    if (guards) {
      say(`${name} ${reason}: it will not take what guards decided here`);
      options.guards?.kept();
      return true;
    }
    if (portrait) {
      say(`${name} ${reason}: it will not take this host's settings`);
      toldPortrait = portrait;
      return true;
    }
    if (report.changes.length > 1) {
      single = true;
      return true;
    }
    if (last !== undefined) {
      say(`${name} ${reason}: it will not take a change; everything that is open is sent again instead`);
      queue.acknowledge(last);
      wantsWhole = true;
      isGapped = true;
      single = false;
      return true;
    }
    return fail(
      `${reason}${whole ? `: it will not take what is open (${count(whole.open.length, "finding")})` : ""}`,
      pauses.longest,
    );
  }

  function fail(reason: string, after: number | undefined): false {
    if (ending.signal.aborted) return false;
    failedAttempts += 1;
    pace.backOff(after);
    if (pace.failures() === 1) {
      say(`${name} ${reason}: reports wait, and are sent again until it takes them`);
    }
    return false;
  }

  function recover(): void {
    if (pace.recover()) say(`${name} takes reports again`);
  }

  return {
    begin(started) {
      watch = started;
      pace.wake(0);
    },
    ready() {
      isReady = true;
      pace.wake(0);
    },
    looked() {
      const looksNew = !wantsWhole && findings.anyLookedAtAgain(watch?.open() ?? []);
      const isNew = !isEqual(hostNow(host, watch, isReady), told) || newPortrait() !== undefined;
      if (isNew || newFromGuards() || looksNew || hasNewJobs()) pace.wake(pauses.gather);
    },
    state: () => ({
      name,
      sent,
      failures: failedAttempts,
      waiting: queue.waiting(),
      oldest: changes.oldest(),
    }),
    send(change) {
      // What was so when the watch began is told as a whole. Some of it is found later, such as what the kernel does not show.
      if (change.cause.kind === "start" && !wasWhole) return;
      const { finding } = change;
      if (change.change === "resolved") findings.delete(finding);
      else findings.set(finding);
      issued += 1;
      changes.add(issued, change);
      pace.wake(pauses.gather);
    },
    proven(proof) {
      proofs.add(proof);
      pace.wake(pauses.gather);
    },
    async close() {
      const deadline = setTimeout(() => ending.abort(), pauses.end);
      options.guards?.flush();
      // A server that fails is not waited for: one more try, no more.
      const isMore = () =>
        queue.waiting() > 0 || wantsWhole || newFromGuards() || newProofs() ? true : hasNewJobs();
      await pace.finish(isMore);
      ending.abort();
      clearTimeout(deadline);
      options.guards?.close();
      queue.close();
      options.proofQueue.close();
    },
  };

  function hasNewJobs(): boolean {
    const jobs = jobsNow();
    return jobs !== undefined && !isEqual(jobs, toldJobs);
  }
}

/** Says when the clocks of host and server begin to differ. */
function clockComparison(server: string, say: (text: string) => void) {
  let isSkewed = false;
  return (here: number, there: number): void => {
    const ahead = here - there;
    const isWrong = Math.abs(ahead) > toleratedSkew;
    if (isWrong && !isSkewed) {
      const minutes = Math.round(Math.abs(ahead) / 6_000) / 10;
      const where = ahead > 0 ? "ahead of" : "behind";
      say(`the clock of this host is ${minutes} minutes ${where} that of ${server}: set it by NTP`);
    }
    isSkewed = isWrong;
  };
}

/** A report on its way. */
interface Told {
  readonly report: ReportRequest;
  readonly state: HostNow;
  /** The number up to which all is kept if this is. */
  readonly upTo: number | undefined;
  /** The last of its changes, as the queue counts. */
  readonly last: number | undefined;
}

function answerOf(body: unknown): ReportAnswer | undefined {
  const isAnswer =
    typeof body === "object" &&
    body !== null &&
    "last" in body &&
    typeof body.last === "number" &&
    "wantsWhole" in body &&
    typeof body.wantsWhole === "boolean" &&
    "now" in body &&
    typeof body.now === "number";
  return isAnswer ? (body as ReportAnswer) : undefined;
}
