import type { Finding } from "../../src/audit/finding.ts";
import type { Change } from "../../src/watch/change.ts";

/** A failing finding of a container; give what differs. */
export function findingOf(control: string, more: Partial<Finding> = {}): Finding {
  return {
    control,
    verdict: "fail",
    severity: "high",
    subject: "container:web",
    message: "mounts something: it could be bad",
    level: "effective",
    locations: [],
    fix: null,
    suppressed: null,
    fingerprint: `${control}-1`,
    baseline: null,
    views: [],
    ...more,
  };
}

/** A change at a second of the day 2027-01-31. */
export function changeOf(
  change: Change["change"],
  finding: Finding,
  second = 0,
  cause: Change["cause"] = { kind: "sweep" },
): Change {
  return { time: new Date(Date.UTC(2027, 0, 31, 12, 0, second)).toISOString(), change, finding, cause };
}
