import type { Finding } from "../../audit/finding.ts";
import { redactFinding } from "../../report/secrets/redact.ts";
import { findingKey } from "../../watch/change.ts";
import { mostChanges } from "../protocol/report.ts";

/** The text of each open finding as the server has it. The watch makes a new finding each time that it looks again. */
export interface SentFindings {
  /** The server has exactly these. Gives them as they are sent. */
  replace(open: readonly Finding[]): readonly Finding[];
  set(finding: Finding): void;
  delete(finding: Finding): void;
  /** Those that say something else than the server has: the kernel may be read a moment after the configuration. */
  newer(open: readonly Finding[]): readonly Finding[];
  /** Whether one was looked at again. */
  anyLookedAtAgain(open: readonly Finding[]): boolean;
}

export function sentFindings(): SentFindings {
  let known = new Map<string, { readonly finding: Finding; readonly text: string }>();

  return {
    replace(open) {
      known = new Map();
      return open.map((finding) => {
        const clean = redactFinding(finding);
        known.set(findingKey(finding), { finding, text: JSON.stringify(clean) });
        return clean;
      });
    },
    set: (finding) => void known.set(findingKey(finding), { finding, text: JSON.stringify(finding) }),
    delete: (finding) => void known.delete(findingKey(finding)),
    newer(open) {
      const details: Finding[] = [];
      for (const finding of open) {
        const before = known.get(findingKey(finding));
        // A new one is sent as a change.
        if (!before || before.finding === finding) continue;
        const clean = redactFinding(finding);
        const text = JSON.stringify(clean);
        if (text === before.text) known.set(findingKey(finding), { finding, text });
        else details.push(clean);
        if (details.length === mostChanges) break;
      }
      return details;
    },
    anyLookedAtAgain: (open) => open.some((finding) => known.get(findingKey(finding))?.finding !== finding),
  };
}
