import { parseImageReference } from "../../model/image-reference.ts";
import { checkReference } from "./image/use.ts";
import { withOwnerLabel } from "./policy/owner.ts";
import { against, type GuardRuleId, isAllowed } from "./policy/rules.ts";
import type { Reason } from "./result.ts";
import type { CheckContext } from "./route-check.ts";
import type { SolveFacts } from "./solve-facts.ts";
import { cacheReasons, exportReasons } from "./solve-outputs.ts";

/** The frontends that Docker makes itself: https://docs.docker.com/build/buildkit/frontend/ */
const dockersOwn: ReadonlySet<string> = new Set(["docker/dockerfile", "docker/dockerfile-upstream"]);

/** Whether an image, named behind `# syntax=`, is Docker's own frontend. */
export function isOwnFrontend(reference: string): boolean {
  const { registry, repository } = parseImageReference(reference);
  return registry === "docker.io" && dockersOwn.has(repository);
}

/** Attributes that say only what is built, and from which stage. */
const harmless: ReadonlySet<string> = new Set([
  "target",
  "platform",
  "filename",
  "no-cache",
  "image-resolve-mode",
  "multi-platform",
  "shm-size",
  "ulimit",
  "hostname",
  "requestid",
  "frontend.caps",
  "build-arg:BUILDKIT_SANDBOX_HOSTNAME",
  "memory",
  "memswap",
  "cpushares",
  "cpuperiod",
  "cpuquota",
  "cpusetcpus",
  "cpusetmems",
]);

/** Arguments that RUN steps get without being told apart by them: a step's result is kept for others all the same. */
export function isProxyArgument(name: string): boolean {
  return /^(https?|ftp|no|all)_proxy$/i.test(name);
}

/** Why not to build it, and the attributes with what an owner's builds must have. */
export function checkSolve(
  facts: SolveFacts,
  context: CheckContext,
): { readonly facts: SolveFacts; readonly reasons: readonly Reason[] } {
  const { policy } = context;
  const reasons: Reason[] = [];
  const say = (rule: GuardRuleId, message: string) => reasons.push(...against(policy, rule, message));
  if (facts.hasDefinition)
    say(
      "guard-build-definition",
      "hands over steps ready-made, which no Dockerfile says and the guard does not read",
    );
  if (facts.hasSourcePolicy)
    say(
      "guard-build-definition",
      "hands over a source policy, which may put one source in the place of another",
    );
  for (const entitlement of facts.entitlements) {
    if (entitlement === "network.host")
      say("guard-build-network", "builds on the network host: its RUN steps reach what trusts that place");
    else
      say(
        "guard-build-privilege",
        `asks for ${entitlement}: its RUN steps may do more than a container's processes`,
      );
  }
  reasons.push(
    ...frontendReasons(facts, context),
    ...exportReasons(facts, context),
    ...cacheReasons(facts, context),
  );
  for (const [name, value] of Object.entries(facts.attributes))
    reasons.push(...attributeReasons(name, value, facts, context));
  const labels = labelsOf(facts.attributes);
  const labelled = withOwnerLabel(labels, context);
  reasons.push(...labelled.reasons);
  const own = Object.entries(labelled.labels ?? {}).map(
    ([name, value]) => [`label:${name}`, String(value)] as const,
  );
  const attributes = { ...facts.attributes, ...Object.fromEntries(own), ...apart(context) };
  return { facts: { ...facts, attributes }, reasons };
}

/**
 * An owner's build takes no step from the cache, where another's may lie, and has folders of cache mounts of its own. The key
 * of a step leaves out what a proxy, the addresses of extra hosts and the content of a secret make of it.
 *
 * @see https://github.com/moby/buildkit/blob/v0.13.2/solver/llbsolver/ops/exec.go
 */
function apart({ policy }: CheckContext): Readonly<Record<string, string>> {
  if (!policy.owner || isAllowed(policy, "guard-build-cache")) return {};
  return {
    "no-cache": "",
    "build-arg:BUILDKIT_CACHE_MOUNT_NS": `${policy.owner.label}=${policy.owner.value}`,
  };
}

function labelsOf(attributes: SolveFacts["attributes"]): Readonly<Record<string, string>> {
  const own = Object.entries(attributes).filter(([name]) => name.startsWith("label:"));
  return Object.fromEntries(own.map(([name, value]) => [name.slice("label:".length), value]));
}

function frontendReasons({ frontend, attributes }: SolveFacts, context: CheckContext): readonly Reason[] {
  const named = frontend === "gateway.v0" ? (attributes.source ?? "") : frontend;
  const syntax = attributes["build-arg:BUILDKIT_SYNTAX"]?.trim().split(" ")[0];
  const isKnown =
    named === "" || named === "dockerfile.v0" || (frontend === "gateway.v0" && isOwnFrontend(named));
  return [
    ...(isKnown ? [] : foreignFrontend(named, context)),
    ...(frontend === "gateway.v0" ? checkReference(named, context) : []),
    ...(syntax === undefined ? [] : checkFrontend(syntax, context)),
  ];
}

