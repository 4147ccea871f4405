import type { Policy } from "../policy/policy.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import type { Inquiry } from "./inquiry.ts";
import type { Change, Reason, ResponseRule } from "./result.ts";

/** What a check may use beside the request. */
export interface CheckContext extends Inquiry {
  readonly policy: Policy;
  /** Whether binds below a folder of the policy's are sent as volumes of the guard's. */
  readonly pins?: boolean;
}

/** The result of a check; what it leaves out stays as it was. */
export interface CheckResult {
  /** The request as it may go through. */
  readonly request?: UnderstoodRequest;
  /** Why not; none is a pass. */
  readonly reasons?: readonly Reason[];
  readonly changes?: readonly Change[];
  readonly notes?: readonly Reason[];
  readonly response?: ResponseRule;
}

/** Judges the requests of one route, whose names are full ids by then. */
export type RouteCheck = (request: UnderstoodRequest, context: CheckContext) => CheckResult;

/** Runs several checks in turn: each sees what the one before it let through. */
export function inTurn(...checks: readonly RouteCheck[]): RouteCheck {
  return (request, context) =>
    checks.reduce<CheckResult & { readonly request: UnderstoodRequest }>(
      (before, check) => merge(before, check(before.request, context)),
      { request },
    );
}

export function merge(
  before: CheckResult & { readonly request: UnderstoodRequest },
  after: CheckResult,
): CheckResult & { readonly request: UnderstoodRequest } {
  const response = after.response ?? before.response;
  return {
    request: after.request ?? before.request,
    reasons: joined(before.reasons, after.reasons),
    changes: joined(before.changes, after.changes),
    notes: joined(before.notes, after.notes),
    ...(response && { response }),
  };
}

function joined<T>(before: readonly T[] = [], after: readonly T[] = []): readonly T[] {
  if (after.length === 0) return before;
  return before.length === 0 ? after : [...before, ...after];
}
