import { assess, plainWeighing } from "../../../audit/assess.ts";
import { isRecord, recordAt } from "../../../base/json.ts";
import { readHostConfig } from "../../../formats/create-request/read.ts";
import { container } from "../../../model/container.ts";
import type { UnderstoodRequest } from "../../request/request.ts";
import { checkFields } from "../fields.ts";
import { documentOf } from "../objects.ts";
import { controlReasons, subjectOf } from "../policy/control-reasons.ts";
import { withoutAllowed } from "../policy/exempt.ts";
import { against } from "../policy/rules.ts";
import { containerControls } from "../policy/treatment.ts";
import type { Reason } from "../result.ts";
import type { CheckContext, CheckResult } from "../route-check.ts";
import { existingReasons } from "./existing.ts";
import { hostConfigFields } from "./host-config.ts";
import { contextOf } from "./known.ts";
import { checkMaxima } from "./maxima.ts";

/** Controls of what `docker update` can take back. */
const limits: ReadonlySet<string> = new Set([
  "pids-limit",
  "memory-limit",
  "memory-swap-limit",
  "cpu-limit",
  "io-limit",
]);

/**
 * `POST /containers/{container}/update`: judged by what the container would be afterwards. What the update leaves at zero
 * stays as it is (moby: container.UpdateContainer), but for PidsLimit, where 0 takes the limit away.
 */
export function checkUpdate(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const { policy } = context;
  const asked = recordAt({ body: request.body }, "body");
  const before = recordAt(documentOf("container", request, context), "HostConfig");
  const after = { ...before, ...saidIn(asked) };
  const controlContext = contextOf(context);
  const now = withoutAllowed(container("configured", readHostConfig(before)), policy);
  const then = withoutAllowed(container("configured", readHostConfig(after)), policy);
  const verdict = (view: typeof now, control: (typeof containerControls)[number]) =>
    assess(control, subjectOf(view), controlContext, plainWeighing)?.verdict;
  const chosen = containerControls.filter(
    ({ id }) => limits.has(id) && (policy.controls.deny.has(id) || policy.controls.harden.has(id)),
  );
  const loosened = chosen.flatMap((control): readonly Reason[] => {
    const made = verdict(then, control);
    if (made?.verdict !== "fail" || verdict(now, control)?.verdict === "fail") return [];
    return against(policy, "guard-update", `takes a limit away: it then ${made.problems[0].message}`);
  });
  const already = new Set(checkMaxima(now, policy).map(({ message }) => message));
  const raised = checkMaxima(then, policy).filter(({ message }) => !already.has(message));
  const worse = new Set(controlReasons(now, controlContext, policy, "final").map(({ message }) => message));
  return {
    reasons: [
      ...existingReasons(request.params.container ?? "", context, "started"),
      ...checkFields(asked, updateFields, context),
      ...controlReasons(then, controlContext, policy, "final").filter(({ message }) => !worse.has(message)),
      ...loosened,
      ...raised,
    ],
  };
}

/** Every field of it is one of a HostConfig. */
const updateFields = hostConfigFields;

function saidIn(asked: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const said = Object.entries(asked).filter(([name, value]) => {
    if (value === null || value === undefined || value === "" || value === false) return false;
    if (value === 0) return name === "PidsLimit";
    return (
      !(Array.isArray(value) && value.length === 0) && !(isRecord(value) && Object.keys(value).length === 0)
    );
  });
  return Object.fromEntries(said);
}
