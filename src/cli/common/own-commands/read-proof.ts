import { isRecord, itemsOf, parsedJson, textAt } from "../../../base/json.ts";
import { type JobProbe, jobLimits } from "../../../fleet/protocol/job.ts";
import { outcomes, type Proved } from "../../../model/proof.ts";
import { redactSource } from "../../../report/secrets/redact.ts";
import { cut } from "../../../watch/outputs/chat/words.ts";

/** The probes in what `bulkhead prove --format json` prints; undefined for anything else. */
export function readProof(text: string): readonly Proved[] | undefined {
  const document = parsedJson(text);
  if (!isRecord(document) || document.schemaVersion !== 1) return undefined;
  return itemsOf(document.probes).flatMap((each): readonly Proved[] => {
    const outcome = outcomes.find((known) => known === textAt(each, "outcome"));
    const [probe, control, evidence] = ["probe", "control", "evidence"].map((key) => textAt(each, key));
    if (!outcome || probe === undefined || control === undefined || evidence === undefined) return [];
    return [{ probe, control, outcome, evidence: redactSource(evidence) }];
  });
}

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
