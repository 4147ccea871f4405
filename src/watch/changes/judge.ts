import { contextOf, type Surroundings } from "../../audit/contexts.ts";
import { evaluate, type Rules } from "../../audit/evaluate.ts";
import type { Finding } from "../../audit/finding.ts";
import { compareSeverity, isAtLeast, type Severity } from "../../model/severity.ts";
import type { Subject } from "../../model/subject.ts";
import type { Inventory } from "../inventory/inventory.ts";

/** How findings are made of the inventory. */
export interface Judgement {
  readonly rules: Rules;
  /** Findings below it are left out. */
  readonly minimum: Severity;
  /** The differences between the kernel and the Engine that are beyond doubt, by the subject's id. */
  readonly drifts?: Surroundings["drifts"];
}

/** Judges subjects of the inventory as `bulkhead audit engine` does. */
export function judge(
  subjects: readonly Subject[],
  inventory: Inventory,
  { rules, minimum, drifts }: Judgement,
): readonly (readonly Finding[])[] {
  const around = { ...surroundings(inventory), drifts };
  return subjects.map((subject) =>
    evaluate(subject, contextOf(subject, around), rules)
      .flatMap(({ finding }) => finding ?? [])
      .filter(({ severity }) => isAtLeast(severity, minimum)),
  );
}

function surroundings(inventory: Inventory): Surroundings {
  const peers = inventory.list().flatMap(({ id, name, subject }) => {
    const view = subject.views[0];
    return view ? [[id, view] as const, [name, view] as const] : [];
  });
  return {
    files: new Map(),
    engine: inventory.engine?.views.at(-1),
    live: new Map(peers),
    running: inventory.running(),
    lostProofs: inventory.lostProofs,
  };
}

/**
 * One finding for each control out of those of several subjects that are told as one: the worst, the first among equals.
 * `docker exec` every minute is one finding that comes and goes.
 */
export function worstOfEach(findings: readonly Finding[]): readonly Finding[] {
  const worst = new Map<string, Finding>();
  for (const finding of findings) {
    const before = worst.get(finding.control);
    if (!before || weight(finding, before) > 0) worst.set(finding.control, finding);
  }
  return [...worst.values()];
}

function weight(a: Finding, b: Finding): number {
  const counts = (finding: Finding) =>
    (finding.suppressed === null ? 1 : 0) * (finding.verdict === "fail" ? 2 : 1);
  return counts(a) - counts(b) || compareSeverity(a.severity, b.severity);
}
