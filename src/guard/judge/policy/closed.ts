import type { RouteCheck } from "../route-check.ts";
import { against, type GuardRuleId } from "./rules.ts";

/** A route that one of the rules shuts as a whole, unless the policy opens it by its id. */
export function shutBy(rule: GuardRuleId, message: string): RouteCheck {
  return ({ route }, { policy }) =>
    policy.routes[route.id] === "allow"
      ? {}
      : { reasons: against(policy, rule, `${message} (${route.id})`, { list: "routes", value: route.id }) };
}
