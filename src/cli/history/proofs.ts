import { visible } from "../../base/visible.ts";
import { padEnd } from "../../base/width.ts";
import { openDatabase, type ProofSpan, queryProofs } from "../../fleet/history.ts";
import type { Outcome } from "../../model/proof.ts";
import { subjectMatcher } from "../../watch/changes/silence.ts";
import { sayTime } from "../../watch/outputs/words.ts";
import { complain } from "../common/complain.ts";
import { historyPath, type ProofsOptions } from "./options.ts";

/** `bulkhead history proofs`. Answers the exit status: 0 shown, 2 no history that can be read. */
export async function listProofs(options: ProofsOptions): Promise<number> {
  const database = await openDatabase(historyPath(options.history), { readonly: true });
  if (!database.ok) return complain(database.reason);
  try {
    const matches = options.subject === undefined ? () => true : subjectMatcher(options.subject);
    const spans = queryProofs(database.value).filter(({ subject }) => matches(subject));
    if (options.format === "json") {
      const proofs = spans.map(({ first, last, ...span }) => ({
        ...span,
        first: new Date(first).toISOString(),
        last: new Date(last).toISOString(),
      }));
      process.stdout.write(`${JSON.stringify({ schemaVersion: 1, proofs }, null, 2)}\n`);
    } else if (spans.length === 0) process.stdout.write("nothing was proven by bulkhead watch --prove\n");
    else for (const span of spans) process.stdout.write(`${line(span)}\n`);
    return 0;
  } finally {
    database.value.close();
  }
}

const words: Readonly<Record<Outcome, string>> = {
  held: "held",
  notHeld: "not held",
  inconclusive: "inconclusive",
};

/** `2027-01-30 03:30:00Z – 2027-01-31 03:30:00Z  held  container:web  write-root  evidence`. */
function line({ first, last, outcome, subject, probe, evidence }: ProofSpan): string {
  return [
    `${sayTime(first)} – ${sayTime(last)}`,
    words[outcome].padEnd(8),
    padEnd(visible(subject), 20),
    probe.padEnd(18),
    visible(evidence),
  ].join("  ");
}
