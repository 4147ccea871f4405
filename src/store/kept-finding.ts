import type { Finding } from "../audit/finding.ts";

/** What the database holds was written here; one that somebody changed by hand is left out. */
export function parseFinding(document: string): Finding | undefined {
  try {
    const parsed: unknown = JSON.parse(document);
    const isFinding =
      typeof parsed === "object" &&
      parsed !== null &&
      "control" in parsed &&
      "subject" in parsed &&
      "verdict" in parsed;
    return isFinding ? (parsed as Finding) : undefined;
  } catch {
    return undefined;
  }
}
