import { recordAt, textAt } from "../../../base/json.ts";
import { checkFields } from "../fields.ts";
import { calledOf } from "../objects.ts";
import { checkImageOf, checkNetworksOf } from "../policy/listed.ts";
import { against, isAllowed } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext, RouteCheck } from "../route-check.ts";
import { checkBoundFolders, type Stance } from "./bound-folders.ts";
import { hostConfigFields, mountsOf } from "./host-config.ts";
import { containerOf, engineOf } from "./known.ts";
import { lookAt } from "./look.ts";
import { checkMountRules } from "./mounts.ts";
import { checkSecurityOptions } from "./security-options.ts";
import { checkCopyInto, checkNamedUser, checkUser } from "./users.ts";

/**
 * Why a container that is there already may not be started, entered, copied from or made an image of: what the policy would
 * have had against making it. Whoever made it may have done so past the guard.
 */
export function existingReasons(
  id: string,
  context: CheckContext,
  stance: Stance = "chosen",
  visited: ReadonlySet<string> = new Set(),
): readonly Reason[] {
  if (visited.has(id) || isAllowed(context.policy, "guard-unsafe-container")) return [];
  const answer = context.ask({ kind: "container", name: id });
  const view = containerOf(answer, context);
  // What is missing or unknown is denied where its name is looked up.
  if (answer.state !== "found" || !view) return [];
  const hostConfig = recordAt(answer.document, "HostConfig");
  const seen = lookAt(view, context, "final");
  const reasons = [
    ...seen.reasons,
    ...checkBoundFolders(view, seen.reasons, context, stance),
    ...checkFields(asAsked(hostConfig, context), hostConfigFields, context),
    ...checkSecurityOptions(hostConfig.SecurityOpt, context),
    ...checkMountRules(view, mountsOf(hostConfig), context),
    ...checkUser(view, context),
    ...checkNamedUser(view, context),
    ...checkNetworksOf(answer.document, context),
    ...checkImageOf(answer.document, context),
    ...entered(hostConfig, context, stance, new Set([...visited, id])),
  ];
  const called = calledOf(answer.document, id);
  return reasons.flatMap((because) =>
    against(
      context.policy,
      "guard-unsafe-container",
      `${called} is a container that this policy would not have made (${because.rule}: ${because.message})`,
    ).map((reason) => ({ ...reason, because })),
  );
}

/**
 * Why a container may not join the processes of the one that it names: through /proc/PID/root it has that one's files, what is
 * bound into it included.
 */
export function entered(
  hostConfig: Json,
  context: CheckContext,
  stance: Stance = "chosen",
  visited?: ReadonlySet<string>,
): readonly Reason[] {
  const target = /^container:(.+)$/s.exec(textAt(hostConfig, "PidMode") ?? "")?.[1];
  if (target === undefined) return [];
  const answer = context.ask({ kind: "container", name: target });
  return existingReasons(answer.state === "found" ? answer.id : target, context, stance, visited);
}

/** Without what the Engine filled in: its own log driver, with the options that its operator gave it. */
function asAsked(hostConfig: Json, context: CheckContext): Json {
  const engine = engineOf(context);
  const driver = textAt(hostConfig, "LogConfig", "Type");
  const isDefault = engine?.logDriver.state === "set" && engine.logDriver.value === driver;
  return isDefault ? { ...hostConfig, LogConfig: undefined } : hostConfig;
}

type Json = Readonly<Record<string, unknown>>;

/** A judge of routes that act on the container in their path and show none of its content. */
export const checkStarted: RouteCheck = (request, context) => ({
  reasons: existingReasons(request.params.container ?? "", context, "started"),
});

/** `PUT /containers/{container}/archive`. */
export const checkArchivePut: RouteCheck = (request, context) => {
  const id = request.params.container ?? "";
  const view = containerOf(context.ask({ kind: "container", name: id }), context);
  return {
    reasons: [...existingReasons(id, context), ...(view ? checkCopyInto(view, context) : [])],
  };
};

/** A judge of routes that lead into the container of their path. */
export const checkExisting: RouteCheck = (request, context) => ({
  reasons: existingReasons(request.params.container ?? "", context),
});
