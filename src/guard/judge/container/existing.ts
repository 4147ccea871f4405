import { itemsOf, recordAt, textAt } from "../../../base/json.ts";
import { isPodman } from "../../../controls/engine/docker-only.ts";
import { isPodmansOwn } from "../../../controls/mac/runtime-annotation.ts";
import type { Container } from "../../../model/container.ts";
import { unset, valueOr } from "../../../model/fact.ts";
import { checkFields } from "../fields.ts";
import { imageLabel, withoutSpace } from "../image/space.ts";
import { calledOf } from "../objects.ts";
import { checkLabels, reservedReasons } from "../policy/labels.ts";
import { checkImageOf, checkNetworksOf } from "../policy/listed.ts";
import { ownerReasons } from "../policy/owner.ts";
import { against, isAllowed } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext, RouteCheck } from "../route-check.ts";
import { checkBoundFolders, type Stance } from "./bound-folders.ts";
import { joinedBy } from "./create-names.ts";
import { isFolderVolume } from "./folders.ts";
import { hostConfigFields, mountsOf } from "./host-config.ts";
import { containerOf, engineOf } from "./known.ts";
import { type Look, lookAt } from "./look.ts";
import { checkMountRules } from "./mounts.ts";
import { checkUser, checkUserGroup } from "./users.ts";

/**
 * Why a container that is there already may not be started, entered, copied from or made an image of: what the policy would
 * have had against making it. Anyone who made it may have done so past the guard.
 */
export function existingReasons(
  id: string,
  context: CheckContext,
  stance: Stance = "chosen",
  visited: ReadonlySet<string> = new Set(),
): readonly Reason[] {
  if (visited.has(id)) return [];
  const answer = context.ask({ kind: "container", name: id });
  const found = containerOf(answer, context);
  // What is missing or unknown is denied where its name is looked up.
  if (answer.state !== "found" || !found) return [];
  const view = withoutPodmanRuntime(found, context);
  const others = usedReasons(answer.document, calledOf(answer.document, id), context);
  if (isAllowed(context.policy, "guard-unsafe-container")) return others;
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
  const unsafe = reasons.flatMap((because) =>
    against(
      context.policy,
      "guard-unsafe-container",
      `${called} is a container that this policy would not have made (${because.rule}: ${because.message})`,
    ).map((reason) => ({ ...reason, because })),
  );
  return [...others, ...unsafe];
}

/** Under an owner: volumes and networks that it has and that are another's. A name may have changed hands while it was made. */
function usedReasons(document: unknown, called: string, context: CheckContext): readonly Reason[] {
  if (!context.policy.owner) return [];
  const volumes = itemsOf(recordAt({ document }, "document").Mounts).flatMap((mount) =>
    // A folder of the guard's is judged by its path.
    textAt(mount, "Type") === "volume" && !isFolderVolume(textAt(mount, "Name"), context.policy)
      ? [["volume", textAt(mount, "Name") ?? ""] as const]
      : [],
  );
  const networks = Object.entries(recordAt(document, "NetworkSettings", "Networks")).map(
    ([name, endpoint]) => ["network", textAt(endpoint, "NetworkID") || name] as const,
  );
  return [...volumes, ...networks].flatMap(([kind, name]): readonly Reason[] => {
    const answer = context.ask({ kind, name });
    if (answer.state !== "found" || isAnonymous(answer.document)) return [];
    if (ownerReasons(kind, name, answer.document, context).length === 0) return [];
    return [
      { rule: "guard-owner", message: `${called} uses the ${kind} ${name}, which is not this client's` },
    ];
  });
}

/** A volume that the Engine made for one container, under a name of its own that nobody can foresee. */
function isAnonymous(document: unknown): boolean {
  const isOurs = "com.docker.volume.anonymous" in recordAt({ document }, "document", "Labels");
  return isOurs && /^[0-9a-f]{64}$/.test(textAt(document, "Name") ?? "");
}

/** What a container runs with, no matter who asks for it: a create request, a service, or a container that is there. */
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
    ...callsAs(hostConfig, context),
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

/** In the network of a container by whose labels the guard knows a client, it would be that client: its address is theirs. */
function callsAs(hostConfig: Json, context: CheckContext): readonly Reason[] {
  const target = joinedBy(hostConfig.NetworkMode);
  if (target === undefined) return [];
  const answer = context.ask({ kind: "container", name: target });
  if (answer.state !== "found") return [];
  const labels = recordAt(
    { at: ownLabels(recordAt(answer.document, "Config", "Labels"), context.policy) },
    "at",
  );
  return reservedReasons(labels, context, "joins the network of a container that has");
}

/** Podman calls each runtime `oci`, which says nothing. A create request that names one was judged by that name. */
function withoutPodmanRuntime(view: Container, context: CheckContext): Container {
  const isOwn = valueOr(view.runtime, "") === "oci" && isPodman(engineOf(context));
  return isOwn ? { ...view, runtime: unset } : view;
}

/** Without what the Engine filled in: its own log driver, with the options that its operator gave it; Podman's annotations. */
function asAsked(asFound: Json, context: CheckContext): Json {
  const engine = engineOf(context);
  const annotations = Object.entries(recordAt({ at: asFound }, "at", "Annotations"));
  const hostConfig =
    isPodman(engine) && annotations.length > 0
      ? { ...asFound, Annotations: Object.fromEntries(annotations.filter(([name]) => !isPodmansOwn(name))) }
      : asFound;
  const driver = textAt(hostConfig, "LogConfig", "Type");
  const isDefault = engine?.logDriver.state === "set" && engine.logDriver.value === driver;
  return isDefault ? { ...hostConfig, LogConfig: undefined } : hostConfig;
}

type Json = Readonly<Record<string, unknown>>;

/** A judge of routes that act on the container in their path and show none of its content. */
export const checkStarted: RouteCheck = (request, context) => ({
  reasons: existingReasons(request.params.container ?? "", context, "started"),
});

/** `PUT /containers/{container}/archive`: each file is judged where one may come to lie on the host. */
export const checkCopy: RouteCheck = (request, context) => {
  const { policy } = context;
  const name = request.params.container ?? "";
  const reasons = existingReasons(name, context);
  const view = containerOf(context.ask({ kind: "container", name }), context);
  if (!view || !hasHostFolder(view) || policy.mode !== "enforce" || isAllowed(policy, "guard-host-file"))
    return { reasons };
  const headers = new Map(request.headers);
  // It is written anew, and not as long as it came.
  headers.delete("content-length");
  return { request: { ...request, headers, archive: "host-files" }, reasons };
};

/** Whether it can write to a folder of the host, as far as is known. */
export function hasHostFolder({ mounts }: Container): boolean {
  return mounts.some((item) => {
    if (item.state !== "set") return true;
    const { hostPath, readOnly, isWritableBelow } = item.value;
    return hostPath !== undefined && (!readOnly || isWritableBelow === true);
  });
}

/** A judge of routes that lead into the container of their path. */
export const checkExisting: RouteCheck = (request, context) => ({
  reasons: existingReasons(request.params.container ?? "", context),
});
