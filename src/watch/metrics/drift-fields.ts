import type { Finding } from "../../audit/finding.ts";
import type { ChangeKind } from "../change.ts";

/** In what the kernel began to enforce less than the Engine says, for a counter. */
export interface DriftFields {
  /** How much a change adds: each new field of `drift`, or a control that fails in the kernel and passes by the Engine. */
  news(change: ChangeKind, finding: Finding): number;
}

export function openDriftFields(): DriftFields {
  const known = new Map<string, ReadonlySet<string>>();
  return {
    news(change, { control, subject, level, views, since = {} }) {
      if (control !== "drift") {
        const isPassed = views.some((view) => view.level === "configured" && view.verdict === "pass");
        return change !== "resolved" && level === "effective" && isPassed ? 1 : 0;
      }
      const before = known.get(subject);
      known.delete(subject);
      if (change === "resolved") return 0;
      const fields = Object.keys(since);
      known.set(subject, new Set(fields));
      return fields.filter((field) => !before?.has(field)).length;
    },
  };
}
