import type { Patch } from "../../model/patch.ts";
import { compareSeverity } from "../../model/severity.ts";
import type { Failure } from "./failures.ts";
import { limitOf } from "./limits.ts";
import type { Step } from "./step.ts";

/** Lists whose items stand each for itself: one mount may go while another stays. */
const apart = new Set<Patch["field"]>([
  "mounts",
  "volumesFrom",
  "ports",
  "devices",
  "deviceCgroupRules",
  "environment",
  "capAdd",
  "listenAddresses",
  "insecureRegistries",
]);

/** The remedies as steps, the worst failure first; equal ones stay in the controls' order. */
export function stepsOf(failures: readonly Failure[]): readonly Step[] {
  const sorted = failures.toSorted((a, b) => compareSeverity(b.severity, a.severity));
  return sorted.flatMap((failure) =>
    split(failure.remedy.patches).map((patches) => stepOf(failure, patches)),
  );
}

/** What must not be torn apart (a log driver and its options) stays together; everything else is a step of its own. */
function split(patches: readonly Patch[]): readonly (readonly Patch[])[] {
  const alone = patches.filter(isAlone);
  const together = patches.filter((patch) => !isAlone(patch));
  const parts = [...(together.length > 0 ? [together] : []), ...alone.map((patch) => [patch])];
  return parts.length > 0 ? parts : [[]];
}

function isAlone(patch: Patch): boolean {
  return (
    limitOf(patch) !== undefined ||
    ((patch.op === "remove" || patch.op === "replace") && apart.has(patch.field))
  );
}

function stepOf({ control, remedy }: Failure, patches: readonly Patch[]): Step {
  const { breaks } = remedy;
  const [only] = patches;
  const isKiller = patches.length === 1 && only?.field === "oomKillDisable";
  const summary = isKiller ? "Leave the OOM killer on." : remedy.summary;
  // A remedy whose every patch was silenced, or that has none, is advice.
  const kind = patches.length === 0 ? "manual" : remedy.kind;
  const key = `${control.id} ${JSON.stringify(patches)}`;
  return { kind, keys: [key], controls: [control.id], summary, why: control.why, breaks, patches };
}
