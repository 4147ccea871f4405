export const severities = ["info", "low", "medium", "high", "critical"] as const;

export type Severity = (typeof severities)[number];

/** Orders by weight: negative where `a` is weaker than `b`. */
export function compareSeverity(a: Severity, b: Severity): number {
  return severities.indexOf(a) - severities.indexOf(b);
}

export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return compareSeverity(severity, threshold) >= 0;
}

/** One step weaker; `info` stays. */
export function lower(severity: Severity): Severity {
  return severities[Math.max(0, severities.indexOf(severity) - 1)] ?? "info";
}
