import type { Policy } from "../policy/policy.ts";
import type { CanonicalRequest } from "../request/request.ts";
import type { Change, Reason, ResponseRule } from "./decision.ts";
import type { Inquiry } from "./inquiry.ts";

/** What a judge may draw on beside the request. */
export interface Around extends Inquiry {
  readonly policy: Policy;
}

/** What a judge makes of a request; what it does not say is as it was. */
export interface Judgement {
  /** The request as it may go through. */
  readonly request?: CanonicalRequest;
  /** Why not; none is a pass. */
  readonly reasons?: readonly Reason[];
  readonly changes?: readonly Change[];
  readonly notes?: readonly Reason[];
  readonly response?: ResponseRule;
}

/** Judges the requests of one route, whose names are full ids by then. */
export type Judge = (request: CanonicalRequest, around: Around) => Judgement;

/** One judge of many: each sees what the one before it let through. */
export function inTurn(...judges: readonly Judge[]): Judge {
  return (request, around) =>
    judges.reduce<Judgement & { readonly request: CanonicalRequest }>(
      (before, judge) => merge(before, judge(before.request, around)),
      { request },
    );
}

export function merge(
  before: Judgement & { readonly request: CanonicalRequest },
  after: Judgement,
): Judgement & { readonly request: CanonicalRequest } {
  const response = after.response ?? before.response;
  return {
    request: after.request ?? before.request,
    reasons: joined(before.reasons, after.reasons),
    changes: joined(before.changes, after.changes),
    notes: joined(before.notes, after.notes),
    ...(response && { response }),
  };
}

/** Most requests have none of either. */
function joined<T>(before: readonly T[] = [], after: readonly T[] = []): readonly T[] {
  if (after.length === 0) return before;
  return before.length === 0 ? after : [...before, ...after];
}
