import { commentIgnores } from "../../../src/audit/ignores.ts";
import { bareContext } from "../../../src/controls/control.ts";
import { controls } from "../../../src/controls/registry.ts";
import { type PlanRequest, planFixes } from "../../../src/fix/plan/plan.ts";
import type { SubjectPlan } from "../../../src/fix/plan/step.ts";
import { readRunLine } from "../../../src/formats/run-command/read.ts";
import type { Subject } from "../../../src/model/subject.ts";
import { memoryFiles } from "../memory-files.ts";
import { composeReading, dedent } from "../subjects.ts";

/** The plan for the first service of a Compose file. */
export function planForCompose(text: string, request: Partial<PlanRequest> = {}): SubjectPlan {
  return planFor(
    composeReading(text).subjects[0],
    request,
    commentIgnores("compose.yaml", dedent(text)).ignores,
  );
}

/** The plan for the first container that a line runs. */
export function planForRun(line: string, request: Partial<PlanRequest> = {}): SubjectPlan {
  return planFor(readRunLine(line, "run.sh", memoryFiles()).subjects[0], request);
}

function planFor(
  subject: Subject | undefined,
  request: Partial<PlanRequest>,
  ignores: PlanRequest["rules"]["ignores"] = [],
): SubjectPlan {
  if (!subject) throw new Error("nothing was read");
  return planFixes(
    { subject, context: bareContext(subject.source) },
    {
      rules: { controls, ignores, severities: {}, today: "2026-01-01", spell: () => null },
      takes: () => true,
      limits: {},
      needs: () => undefined,
      ...request,
    },
  );
}
