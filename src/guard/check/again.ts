import { findControl } from "../../controls/registry.ts";
import { notListed } from "../judge/image/use.ts";
import { isOwnSocket } from "../judge/policy/exempt.ts";
import { matchesImage } from "../judge/policy/patterns.ts";
import { isAllowed } from "../judge/policy/rules.ts";
import type { Answer } from "../judge/result.ts";
import { routeReasons } from "../judge/round.ts";
import { isJudgedByNames, routeChecks } from "../judge/route-checks.ts";
import type { Policy } from "../policy/policy.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import { oldestVersion } from "../request/version.ts";
import { routes } from "../routes/table.ts";

/** A decision of the past, as far as the audit log has it. */
export interface PastDecision {
  readonly route: string | null;
  readonly verdict: "allow" | "harden" | "deny";
  /** Controls and rules that had a part in it. */
  readonly rules: readonly string[];
  /** Of what the request names: `image`, `fromImage`, `fromSrc`, `tag`. */
  readonly object: Readonly<Record<string, string>>;
}

/** What another policy says of a past decision. `unknown`: it hangs on what the log does not hold. */
export interface Again {
  readonly verdict: "allow" | "deny" | "unknown";
  /** A sentence. */
  readonly why: string;
  /** The rule that denies; undefined for another verdict. */
  readonly rule?: string;
}

/**
 * Decides a past request again under another policy, by the same checks as the guard. The log holds names alone: what depends on
 * the body, on other parameters, or on whose an object is, stays unknown. The policy's mode does not count: `deny` is what it
 * denies once it is enforced.
 */
export function decideAgain(past: PastDecision, policy: Policy): Again {
  if (past.route === null)
    return {
      verdict: "deny",
      rule: "guard-route",
      why: "The Engine has no such route: every policy denies it.",
    };
  const route = routes.find(({ id }) => id === past.route);
  if (!route) return unknown(`This bulkhead does not know the route ${past.route}.`);
  const enforced: Policy = { ...policy, mode: "enforce" };
  const [closed] = routeReasons({ route }, enforced);
  if (closed) return denied(closed);
  const request = namedRequest(route, past.object);
  const certain = certainReasons(request, past, enforced);
  if (certain[0]) return denied(certain[0]);
  return passes(request, past, enforced);
}

type Certain = { readonly rule: string; readonly message: string };

/** What the policy has against the request whatever else was in it. */
function certainReasons(request: UnderstoodRequest, past: PastDecision, policy: Policy): readonly Certain[] {
  const { route } = request;
  return [
    ...(isJudgedByNames(route.id) && !isCut(past.object) ? namesAlone(request, policy).reasons : []),
    ...(route.id === "container-create" ? imageReasons(past.object.image, policy) : []),
    ...repeatedReasons(past, policy),
  ];
}

/**
 * The route's own check, on a request of which the names are all that is judged. What it would ask the Engine has no answer: a
 * reason counts where it is the same whatever the answer is.
 */
function namesAlone(request: UnderstoodRequest, policy: Policy) {
  const check = routeChecks[request.route.id];
  let isAsked = false;
  const reasonsWith = (answer: Answer) => {
    const ask = () => {
      isAsked = true;
      return answer;
    };
    return check?.(request, { ask, open: () => [], policy }).reasons ?? [];
  };
  const unasked = reasonsWith({ state: "unknown", reason: "it is not kept" });
  const missing = reasonsWith({ state: "missing" });
  const reasons = unasked.filter(({ rule, message }) =>
    missing.some((other) => other.rule === rule && other.message === message),
  );
  return { reasons, isAsked };
}

/** A list of images that has no digest and no name like the one that was asked for. An id can have any name. */
function imageReasons(image: string | undefined, policy: Policy): readonly Certain[] {
  const { images } = policy.allow;
  if (image === undefined || image.endsWith("…") || images.length === 0) return [];
  if (/^(?:sha256:)?[0-9a-f]{6,64}$/.test(image) || images.some((pattern) => pattern.includes("@")))
    return [];
  return matchesImage(image, images) ? [] : notListed(image, policy);
}

/** Rules that no list makes an exception of: what they denied once they deny again. */
const withoutLists = [
  "guard-exec-privileged",
  "guard-checkpoint",
  "guard-commit",
  "guard-image-load",
  "guard-image-import",
  "guard-image-push",
  "guard-tunnel",
] as const;

function repeatedReasons({ verdict, rules }: PastDecision, policy: Policy): readonly Certain[] {
  if (verdict !== "deny") return [];
  const message = "It was denied for this rule then, and this policy denies for it again.";
  const own = withoutLists.filter((rule) => rules.includes(rule) && !isAllowed(policy, rule));
  const controls = hasExceptions(policy)
    ? []
    : rules.filter((rule) => policy.controls.deny.has(rule) && findControl(rule) !== undefined);
  return [...own, ...controls].map((rule) => ({ rule, message }));
}

/** Whether the policy names what no control looks at: src/guard/judge/policy/exempt.ts. */
function hasExceptions(policy: Policy): boolean {
  const { capabilities, devices, networks, mounts } = policy.allow;
  return (
    capabilities.length + devices.length > 0 ||
    networks.includes("host") ||
    mounts.some(({ dangerous, source }) => dangerous || isOwnSocket(source, policy))
  );
}

/** Nothing is against it for certain: whether it surely passes. */
function passes(request: UnderstoodRequest, { verdict, rules, object }: PastDecision, policy: Policy): Again {
  const { route } = request;
  if (!isJudgedByNames(route.id))
    return unknown(`${route.id} is judged by its body and parameters, which are not kept.`);
  const mayLift = new Set(["guard-route", ...liftable]);
  if (verdict === "deny" && !(rules.length > 0 && rules.every((rule) => mayLift.has(rule))))
    return unknown(`It was denied for ${rules.join(", ")}: what it held is not kept.`);
  if (policy.owner && route.path.includes("{"))
    return unknown("This policy looks at whose the object is, which is not kept.");
  if ((policy.versions?.min ?? 0) > oldestVersion.minor)
    return unknown("This policy asks for a version of the API, which is not kept.");
  if (isCut(object) || namesAlone(request, policy).isAsked)
    return unknown("It hangs on what is on the host, which is not kept.");
  return { verdict: "allow", why: "The route is open, and nothing else is judged there." };
}

/** Rules of routes that are judged by names: what was denied for them alone passes where the policy allows it. */
const liftable = [
  "guard-plugin",
  "guard-swarm",
  "guard-outgoing",
  "guard-image-load",
  "guard-image",
  "guard-registry",
];

function isCut(object: PastDecision["object"]): boolean {
  return Object.values(object).some((value) => value.includes("…"));
}

function namedRequest(route: UnderstoodRequest["route"], object: PastDecision["object"]): UnderstoodRequest {
  return {
    route,
    version: undefined,
    params: object,
    query: new Map(Object.entries(object).map(([name, value]) => [name, [value]])),
    headers: new Map(),
    body: undefined,
    hasStream: false,
  };
}

function denied({ rule, message }: Certain): Again {
  return { verdict: "deny", rule, why: message };
}

function unknown(why: string): Again {
  return { verdict: "unknown", why };
}
