import { visible } from "../../base/visible.ts";
import type { Output } from "../../watch/outputs/output.ts";
import type { Queue } from "../../watch/outputs/queue/queue.ts";
import type { Watch } from "../../watch/watch.ts";
import type { HostJobs, ProofTold } from "../protocol/job.ts";
import {
  type EnrolRequest,
  enrolPath,
  type HostNow,
  type Portrait,
  protocolVersion,
  type ReportAnswer,
  type ReportRequest,
  reportPath,
} from "../protocol/report.ts";
import {
  acceptancesChannel,
  type Channel,
  guardsChannel,
  jobsChannel,
  type Part,
  portraitChannel,
  proofsChannel,
  proofsIn,
  stateChannel,
  type TakesAcceptances,
} from "./channels.ts";
import { exchange } from "./exchange.ts";
import { findingsChannel } from "./findings-channel.ts";
import type { Guards } from "./guards.ts";
import { hostNow, type Identity, keyHash, numbersOf } from "./identity.ts";
import { keepPace, type Pauses, usualPauses } from "./pace.ts";

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
  /** What the server says of acceptances; undefined if they change nothing here. */
  readonly acceptances?: TakesAcceptances | undefined;
  /** The latest portrait of this host. */
  readonly portrait?: () => Portrait | undefined;
  /** What guards on this host decide; undefined if no log of one is read. */
  readonly guards?: Guards | undefined;
  /** What operators start here; undefined if they may start nothing. */
  readonly jobs?: HostJobs | undefined;
  readonly say: (text: string) => void;
  readonly pauses?: Pauses;
  /** 0 to 1. */
  readonly random?: () => number;
  readonly clock?: () => number;
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

/** Milliseconds by which two clocks may differ. */
const toleratedSkew = 60_000;

