import { hash } from "node:crypto";

/**
 * Names a finding over time: the same control on the same subject with the same evidence has the same one, wherever
 * its lines moved. 32 hexadecimal digits.
 */
export function fingerprint(control: string, stableId: string, evidence: readonly string[]): string {
  const parts = [control, stableId, ...[...new Set(evidence)].toSorted()];
  return hash("sha256", parts.join("\0"), "hex").slice(0, 32);
}
