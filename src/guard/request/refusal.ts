import type { Route } from "../routes/route.ts";

/** The guard's rules that a reading answers to; docs/guard-decisions.md tells what each is. */
export type ReadingRule =
  | "guard-path"
  | "guard-version"
  | "guard-route"
  | "guard-query"
  | "guard-header"
  | "guard-body"
  | "guard-json";

/** A request that is not read, and so not passed on. */
export interface Refusal {
  readonly ok: false;
  readonly rule: ReadingRule;
  /** One sentence that names what is wrong; holds no value of a parameter, header or body. */
  readonly message: string;
  /** Where it is known already. */
  readonly route?: Route;
}

export function refused(rule: ReadingRule, message: string, route?: Route): Refusal {
  return route === undefined ? { ok: false, rule, message } : { ok: false, rule, message, route };
}
