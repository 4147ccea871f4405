import { isRecord, parsedJson } from "../../base/json.ts";
import type { Queue } from "../../watch/outputs/queue/queue.ts";
import { mostProofs, type NumberedProofs, type ProofTold } from "../protocol/job.ts";

/** The proofs that the server has not confirmed yet, in a queue on the disk. */
export interface WaitingProofs {
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
