import type { Policy } from "../policy/policy.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import { hasSubpaths } from "./container/folders.ts";
import { inquire } from "./inquiry.ts";
import { withObjects } from "./objects.ts";
import { withOwnNames } from "./own-names.ts";
import { responseRule } from "./response.ts";
import type { Knowledge, Reason, RoundResult } from "./result.ts";
import { type CheckContext, type CheckResult, merge } from "./route-check.ts";
import { checkRoute } from "./route-checks.ts";

/** A request names a handful of things; one that names more than this wants to keep the guard busy. */
const maxQuestions = 512;

/**
 * What becomes of a request. Pure, and asked again with more knowledge until it knows enough: is the route open; what do the
 * names mean now, and whose is it; what does the check of the route say, which denies first, then hardens, then judges the
 * result again.
 */
export function judgeOnce(request: UnderstoodRequest, knowledge: Knowledge, policy: Policy): RoundResult {
  const closed = routeReasons(request, policy);
  if (closed.length > 0 && policy.mode === "enforce") return { verdict: "deny", reasons: closed };
  const { ask, open: asked } = inquire(knowledge);
  const pins =
    policy.folders !== undefined &&
    request.route.id === "container-create" &&
    hasSubpaths(request.version, ask({ kind: "engine" }));
  const context: CheckContext = { ask, open: asked, policy, pins };
  const named = withObjects(withOwnNames(request, context), context);
  const judged = checkRoute(named.request, context);
  const open = asked();
  if (open.length > maxQuestions || knowledge.size > maxQuestions) {
    const message = `names more than ${maxQuestions} things: it is not looked at further`;
    return { verdict: "deny", reasons: [{ rule: "guard-unknown", message }] };
  }
  if (open.length > 0) return { verdict: "ask", questions: open };
  const reasons = closed.length === 0 ? named.reasons : [...closed, ...named.reasons];
  const before = { request: named.request, reasons };
  // A judge names the path's object by its id. If it does not exist for this client, that is the whole answer.
  const own = isAllThere(named.reasons) || policy.mode !== "enforce" ? judged : {};
  return conclude(request, merge(before, own), policy);
}

/** Why the route is closed; none where it is open. */
export function routeReasons({ route }: Pick<UnderstoodRequest, "route">, policy: Policy): readonly Reason[] {
  const own = Object.hasOwn(policy.routes, route.id) ? policy.routes[route.id] : undefined;
  if ((own ?? policy.groups[route.group]) !== "deny") return [];
  const why = own === undefined ? `the group ${route.group} is closed` : "the policy closes it";
  return [
    {
      rule: "guard-route",
      message: `${route.method} ${route.path} (${route.id}) is not open to this client: ${why}`,
      allow: { list: "routes", value: route.id },
    },
  ];
}

function conclude(
  request: UnderstoodRequest,
  judged: CheckResult & { readonly request: UnderstoodRequest },
  policy: Policy,
): RoundResult {
  const { changes = [], notes = [] } = judged;
  const reasons = distinct(inClientsWords(judged.reasons ?? [], policy));
  const response = judged.response ?? responseRule(request.route, policy);
  const more = { ...(notes.length > 0 && { notes }), ...(response && { response }) };
  if (policy.mode !== "enforce") {
    // What is missing or another's is handed on as it came: the Engine says so itself.
    const isNamed = isAllThere(reasons);
    const would = changes.map(({ control, flag }) => ({
      rule: control,
      message: `would be changed: ${flag}`,
    }));
    return {
      verdict: "allow",
      request: isNamed ? judged.request : request,
      warnings: [...reasons.filter(({ rule }) => rule !== "guard-missing"), ...would],
      ...more,
    };
  }
  if (reasons.length > 0) {
    const said = told(reasons, policy);
    return { verdict: "deny", reasons: said, status: isNotThere(request, said) ? 404 : 403 };
  }
  if (changes.length === 0) return { verdict: "allow", request: judged.request, warnings: [], ...more };
  return { verdict: "harden", request: judged.request, changes, warnings: [], ...more };
}

function inClientsWords(reasons: readonly Reason[], { prefix }: Policy): readonly Reason[] {
  if (prefix === undefined) return reasons;
  return reasons.map((reason) => ({ ...reason, message: reason.message.replaceAll(prefix, "") }));
}

function isAllThere(reasons: readonly Reason[]): boolean {
  return reasons.every(({ absent }) => absent === undefined);
}

/** A path as written and as resolved, an object in the path and in the body: what is said of both is said once. */
function distinct(reasons: readonly Reason[]): readonly Reason[] {
  if (reasons.length < 2) return reasons;
  return [...new Map(reasons.map((reason) => [`${reason.rule} ${reason.message}`, reason])).values()];
}

/**
 * What is not there cannot be judged, which need not be said. Under an owner nothing else is said at all: what is another's
 * must not differ from what is not there, and the other reasons may hold its id.
 */
function told(reasons: readonly Reason[], { owner }: Policy): readonly Reason[] {
  if (isAllThere(reasons)) return reasons;
  return reasons.filter(({ absent, isUnjudged }) =>
    owner ? absent !== undefined : isUnjudged === undefined,
  );
}

/** The docker CLI takes a 404 to a create request for the image's, whatever it says, and pulls. */
function isNotThere({ route }: UnderstoodRequest, reasons: readonly Reason[]): boolean {
  if (reasons.some(({ absent }) => absent === undefined)) return false;
  return route.id !== "container-create" || reasons.some(({ absent }) => absent === "image");
}
