import { assess, plainWeighing } from "../../../audit/assess.ts";
import { isRecord, recordAt } from "../../../base/json.ts";
import { readHostConfig } from "../../../formats/create-request/read.ts";
import { type Container, container } from "../../../model/container.ts";
import { saysZero, updateControls } from "../../../model/facts/table.ts";
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
  const limiting = containerControls.filter(
    ({ id }) => updateControls.has(id) && (policy.controls.deny.has(id) || policy.controls.harden.has(id)),
  );
  const problemsOf = (view: Container) =>
    limiting.flatMap((control) => {
      const found = assess(control, subjectOf(view), controlContext, plainWeighing)?.verdict;
      return found?.verdict === "fail"
        ? found.problems.map(({ message, evidence }) => ({ rule: control.id, message, evidence }))
        : [];
    });
  return {
    reasons: [
      ...existingReasons(request.params.container ?? "", context, "started"),
      ...checkFields(asked, hostConfigFields, context),
      ...added(
        controlReasons(now, controlContext, policy, "final"),
        controlReasons(then, controlContext, policy, "final"),
      ),
      ...added(problemsOf(now), problemsOf(then)).flatMap(({ message }) =>
        against(policy, "guard-update", `takes a limit away: it then ${message}`),
      ),
      ...checkMaxima(then, policy, { before: now, engine: controlContext.engine }),
    ],
  };
}

type Identified = Pick<Reason, "rule" | "evidence">;

/** What is wrong after the update and was not before: another control, or another evidence, whatever the sentence. */
function added<T extends Identified>(before: readonly T[], after: readonly T[]): readonly T[] {
  const keyOf = ({ rule, evidence }: Identified) => JSON.stringify([rule, evidence]);
  const known = new Set(before.map(keyOf));
  return after.filter((each) => !known.has(keyOf(each)));
}

function saidIn(asked: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const said = Object.entries(asked).filter(([name, value]) => {
    if (value === null || value === undefined || value === "" || value === false) return false;
    if (value === 0) return saysZero(name);
    return (
      !(Array.isArray(value) && value.length === 0) && !(isRecord(value) && Object.keys(value).length === 0)
    );
  });
  return Object.fromEntries(said);
}
