import { itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import type { NameValue } from "../../model/container-values.ts";
import { recordIn } from "../request/query.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import { findNetwork } from "./container/create-names.ts";
import { newName } from "./image/names.ts";
import { checkNetworkUse, usualNetwork } from "./policy/listed.ts";
import { isOwnCache, withImageLabels } from "./policy/owner.ts";
import { against, isAllowed } from "./policy/rules.ts";
import type { Reason } from "./result.ts";
import type { CheckContext, CheckResult } from "./route-check.ts";
import { checkSolve } from "./solve.ts";
import { isSolve, type SolveFacts } from "./solve-facts.ts";

/** `POST /build`: the containers of its RUN steps are made by the Engine, so that what they get is judged here. */
export function checkBuild(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const { policy } = context;
  const one = (name: string) => request.query.get(name)?.[0] ?? "";
  if (isSolve(request.body)) return checkSolveRequest(request, request.body, context);
  const reasons: Reason[] = [];
  const say = (rule: Parameters<typeof against>[1], message: string) =>
    reasons.push(...against(policy, rule, message));
  if (one("version") === "2" || one("session") !== "") {
    say(
      "guard-buildkit",
      "builds in a session, of which the guard sees nothing; the classic builder needs none (DOCKER_BUILDKIT=0)",
    );
  }
  if (one("remote") !== "") {
    say("guard-outgoing", "makes the Engine fetch its context from an address of the client's choice");
  }
  if (one("outputs") !== "" && one("outputs") !== "null" && one("outputs") !== "[]") {
    say("guard-build-output", "writes what it builds elsewhere than into the image store");
  }
  for (const name of ["securityopt", "cgroupparent", "isolation"]) {
    if ((request.query.get(name) ?? []).some((value) => value !== "")) {
      say(
        "guard-build-privilege",
        `sets ${name}: its RUN steps are confined by something else than the Engine's default`,
      );
    }
  }
  const read = withArchive(request, context);
  reasons.push(...read.reasons);
  const network = buildNetwork(one("networkmode"), context);
  reasons.push(...network.reasons);
  const named = withTags(read.request, context);
  reasons.push(...named.reasons);
  const labelled = withLabels(apart(named.request, context), context);
  reasons.push(...labelled.reasons, ...cacheReasons(request, context));
  return { request: labelled.request, reasons };
}

/**
 * Where the policy lists images, the Dockerfile in the archive is read while it is handed on (src/guard/archive). A context from
 * an address is fetched by the Engine, past the guard.
 */
function withArchive(
  request: UnderstoodRequest,
  { policy }: CheckContext,
): { readonly request: UnderstoodRequest; readonly reasons: readonly Reason[] } {
  const { allow, mode } = policy;
  const isListed = allow.images.length > 0 || allow.registries.length > 0;
  if (!isListed || isAllowed(policy, "guard-build-archive")) return { request, reasons: [] };
  const refuse = (message: string) => ({ request, reasons: against(policy, "guard-build-archive", message) });
  if ((request.query.get("remote")?.[0] ?? "") !== "")
    return refuse("builds from an address, whose Dockerfile is not read: its FROM may pull any image");
  if (!request.hasStream) return refuse("brings no archive, so nothing shows what it builds from");
  const asked = request.query.get("dockerfile")?.[0] ?? "";
  const dockerfile = asked === "" ? undefined : asked.replace(/^(?:\.?\/)+/, "");
  if (
    dockerfile !== undefined &&
    (!/^[\x21-\x7e]+$/.test(dockerfile) || dockerfile.split("/").some((part) => /^\.{0,2}$/.test(part)))
  )
    return refuse("names a Dockerfile by a path that has two readings");
  if (mode !== "enforce") return { request, reasons: [] };
  // The archive is written again, so its length changes.
  const headers = new Map([...request.headers].filter(([name]) => name !== "content-length"));
  const query =
    dockerfile === undefined ? request.query : new Map([...request.query, ["dockerfile", [dockerfile]]]);
  return {
    request: { ...request, headers, query, archive: { dockerfile, args: argumentsOf(request) } },
    reasons: [],
  };
}

/** Those with a value; one without leaves the Dockerfile's own default. */
function argumentsOf({ query }: UnderstoodRequest): readonly NameValue[] {
  return Object.entries(recordIn(query, "buildargs")).flatMap(([name, value]) =>
    typeof value === "string" ? [{ name, value }] : [],
  );
}

/** An owner's build takes no step from the cache, where another's may be. */
function apart(request: UnderstoodRequest, { policy }: CheckContext): UnderstoodRequest {
  if (!policy.owner || isAllowed(policy, "guard-build-cache")) return request;
  return { ...request, query: new Map([...request.query, ["nocache", ["1"]]]) };
}

/** What the classic builder's cache leaves out: someone who builds the same step without an owner would get its result. */
function cacheReasons({ query }: UnderstoodRequest, { policy }: CheckContext): readonly Reason[] {
  if (!policy.owner) return [];
  const proxy = Object.keys(recordIn(query, "buildargs")).find((name) =>
    /^(https?|ftp|no|all)_proxy$/i.test(name),
  );
  const hosts = (query.get("extrahosts") ?? []).some((value) => value !== "");
  if (proxy === undefined && !hosts) return [];
  return against(
    policy,
    "guard-build-cache",
    `${hosts ? "gives names to addresses (--add-host)" : `sets ${proxy}`}, which the key of a cached step leaves out: others would be given what it makes of their steps. BuildKit keeps owners apart`,
  );
}

/** The same by BuildKit, which has attributes instead of the query. */
function checkSolveRequest(request: UnderstoodRequest, body: SolveFacts, context: CheckContext): CheckResult {
  const { facts, reasons } = checkSolve(body, context);
  return { request: { ...request, body: facts }, reasons };
}

/** `POST /build/prune`, whose filters cannot tell whose a record is. */
export function checkBuildPrune(_: UnderstoodRequest, { policy }: CheckContext): CheckResult {
  if (!policy.owner) return {};
  const message = "removes the build cache of every client: docker buildx prune removes this client's own";
  return { reasons: [{ rule: "guard-owner", message }] };
}

/**
 * What an owner's prune by BuildKit removes: its own cache mounts, by their ids, since a prune's filters see no descriptions. Whose a
 * step is BuildKit does not note.
 */
export function checkOwnPrune(
  request: UnderstoodRequest,
  { policy: { owner }, ask }: CheckContext,
): CheckResult {
  const { pruned } = recordAt({ at: request.body }, "at");
  if (!owner || !Array.isArray(pruned)) return {};
  const answer = ask({ kind: "caches" });
  const records = itemsOf(recordAt({ at: answer.state === "found" ? answer.document : {} }, "at").BuildCache);
  const ids = records
    .filter((record) => isOwnCache(record, owner))
    .map((record) => textAt(record, "ID") ?? "")
    .filter((id) => /^[0-9a-z]+$/.test(id));
  const own = ids.length === 0 ? ["id==none"] : ids.map((id) => `id==${id}`);
  const asked = textsOf(pruned).filter((each) => each !== "");
  const narrowed = asked.length === 0 ? own : asked.flatMap((each) => own.map((id) => `${each},${id}`));
  return { request: { ...request, body: { pruned: narrowed } } };
}

/** The names of the image, as the Engine gets them. */
function withTags(
  request: UnderstoodRequest,
  context: CheckContext,
): { readonly request: UnderstoodRequest; readonly reasons: readonly Reason[] } {
  const given = request.query.get("t");
  if (given === undefined) return { request, reasons: [] };
  const made = given.map((name) => newName(name, context));
  const query = new Map([...request.query, ["t", made.map(({ name }) => name)]]);
  return { request: { ...request, query }, reasons: made.flatMap(({ reasons }) => reasons) };
}

/** The Engine's own bridge, none, or a network that a container may join. */
function buildNetwork(mode: string, context: CheckContext): { readonly reasons: readonly Reason[] } {
  if (mode === "none") return { reasons: [] };
  const usual = usualNetwork(mode);
  if (usual !== undefined) return { reasons: checkNetworkUse(usual, context, "builds on") };
  const found = mode === "host" || mode.startsWith("container:") ? undefined : findNetwork(mode, context);
  if (found && found.name !== "host") return found;
  return {
    reasons: [
      ...(found?.reasons ?? []),
      ...against(
        context.policy,
        "guard-build-network",
        `builds on the network ${mode}: its RUN steps reach what trusts that place`,
      ),
    ],
  };
}

/** The labels of the image, which stand in the query. */
function withLabels(
  request: UnderstoodRequest,
  context: CheckContext,
): { readonly request: UnderstoodRequest; readonly reasons: readonly Reason[] } {
  const { labels, reasons } = withImageLabels(recordIn(request.query, "labels"), context);
  if (!labels) return { request, reasons };
  return {
    request: { ...request, query: new Map([...request.query, ["labels", [JSON.stringify(labels)]]]) },
    reasons,
  };
}
