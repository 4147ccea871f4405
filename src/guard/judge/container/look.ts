import type { Container } from "../../../model/container.ts";
import { controlReasons, type Stage } from "../policy/control-reasons.ts";
import { withoutAllowed } from "../policy/exempt.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { contextOf, type HostSight, lookAtHost, withVolumes } from "./known.ts";

export interface Look {
  readonly view: Container;
  readonly reasons: readonly Reason[];
  readonly notes: readonly Reason[];
}

/** What the controls that deny say of a container, with its mounts as written and as the host resolves them. */
export function lookAt(given: Container, context: CheckContext, stage: Stage): Look {
  const view = withVolumes(given, context);
  const { resolved, unseen } = lookAtHost(view, context);
  const controlContext = contextOf(context);
  const views = resolved ? [view, resolved] : [view];
  const found = views.flatMap((each) =>
    controlReasons(withoutAllowed(each, context.policy), controlContext, context.policy, stage),
  );
  const { notes, reasons } = unseen ? notSeen(unseen, context) : { notes: [], reasons: [] };
  return { view, reasons: [...found, ...reasons, ...engineReasons(context)], notes };
}

/** A path that hides where it leads on the host is not let through: a plain link would lead past every list. */
function notSeen(
  { path, reason, isBlind }: NonNullable<HostSight["unseen"]>,
  { policy }: CheckContext,
): Pick<Look, "reasons" | "notes"> {
  const rule = "guard-unknown";
  if (isBlind) {
    const message = `mounts ${path}, and the links on it cannot be followed: ${reason}`;
    return { notes: [], reasons: against(policy, "guard-blind", message) };
  }
  const message = `mounts ${path}, and where that leads on the host could not be followed: ${reason}`;
  return { notes: [], reasons: [{ rule, message }] };
}

/** Users that are remapped, modules that run, drivers: what a control takes for the Engine's default is not known then. */
function engineReasons({ ask }: CheckContext): readonly Reason[] {
  const answer = ask({ kind: "engine" });
  if (answer.state === "found") return [];
  const why = answer.state === "unknown" ? answer.reason : "it says nothing of itself";
  return [{ rule: "guard-unknown", message: `cannot be judged without the Engine's own settings: ${why}` }];
}
