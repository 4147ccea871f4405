import { createHash } from "node:crypto";
import { itemsOf, recordAt, textsOf } from "../../base/json.ts";
import { parseImageReference } from "../../model/container/image-reference.ts";
import { checkReference } from "./image/use.ts";
import { cacheSpace, withImageLabels } from "./policy/owner.ts";
import { fullReference } from "./policy/patterns.ts";
import { against, type GuardRuleId, isAllowed } from "./policy/rules.ts";
import type { Reason } from "./result.ts";
import type { CheckContext } from "./route-check.ts";
import type { SolveFacts } from "./solve-facts.ts";
import { cacheReasons, exportReasons, withNames } from "./solve-outputs.ts";

/** Docker's own frontends by name: the Engine has one built in, which reads the Dockerfile in their place. */
const dockersOwn: ReadonlySet<string> = new Set(["docker/dockerfile", "docker/dockerfile-upstream"]);

const builtIn = "dockerfile.v0";

/** Whether frontends that are images run at all: those that the operator names by digest, and for no client with an owner. */
function takesImages({ policy }: Pick<CheckContext, "policy">): boolean {
  return policy.mode !== "enforce" || isAllowed(policy, "guard-build-frontend") || listed(policy).length > 0;
}

/** An owner's builds keep apart by attributes that an image of a frontend may leave aside. */
function listed({ allow, owner }: CheckContext["policy"]): readonly string[] {
  return owner ? [] : allow.frontends.map(fullReference);
}

/** Attributes that say only what is built, and from which stage. */
const harmless: ReadonlySet<string> = new Set([
  "target",
  "platform",
  "no-cache",
  "image-resolve-mode",
  "multi-platform",
  "add-hosts",
  "shm-size",
  "ulimit",
  "requestid",
  "frontend.caps",
  "memory",
  "memswap",
  "cpushares",
  "cpuperiod",
  "cpuquota",
  "cpusetcpus",
  "cpusetmems",
]);

/** Characters of an attribute: its name, a path or a reference, and any other value, which a program may get. */
const longest = { name: 4_096, path: 4_096, value: 131_072 };

function longestOf(name: string): number {
  return /^(?:build-arg|label):/.test(name) ? longest.value : longest.path;
}

/** Why not to build it, and the attributes with what an owner's builds must have. */
export function checkSolve(
  facts: SolveFacts,
  context: CheckContext,
): { readonly facts: SolveFacts; readonly reasons: readonly Reason[] } {
  const { policy } = context;
  const long = Object.entries(facts.attributes).find(
    ([name, value]) => name.length > longest.name || value.length > longestOf(name),
  );
  if (long) {
    const message = `sends the attribute ${long[0].slice(0, 40)}, which is longer than the guard reads`;
    return { facts, reasons: [{ rule: "guard-body", message }] };
  }
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
  const labelled = withImageLabels(labels, context);
  reasons.push(...labelled.reasons);
  const own = Object.entries(labelled.labels ?? {}).map(
    ([name, value]) => [`label:${name}`, String(value)] as const,
  );
  const { frontend, attributes: given } = builtInFrontend(facts, context);
  const attributes = { ...given, ...Object.fromEntries(own), ...apart(context) };
  const named = withNames(facts.exporters, context);
  reasons.push(...named.reasons);
  return {
    facts: { ...facts, frontend, attributes, exporters: named.exporters, ownImages: ownImages(context) },
    reasons,
  };
}

/**
 * An owner's builds find no step of another's in the cache, and have folders of cache mounts of their own: the host name is a part
 * of the key of each RUN step, and what other steps make depends on their content alone.
 *
 * @see https://github.com/moby/buildkit/blob/v0.13.2/solver/llbsolver/ops/exec.go
 */
function apart({ policy }: CheckContext): Readonly<Record<string, string>> {
  if (!policy.owner || isAllowed(policy, "guard-build-cache")) return {};
  const space = cacheSpace(policy.owner);
  const hostname = `${ownHost}${createHash("sha256").update(space).digest("hex").slice(0, 16)}`;
  return {
    hostname,
    "build-arg:BUILDKIT_SANDBOX_HOSTNAME": hostname,
    "build-arg:BUILDKIT_CACHE_MOUNT_NS": space,
  };
}

const ownHost = "bulkhead-";

function labelsOf(attributes: SolveFacts["attributes"]): Readonly<Record<string, string>> {
  const own = Object.entries(attributes).filter(([name]) => name.startsWith("label:"));
  return Object.fromEntries(own.map(([name, value]) => [name.slice("label:".length), value]));
}

