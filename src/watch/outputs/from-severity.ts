import type { Finding } from "../../audit/finding.ts";
import { isAtLeast, type Severity } from "../../model/severity.ts";
import { findingKey } from "../change.ts";
import type { Output } from "../output.ts";

/**
 * Tells an output only of findings of a severity or worse. What it was told of it is told of again when that got milder and when
 * it is over: nobody shall go on worrying. `before`: what an earlier watch told.
 */
export function fromSeverity(least: Severity, output: Output, before: readonly Finding[] = []): Output {
  const told = new Set(before.filter(({ severity }) => isAtLeast(severity, least)).map(findingKey));
  return {
    ...output,
    send(change) {
      const { finding } = change;
      const key = findingKey(finding);
      const isGrave = isAtLeast(finding.severity, least);
      const known = told.has(key);
      if (change.change === "loosened") {
        if (isGrave) output.send(change);
        return;
      }
      if (isGrave && change.change !== "resolved") told.add(key);
      else told.delete(key);
      if (isGrave || known) output.send(change);
    },
  };
}
