import type { Policy } from "../policy/policy.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import { findImage } from "./container/create.ts";
import { engineOf } from "./container/known.ts";
import { inquire } from "./inquiry.ts";
import type { Question } from "./result.ts";
import { routeReasons } from "./round.ts";

/**
 * What is surely asked about a request, so that it need not be judged once only to say so; a create request is judged by
 * all controls. Nothing where the route is closed, for then nothing is asked.
 */
export function foresee(request: UnderstoodRequest, policy: Policy): readonly Question[] {
  if (request.route.id !== "container-create") return [];
  if (policy.mode === "enforce" && routeReasons(request, policy).length > 0) return [];
  const context = { ...inquire(new Map()), policy };
  engineOf(context);
  findImage(request.body, context);
  return context.open();
}
