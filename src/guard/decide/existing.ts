import { recordAt, textAt } from "../../engine/records.ts";
import type { Reason } from "./decision.ts";
import { judgeFields } from "./fields.ts";
import { hostConfigFields, mountsOf } from "./host-config.ts";
import type { Around, Judge } from "./judge.ts";
import { containerOf, engineOf } from "./known.ts";
import { judgeImageOf, judgeNetworksOf } from "./listed.ts";
import { lookAt } from "./look.ts";
import { judgeMountRules } from "./mounts.ts";
import { calledOf } from "./objects.ts";
import { against, isAllowed } from "./rules.ts";
import { judgeSecurityOptions } from "./security-options.ts";
import { judgeUser } from "./users.ts";

/**
 * Why a container that is there already may not be started, entered, copied from or made an image of: what the policy would
 * have had against making it. Whoever made it may have done so past the guard.
 */
export function existingReasons(
  id: string,
  around: Around,
  visited: ReadonlySet<string> = new Set(),
): readonly Reason[] {
  if (visited.has(id) || isAllowed(around.policy, "guard-unsafe-container")) return [];
  const answer = around.ask({ kind: "container", name: id });
  const view = containerOf(answer, around);
  // What is missing or unknown is denied where its name is looked up.
  if (answer.state !== "found" || !view) return [];
  const hostConfig = recordAt(answer.document, "HostConfig");
  const seen = lookAt(view, around, "final");
  const reasons = [
    ...seen.reasons,
    ...judgeFields(asAsked(hostConfig, around), hostConfigFields, around),
    ...judgeSecurityOptions(hostConfig.SecurityOpt, around),
    ...judgeMountRules(view, mountsOf(hostConfig), around),
    ...judgeUser(view, around),
    ...judgeNetworksOf(answer.document, around),
    ...judgeImageOf(answer.document, around),
    ...entered(hostConfig, around, new Set([...visited, id])),
  ];
  const called = calledOf(answer.document, id);
  return reasons.flatMap((because) =>
    against(
      around.policy,
      "guard-unsafe-container",
      `${called} is a container that this policy would not have made (${because.rule}: ${because.message})`,
    ).map((reason) => ({ ...reason, because })),
  );
}

/**
 * Why a container may not join the processes of the one that it names: through /proc/PID/root it has that one's files, what is
 * bound into it included.
 */
export function entered(hostConfig: Json, around: Around, visited?: ReadonlySet<string>): readonly Reason[] {
  const target = /^container:(.+)$/s.exec(textAt(hostConfig, "PidMode") ?? "")?.[1];
  if (target === undefined) return [];
  const answer = around.ask({ kind: "container", name: target });
  return existingReasons(answer.state === "found" ? answer.id : target, around, visited);
}

/** Without what the Engine filled in: its own log driver, with the options that its operator gave it. */
function asAsked(hostConfig: Json, around: Around): Json {
  const engine = engineOf(around);
  const driver = textAt(hostConfig, "LogConfig", "Type");
  const isDefault = engine?.logDriver.state === "set" && engine.logDriver.value === driver;
  return isDefault ? { ...hostConfig, LogConfig: undefined } : hostConfig;
}

type Json = Readonly<Record<string, unknown>>;

/** A judge of routes that lead into the container of their path. */
export const judgeExisting: Judge = (request, around) => ({
  reasons: existingReasons(request.params.container ?? "", around),
});
