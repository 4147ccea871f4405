import { assess, plainWeighing } from "../../../audit/assess.ts";
import type { Context, Control } from "../../../controls/control.ts";
import type { Container } from "../../../model/container.ts";
import { setItems } from "../../../model/fact.ts";
import { compareSeverity, isAtLeast, type Severity } from "../../../model/severity.ts";
import type { ContainerSubject } from "../../../model/subject.ts";
import type { Problem } from "../../../model/verdict.ts";
import type { Policy } from "../../policy/policy.ts";
import type { Allowance, Reason } from "../result.ts";
import { isStrict } from "./rules.ts";
import { containerControls } from "./treatment.ts";

interface Chosen {
  readonly deny: readonly Control[];
  readonly harden: readonly Control[];
  /** What must not fail in the end: those that deny, and the grave ones that were to be mended. */
  readonly final: readonly Control[];
}

/** `first`: before hardening. `final`: the container after hardening, or an existing one. */
export type Stage = "first" | "final";

const chosen = new WeakMap<Policy, Chosen>();

/** The controls of the policy, by what they do; one that denies does not harden, but for its milder cases. */
export function chosenControls(policy: Policy): Chosen {
  const known = chosen.get(policy);
  if (known) return known;
  const { deny, harden } = policy.controls;
  const isGrave = ({ severity }: Control) => isAtLeast(severity, "high");
  const isDenying = ({ id }: Control) => deny.has(id) && !isStrict(id);
  const made: Chosen = {
    deny: containerControls.filter(isDenying),
    harden: containerControls.filter(({ id, remedy }) => harden.has(id) && remedy.container !== undefined),
    final: containerControls.filter(
      (control) => isDenying(control) || (harden.has(control.id) && isGrave(control)),
    ),
  };
  chosen.set(policy, made);
  return made;
}

/**
 * Why the controls that deny do not let the container be. A verdict that could not be reached denies. The milder cases of a
 * severe control (severity low and info: authorities of the host mounted read-only, a shareable IPC namespace) do not.
 */
export function controlReasons(
  view: Container,
  context: Context,
  policy: Policy,
  stage: Stage,
): readonly Reason[] {
  const subject = subjectOf(view);
  const { deny, final } = chosenControls(policy);
  return (stage === "first" ? deny : final).flatMap((control): readonly Reason[] => {
    const assessment = assess(control, subject, context, plainWeighing);
    if (assessment?.verdict.verdict === "unknown") {
      const message = `cannot be judged: ${assessment.verdict.reason}`;
      return [{ rule: control.id, message, allow: word(control), isUnjudged: true }];
    }
    return (assessment?.problems ?? [])
      .filter(({ severity }) => isAtLeast(severity, threshold(control)))
      .map((problem) => ({
        rule: control.id,
        message: problem.message,
        evidence: problem.evidence,
        allow: allowanceOf(control, problem, view),
        ...(problem.about === "mounts" && { target: problem.evidence }),
      }));
  });
}

/** Medium, or the control's own severity where somebody lets a milder one deny. */
function threshold({ severity }: Control): Severity {
  return compareSeverity(severity, "medium") < 0 ? severity : "medium";
}

export function subjectOf(view: Container): ContainerSubject {
  return {
    kind: "container",
    id: "container",
    name: "the container",
    stableId: "container",
    source: "engine-api",
    location: undefined,
    views: [view],
  };
}

function word({ id }: Control): Allowance {
  return { list: "controls", value: id };
}

/** The narrowest word of the policy that lets the problem pass. */
function allowanceOf(control: Control, { evidence, about }: Problem, view: Container): Allowance {
  if (about === "capAdd") return { list: "capabilities", value: evidence };
  if (about === "devices") return { list: "devices", value: evidence };
  if (about === "networkMode") return { list: "networks", value: "host" };
  if (control.id === "runtime-handler") return { list: "runtimes", value: evidence };
  const mount = setItems(view.mounts).find(({ value }) => value.target === evidence)?.value;
  if (about !== "mounts" || mount?.hostPath === undefined) return word(control);
  return { list: "mounts", value: mount.hostPath, readOnly: mount.readOnly, dangerous: true };
}
