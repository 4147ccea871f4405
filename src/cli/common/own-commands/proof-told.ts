import { type JobProbe, jobLimits } from "../../../fleet/protocol/job.ts";
import type { Proved } from "../../../model/proof.ts";
import { redactSource } from "../../../report/secrets/redact.ts";
import { cut } from "../../../watch/outputs/chat/words.ts";

/** Probes as bulkhead serve gets them. `tries`: what a probe tries, by its id. */
export function probesTold(probes: readonly Proved[], tries: (probe: string) => string): readonly JobProbe[] {
  return probes.slice(0, jobLimits.probes).map(({ probe, control, outcome, evidence }) => ({
    ...{ probe, control, outcome, evidence: cut(evidence, jobLimits.evidence) },
    tries: cut(tries(probe), jobLimits.evidence),
  }));
}

/** Why a command gave no result, as bulkhead serve gets it. */
export function troubleTold(reason: string): string {
  return cut(redactSource(reason) || "it ended without a result", jobLimits.trouble);
}
