import { isEqual } from "../../base/equal.ts";
import { isRecord, parsedJson } from "../../base/json.ts";
import type { Queue } from "../../watch/outputs/queue/queue.ts";
import type { GuardsTold } from "../protocol/guards.ts";
import {
  type HostJobs,
  type JobsTold,
  jobSchema,
  mostProofs,
  type NumberedProofs,
  type ProofTold,
} from "../protocol/job.ts";
import {
  type Accepted,
  acceptedSchema,
  type HostNow,
  type Portrait,
  type ReportAnswer,
  type ReportRequest,
} from "../protocol/report.ts";
import type { Guards } from "./guards.ts";

/** What a report has of one channel. */
export type Part = Partial<ReportRequest>;

/** What is done with a part that the server refuses for good: `dropped` names it; `stuck` says what is tried again later. */
type Refusal = { readonly dropped?: string } | { readonly stuck: string };

/** One kind of news for the server. A report has the part of one channel: what is refused must be told apart. */
export interface Channel {
  /** What to send now; undefined if there is nothing. `isDue`: a report is sent anyway. */
  next(isDue: boolean): Part | undefined;
  /** The server has what `next` gave last. */
  kept?(answer: ReportAnswer): void;
  /** The server refuses what `next` gave last. */
  refused?(): Refusal;
  /** Goes with every report, no matter whose it is. */
  along?(): Part;
  /** Hears every answer. Gives why the report has to be sent again. */
  heard?(answer: ReportAnswer): string | undefined;
}

/** The host and its containers: along with any report where they are new, and a report of their own once a beat. */
export function stateChannel(now: () => HostNow): Channel {
  let lastSent: HostNow | undefined;
  let sending: HostNow | undefined;
  return {
    next: (isDue) => (isDue || !isEqual(now(), lastSent) ? {} : undefined),
    along() {
      sending = now();
      return isEqual(sending, lastSent) ? {} : { host: sending };
    },
    heard() {
      lastSent = sending;
      return undefined;
    },
  };
}

export interface TakesAcceptances {
  /** The name of the list that is there; "" before there is one. */
  revision(): string;
  set(accepted: Accepted): void;
}

/** Acceptances come with any answer. */
export function acceptancesChannel(takes: TakesAcceptances, say: (text: string) => void): Channel {
  let isUnreadable = false;
  return {
    next: () => undefined,
    along: () => ({ accepted: takes.revision() }),
    heard({ accepted }) {
      if (accepted === undefined) return undefined;
      const parsed = acceptedSchema.safeParse(accepted);
      if (parsed.success) takes.set(parsed.data);
      else if (!isUnreadable) say("sends acceptances that cannot be read: the earlier ones stay");
      isUnreadable = !parsed.success;
      return undefined;
    },
  };
}

/** The settings of the host, each time they were read anew. */
export function portraitChannel(latest: () => Portrait | undefined): Channel {
  let done: Portrait | undefined;
  let sending: Portrait | undefined;
  const settle = () => {
    done = sending;
  };
  return {
    next() {
      sending = latest();
      return sending === done ? undefined : { portrait: sending };
    },
    kept: settle,
    refused() {
      settle();
      return { dropped: "this host's settings" };
    },
  };
}

/** What guards decided. What is sent again keeps its number: it is counted once. */
export function guardsChannel(guards: Guards, numberOf: () => number): Channel {
  let numbered: { readonly due: GuardsTold; readonly number: number } | undefined;
  return {
    next() {
      const due = guards.due();
      if (!due) return undefined;
      if (numbered?.due !== due) numbered = { due, number: numberOf() };
      return { guards: { ...due, number: numbered.number } };
    },
    kept: () => guards.kept(),
    refused() {
      guards.kept();
      return { dropped: "the guard decisions of this host" };
    },
  };
}

/** What `--prove` showed. */
export function proofsChannel(proofs: WaitingProofs): Channel {
  return {
    next() {
      const waiting = proofs.next();
      return waiting && { proofs: waiting };
    },
    kept: () => proofs.kept(),
    refused: () => (proofs.refused() ? { dropped: "a proof" } : {}),
  };
}

/** What operators start here. The answer may have the next job. */
export function jobsChannel(jobs: HostJobs): Channel {
  let lastSent: JobsTold | undefined;
  let sending: JobsTold = { now: null };
  return {
    next(isDue) {
      sending = jobs.told();
      return isDue || !isEqual(sending, lastSent) ? { jobs: sending } : undefined;
    },
    kept({ job }) {
      lastSent = sending;
      if (sending.ended) jobs.kept(sending.ended.id);
      const parsed = jobSchema.safeParse(job);
      if (parsed.success) jobs.take(parsed.data);
    },
    refused() {
      if (!sending.ended) return { stuck: "" };
      jobs.kept(sending.ended.id);
      return { dropped: "the result of a job" };
    },
  };
}

/** The proofs that the server has not confirmed yet, in a queue on the disk. */
interface WaitingProofs {
  add(proof: ProofTold): void;
  /** The oldest ones. They stay the same, and keep their number, until they are kept or dropped. */
  next(): NumberedProofs | undefined;
  /** The server has those that `next` gave. */
  kept(): void;
  /** The server refuses them. Several are sent again one by one; one alone is dropped. True if it was. */
  refused(): boolean;
}

/** Characters of the proofs of one report. */
const batchCharacters = 1024 * 1024;

/** `numberOf`: gives a number that is larger than each one before. */
export function proofsIn(queue: Queue, numberOf: () => number): WaitingProofs {
  let batch: (NumberedProofs & { readonly upTo: number }) | undefined;
  let most: number = mostProofs;

  function take(): typeof batch {
    for (;;) {
      const queued = queue.peek({ records: most, characters: batchCharacters });
      const upTo = queued.at(-1)?.number;
      if (upTo === undefined) return undefined;
      const proofs = queued.flatMap(({ record }) => proofOf(record) ?? []);
      if (proofs.length > 0) return { number: numberOf(), proofs, upTo };
      queue.acknowledge(upTo);
    }
  }

  function drop(): void {
    if (batch) queue.acknowledge(batch.upTo);
    batch = undefined;
  }

  return {
    add: (proof) => queue.append(JSON.stringify(proof)),
    next() {
      batch ??= take();
      return batch && { number: batch.number, proofs: batch.proofs };
    },
    kept() {
      drop();
      most = mostProofs;
    },
    refused() {
      const isOne = batch?.proofs.length === 1;
      if (isOne) drop();
      batch = undefined;
      most = 1;
      return isOne;
    },
  };
}

/** The queue's checksum is right, but another version of bulkhead may have written the record. */
function proofOf(record: string): ProofTold | undefined {
  const parsed = parsedJson(record);
  const isProof =
    isRecord(parsed) &&
    typeof parsed.container === "string" &&
    typeof parsed.time === "number" &&
    "probes" in parsed;
  return isProof ? (parsed as unknown as ProofTold) : undefined;
}