/** An image that reads the Dockerfile in BuildKit's place. */
export function checkFrontend(reference: string, context: Pick<CheckContext, "policy">): readonly Reason[] {
  return [
    ...(isOwnFrontend(reference) ? [] : foreignFrontend(reference, context)),
    ...checkReference(reference, context),
  ];
}

function foreignFrontend(name: string, { policy }: Pick<CheckContext, "policy">): readonly Reason[] {
  return against(
    policy,
    "guard-build-frontend",
    `has its Dockerfile read by ${name}, a frontend that is not Docker's: it makes steps that no Dockerfile says`,
  );
}

function attributeReasons(
  name: string,
  value: string,
  facts: SolveFacts,
  context: CheckContext,
): readonly Reason[] {
  const { policy } = context;
  if (harmless.has(name) || name.startsWith("label:") || name.startsWith("vcs:")) return [];
  if (name === "source") return [];
  if (name === "force-network-mode") return networkReasons(value, context);
  if (name === "add-hosts") return hostsReasons(value, context);
  if (name === "cgroup-parent")
    return value === ""
      ? []
      : against(
          policy,
          "guard-build-privilege",
          "sets cgroup-parent: its RUN steps are confined by something else than the Engine's default",
        );
  if (name === "context") return contextReasons(value, facts, context);
  if (name === "dockerfilekey" && value === "dockerfile") return [];
  if (name.startsWith("context:")) return namedContextReasons(value, context);
  if (name.startsWith("attest:"))
    return name === "attest:provenance" ? [] : foreignFrontend("an SBOM generator", context);
  if (name === "cache-imports" || name === "cache-from") return [];
  if (name.startsWith("build-arg:")) return argumentReasons(name, context);
  return against(policy, "guard-buildkit", `sets the attribute ${name}, which the guard does not know`);
}

function networkReasons(mode: string, { policy }: CheckContext): readonly Reason[] {
  if (mode === "" || mode === "none" || mode === "sandbox") return [];
  return against(
    policy,
    "guard-build-network",
    `builds on the network ${mode}: its RUN steps reach what trusts that place`,
  );
}

function hostsReasons(value: string, context: CheckContext): readonly Reason[] {
  return value === "" ? [] : sharedCache("gives names to addresses (add-hosts)", context);
}

/** What a step's key in the cache leaves out, and so would be found by others. */
export function sharedCache(what: string, { policy }: CheckContext): readonly Reason[] {
  if (!policy.owner) return [];
  return against(
    policy,
    "guard-build-cache",
    `${what}, which the key of a cached step leaves out: others would be given what it makes of their steps`,
  );
}

function argumentReasons(name: string, context: CheckContext): readonly Reason[] {
  const argument = name.slice("build-arg:".length);
  if (isProxyArgument(argument)) return sharedCache(`sets ${argument}`, context);
  if (name === "build-arg:BUILDKIT_CACHE_MOUNT_NS" && context.policy.owner)
    return sharedCache("chooses the name space of its cache mounts", context);
  return [];
}

function contextReasons(value: string, { attributes }: SolveFacts, context: CheckContext): readonly Reason[] {
  if (!value.startsWith(`${sessionAddress}/`)) return outgoing(context);
  return uploadIn(attributes)
    ? []
    : against(
        context.policy,
        "guard-build-archive",
        "builds from an archive whose Dockerfile has a path that can be read in two ways",
      );
}

/** Where BuildKit asks the client's session for a file: https://github.com/moby/buildkit/blob/v0.13.2/source/http/transport.go */
export const sessionAddress = "http://buildkit-session";

/** The archive that a client sends as its context (`docker build -`), and the Dockerfiles in it that BuildKit looks for. */
export function uploadIn({
  context = "",
  filename = "Dockerfile",
  dockerfilekey,
}: SolveFacts["attributes"]): { readonly path: string; readonly wanted: readonly string[] } | undefined {
  if (!context.startsWith(`${sessionAddress}/`)) return undefined;
  const path = context.slice(sessionAddress.length);
  if (!/^\/[\w.-]{1,128}$/.test(path)) return undefined;
  if (dockerfilekey !== undefined) return { path, wanted: [] };
  const name = filename.replace(/^(?:\.?\/)+/, "");
  const parts = name.split("/");
  if (!/^[\x21-\x7e]+$/.test(name) || parts.some((part) => /^\.{0,2}$/.test(part))) return undefined;
  if (parts.at(-1) !== "Dockerfile") return { path, wanted: [name] };
  return { path, wanted: [name, [...parts.slice(0, -1), "dockerfile"].join("/")] };
}

function outgoing({ policy }: CheckContext): readonly Reason[] {
  return against(
    policy,
    "guard-outgoing",
    "makes the Engine fetch its context from an address of the client's choice",
  );
}

function namedContextReasons(value: string, context: CheckContext): readonly Reason[] {
  const image = /^docker-image:(?:\/\/)?(.+)$/.exec(value)?.[1];
  if (image !== undefined) return checkReference(image, context);
  const local = /^local:(.*)$/.exec(value)?.[1];
  if (local !== undefined && local !== "dockerfile") return [];
  if (/^(https?|git|ssh):|^git@/.test(value)) return outgoing(context);
  return against(context.policy, "guard-buildkit", "names a context that the guard does not know");
}
