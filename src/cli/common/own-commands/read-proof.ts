import { isRecord, itemsOf, parsedJson, textAt } from "../../../base/json.ts";
import { outcomes, type Proved } from "../../../model/proof.ts";
import { redactSource } from "../../../report/secrets/redact.ts";

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
