import type { Container } from "../../model/container.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { Step, SubjectPlan } from "./step.ts";

/**
 * The steps for a service of a file that only changes another one. What hardens it belongs into the file that makes it: here it would
 * come a second time, or without what that file says of the service. So only what this `part` itself loosens is changed.
 */
export function ownPart<Plan extends Pick<SubjectPlan, "steps" | "open">>(
  plan: Plan,
  part: Container | undefined,
): Plan {
  if (!part) return plan;
  const isOwn = ({ patches }: Step) =>
    patches.length === 0 ||
    (patches as readonly ContainerPatch[]).some((patch) => changesWhatIsSaid(patch, part));
  return { ...plan, steps: plan.steps.filter(isOwn), open: plan.open.filter(isOwn) };
}

function changesWhatIsSaid({ op, field }: ContainerPatch, view: Container): boolean {
  if (op === "add") return false;
  if (op !== "set") return true;
  const fact = view[field];
  return !Array.isArray(fact) && "state" in fact && fact.state !== "unset";
}