/** The names in the space of the client, which its Dockerfiles call by the client's own names. */
function ownImages({ ask, policy: { space } }: CheckContext): readonly string[] {
  if (space === undefined) return [];
  const answer = ask({ kind: "images" });
  const tags = itemsOf(answer.state === "found" ? answer.document : []).flatMap((image) =>
    textsOf(recordAt({ image }, "image").RepoTags),
  );
  return tags.filter((tag) => tag.startsWith(space));
}

/**
 * With a command line the built-in frontend takes itself for one that a syntax line chose, and starts no image: what the
 * Dockerfile says of that counts for nothing.
 *
 * @see https://github.com/moby/buildkit/blob/v0.13.2/frontend/dockerfile/builder/build.go
 */
function builtInFrontend(
  { frontend, attributes }: SolveFacts,
  context: CheckContext,
): Pick<SolveFacts, "frontend" | "attributes"> {
  const { source, ...others } = attributes;
  if (frontend === "" || takesImages(context)) return { frontend, attributes };
  return { frontend: builtIn, attributes: { ...others, cmdline: builtIn } };
}

function frontendReasons({ frontend, attributes }: SolveFacts, context: CheckContext): readonly Reason[] {
  const syntax = attributes["build-arg:BUILDKIT_SYNTAX"]?.trim().split(" ")[0];
  return [
    ...(frontend === "" || frontend === builtIn
      ? []
      : checkFrontend(frontend === "gateway.v0" ? (attributes.source ?? "") : frontend, context)),
    ...(syntax === undefined ? [] : checkFrontend(syntax, context)),
  ];
}

/** An image that is to read the Dockerfile in BuildKit's place: by digest on the list, or Docker's own, which is built in. */
export function checkFrontend(reference: string, context: Pick<CheckContext, "policy">): readonly Reason[] {
  const { registry, repository } = parseImageReference(reference);
  if (listed(context.policy).includes(fullReference(reference))) return [];
  const isBuiltIn = registry === "docker.io" && dockersOwn.has(repository);
  return isBuiltIn && listed(context.policy).length === 0 ? [] : foreignFrontend(reference, context);
}

function foreignFrontend(name: string, { policy }: Pick<CheckContext, "policy">): readonly Reason[] {
  return against(
    policy,
    "guard-build-frontend",
    `has its Dockerfile read by the frontend ${name}, which allow.frontends does not name by digest: it could run any step`,
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
  if (name === "hostname") return hostReasons(value, context);
  if (name === "filename") return filenameReasons(value, context);
  if (name === "source") return [];
  // buildx says it with a frontend of its choice, which is judged as such.
  if (name === "cmdline" && facts.frontend === "gateway.v0") return [];
  if (name === "force-network-mode") return networkReasons(value, context);
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
  if (name.startsWith("build-arg:")) return argumentReasons(name, value, context);
  return against(policy, "guard-buildkit", `sets the attribute ${name}, which the guard does not know`);
}

/** A path that has one reading, and not that of a file which goes on unread beside a Dockerfile. */
function filenameReasons(value: string, context: CheckContext): readonly Reason[] {
  const path = value.replace(/^(?:\.?\/)+/, "");
  const isPlain = path.split("/").every((part) => !/^\.{0,2}$/.test(part) && !/\p{Cc}/u.test(part));
  if ((value === "" || isPlain) && !isIgnoreFile(value)) return [];
  return against(
    context.policy,
    "guard-build-archive",
    `names the Dockerfile ${JSON.stringify(value)}, which the guard does not read by that name`,
  );
}

/** What lies beside a Dockerfile and says which files of the context are left out. */
export function isIgnoreFile(path: string): boolean {
  return /\.dockerignore/i.test(path);
}

function networkReasons(mode: string, { policy }: CheckContext): readonly Reason[] {
  if (mode === "" || mode === "none" || mode === "sandbox") return [];
  return against(
    policy,
    "guard-build-network",
    `builds on the network ${mode}: its RUN steps reach what trusts that place`,
  );
}

function hostReasons(value: string, { policy }: CheckContext): readonly Reason[] {
  return value.startsWith(ownHost)
    ? against(
        policy,
        "guard-build-cache",
        `builds on a host called ${value}: a name by which owners' steps are told apart`,
      )
    : [];
}

function argumentReasons(name: string, value: string, context: CheckContext): readonly Reason[] {
  if (name === "build-arg:BUILDKIT_SANDBOX_HOSTNAME") return hostReasons(value, context);
  if (name !== "build-arg:BUILDKIT_CACHE_MOUNT_NS") return [];
  const message = "chooses the name space of its cache mounts, which may be another's";
  return against(context.policy, "guard-build-cache", message);
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
