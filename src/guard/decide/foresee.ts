import type { Policy } from "../policy/policy.ts";
import type { CanonicalRequest } from "../request/request.ts";
import { findImage } from "./container-create.ts";
import { routeReasons } from "./decide.ts";
import type { Question } from "./decision.ts";
import { inquire } from "./inquiry.ts";
import { engineOf } from "./known.ts";

/**
 * What is surely asked about a request, so that it need not be judged once only to say so; a create request is judged by
 * all controls. Nothing where the route is closed, for then nothing is asked.
 */
export function foresee(request: CanonicalRequest, policy: Policy): readonly Question[] {
  if (request.route.id !== "container-create") return [];
  if (policy.mode === "enforce" && routeReasons(request, policy).length > 0) return [];
  const around = { ...inquire(new Map()), policy };
  engineOf(around);
  findImage(request.body, around);
  return around.open();
}
