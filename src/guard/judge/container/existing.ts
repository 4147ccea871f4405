import { itemsOf, recordAt, textAt } from "../../../base/json.ts";
import type { Container } from "../../../model/container.ts";
import { checkFields } from "../fields.ts";
import { imageLabel, withoutSpace } from "../image/space.ts";
import { calledOf } from "../objects.ts";
import { checkLabels } from "../policy/labels.ts";
import { checkImageOf, checkNetworksOf } from "../policy/listed.ts";
import { against, isAllowed } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext, RouteCheck } from "../route-check.ts";
import { checkBoundFolders, type Stance } from "./bound-folders.ts";
import { checkUserGroup } from "./groups.ts";
import { hostConfigFields, mountsOf } from "./host-config.ts";
import { containerOf, engineOf } from "./known.ts";
import { type Look, lookAt } from "./look.ts";
import { checkMountRules } from "./mounts.ts";
import { checkUser } from "./users.ts";

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
  const run: Run = {
    view,
    hostConfig: asAsked(hostConfig, context),
    labels: ownLabels(recordAt(answer.document, "Config", "Labels"), context.policy),
    user: givenUser(answer.document, context),
  };
  const reasons = [
    ...judgeRun(run, lookAt(view, context, "final"), context, "has", stance, new Set([...visited, id])),
    ...checkNetworksOf(answer.document, context),
    ...checkImageOf(answer.document, context),
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

/** What a container runs with, whoever asks for it: a create request, a service, or a container that is there. */
export interface Run {
  readonly view: Container;
  /** As it was asked for. */
  readonly hostConfig: Json;
  /** Those that somebody set. */
  readonly labels: unknown;
  /** Undefined where the image decides. */
  readonly user: unknown;
}

/** Why it may not run: the one judge of every container, at its making and at each start. `seen` is what the controls say. */
export function judgeRun(
  { view, hostConfig, labels, user }: Run,
  seen: Look,
  context: CheckContext,
  how: string,
  stance: Stance = "chosen",
  visited?: ReadonlySet<string>,
): readonly Reason[] {
  return [
    ...seen.reasons,
    ...checkBoundFolders(view, seen.reasons, context, stance),
    ...checkLabels(labels, context, how),
    ...itemsOf(hostConfig.Mounts).flatMap((mount) =>
      checkLabels(recordAt({ mount }, "mount", "VolumeOptions").Labels, context, "makes a volume with"),
    ),
    ...checkFields(hostConfig, hostConfigFields, context),
    ...checkMountRules(view, mountsOf(hostConfig), context),
    ...checkUser(view, context),
    ...checkUserGroup(user, view, context),
    ...entered(hostConfig, context, stance, visited),
  ];
}

/** Without those that the guard sets, and as the client set them. */
function ownLabels(labels: Json, { reservedLabels = [], space }: CheckContext["policy"]): unknown {
  const isGuards = (name: string) =>
    name === imageLabel || reservedLabels.some((each) => name === each || name === `${each}.image`);
  const own = Object.fromEntries(Object.entries(labels).filter(([name]) => !isGuards(name)));
  return space === undefined ? own : withoutSpace(own, space);
}

/** Its user, unless that is the image's own. */
function givenUser(document: unknown, context: CheckContext): string | undefined {
  const user = textAt(document, "Config", "User") ?? "";
  if (!user.includes(":")) return undefined;
  const image = context.ask({ kind: "image", name: textAt(document, "Image") ?? "" });
  const own = image.state === "found" ? textAt(image.document, "Config", "User") : undefined;
  return user === own ? undefined : user;
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

/** A judge of routes that lead into the container of their path. */
export const checkExisting: RouteCheck = (request, context) => ({
  reasons: existingReasons(request.params.container ?? "", context),
});