/** Sends the news of each channel, one report at a time: what was not answered is sent again, and applied once. */
export function openReporter(options: ReporterOptions): Reporter {
  const { url, host, guards, jobs, random = Math.random, clock = Date.now } = options;
  const pauses = options.pauses ?? usualPauses;
  const name = visible(`${url.protocol}//${url.host}`);
  const say = (text: string) => options.say(`${name} ${text}`);
  const ending = new AbortController();
  let { identity } = options;
  let watch: Watch | undefined;
  let isReady = false;
  /** A report is due although nothing changed. */
  let isDue = true;
  let isSending = false;
  let failedAttempts = 0;

  const counter = () => numbersOf(() => identity.run);
  const proofs = proofsIn(options.proofQueue, counter().next);
  const findings = findingsChannel({
    queue: options.queue,
    numbers: numbersOf(
      () => identity.run,
      (run) => setIdentity({ ...identity, run }),
    ),
    open: () => (isReady ? watch?.open() : undefined),
    say,
  });
  /** These wait while the server does not have what is open. */
  const further: readonly Channel[] = [
    ...(options.portrait ? [portraitChannel(options.portrait)] : []),
    ...(guards ? [guardsChannel(guards, counter().next)] : []),
    proofsChannel(proofs),
    ...(jobs ? [jobsChannel(jobs)] : []),
  ];
  const channels: readonly Channel[] = [
    findings,
    ...further.map((channel) => ({
      ...channel,
      next: (isDueNow: boolean) => (findings.isBehind() ? undefined : channel.next(isDueNow)),
    })),
    ...(options.acceptances ? [acceptancesChannel(options.acceptances, say)] : []),
    stateChannel(() => hostNow(host, watch, isReady)),
  ];
  const compareClocks = clockComparison(name, options.say);
  const pace = keepPace({
    ...{ pauses, random, clock, ended: ending.signal },
    send: async (isDueNow) => {
      isDue ||= isDueNow;
      isSending = true;
      try {
        return await deliver();
      } finally {
        isSending = false;
      }
    },
    isMore: () => findings.waiting() > 0 && nextPart() !== undefined,
  });

  function setIdentity(now: Identity): void {
    identity = now;
    options.keep(now);
  }

  /** True if the server took a report. */
  async function deliver(): Promise<boolean> {
    let wasTaken = false;
    if (!identity.isEnrolled && !(await enrol())) return wasTaken;
    while (!ending.signal.aborted) {
      const next = nextPart();
      if (!next || !(await report(next))) break;
      wasTaken = true;
    }
    return wasTaken;
  }

  function nextPart(): { readonly channel: Channel; readonly part: Part } | undefined {
    for (const channel of channels) {
      const part = channel.next(isDue);
      if (part) return { channel, part };
    }
    return undefined;
  }

  /** True if the next report can follow at once. */
  async function report({ channel, part }: NonNullable<ReturnType<typeof nextPart>>): Promise<boolean> {
    const along = channels.map((each) => each.along?.() ?? {});
    const body = Object.assign({ sent: clock(), details: [], changes: [], first: 1 }, part, ...along);
    const answered = await exchange({
      url: new URL(reportPath, url),
      key: identity.key,
      body: JSON.stringify(body satisfies ReportRequest),
      timeout: 60_000,
      signal: ending.signal,
    });
    if (ending.signal.aborted && answered.outcome === "failed") return false;
    if (answered.outcome === "unknown") {
      return fail(`does not know this host: ${answered.reason.replace(/\.$/, "")}`, pauses.longest);
    }
    if (answered.outcome === "failed") return fail(answered.reason, answered.after);
    if (answered.outcome === "refused") {
      const refusal = channel.refused?.() ?? { stuck: "" };
      if ("stuck" in refusal) return fail(`${answered.reason}${refusal.stuck}`, pauses.longest);
      if (refusal.dropped !== undefined) say(`${answered.reason}: it rejected ${refusal.dropped}`);
      return true;
    }
    const answer = answerOf(answered.body);
    if (!answer) return fail("gives an answer that bulkhead serve would not give", undefined);
    if (answer.protocol !== protocolVersion) {
      return fail(
        `speaks version ${answer.protocol} of the protocol, and this host ${protocolVersion}`,
        pauses.longest,
      );
    }
    recover();
    isDue = false;
    compareClocks(clock(), answer.now);
    channel.kept?.(answer);
    const [trouble] = channels.flatMap((each) => each.heard?.(answer) ?? []);
    return trouble === undefined || fail(trouble, undefined);
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
      setIdentity({ ...identity, isEnrolled: true });
      recover();
      options.say(`this host is enrolled at ${name}`);
      return true;
    }
    if (answered.outcome === "failed") return fail(answered.reason, answered.after);
    return fail(`does not enrol this host: ${answered.reason.replace(/\.$/, "")}`, pauses.longest);
  }

  function fail(reason: string, after: number | undefined): false {
    if (ending.signal.aborted) return false;
    failedAttempts += 1;
    pace.backOff(after);
    if (pace.failures() === 1) say(`${reason}: reports wait, and are sent again until it takes them`);
    return false;
  }

  function recover(): void {
    if (pace.recover()) say("takes reports again");
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
      // The one that is under way is followed by all that is new.
      if (!isSending && nextPart()) pace.wake(pauses.gather);
    },
    state: () => ({
      name,
      sent: findings.sent(),
      failures: failedAttempts,
      waiting: findings.waiting(),
      oldest: findings.oldest(),
    }),
    send(change) {
      findings.add(change);
      pace.wake(pauses.gather);
    },
    proven(proof) {
      proofs.add(proof);
      pace.wake(pauses.gather);
    },
    async close() {
      const deadline = setTimeout(() => ending.abort(), pauses.end);
      guards?.flush();
      // A server that fails is not waited for: one more try, no more.
      await pace.finish(() => nextPart() !== undefined);
      ending.abort();
      clearTimeout(deadline);
      guards?.close();
      options.queue.close();
      options.proofQueue.close();
    },
  };
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

function answerOf(body: unknown): ReportAnswer | undefined {
  const isAnswer =
    typeof body === "object" &&
    body !== null &&
    "last" in body &&
    typeof body.last === "number" &&
    "protocol" in body &&
    typeof body.protocol === "number" &&
    "wantsWhole" in body &&
    typeof body.wantsWhole === "boolean" &&
    "now" in body &&
    typeof body.now === "number";
  return isAnswer ? (body as ReportAnswer) : undefined;
}
