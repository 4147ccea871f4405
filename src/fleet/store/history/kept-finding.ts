import type { Finding } from "../../../audit/finding.ts";
import { isRecord, parsedJson } from "../../../base/json.ts";

/** What the database holds was written here; one that somebody changed by hand is left out. */
export function parseFinding(document: string): Finding | undefined {
  const parsed = parsedJson(document);
  const isFinding = isRecord(parsed) && ["control", "subject", "verdict"].every((name) => name in parsed);
  return isFinding ? (parsed as unknown as Finding) : undefined;
}
