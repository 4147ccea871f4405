import type { UnderstoodRequest } from "../request/request.ts";
import type { CheckContext, CheckResult } from "./route-check.ts";

const sharedKey = "x-docker-expose-session-sharedkey";

/**
 * `POST /session`: its calls are judged one by one. What BuildKit keeps of a client's files it finds again by the session's
 * shared key, so that a client under another policy must not have the same: its Dockerfile would be one that nobody read.
 */
export function checkSession(request: UnderstoodRequest, { policy }: CheckContext): CheckResult {
  const own = request.headers.get(sharedKey);
  if (own === undefined) return {};
  const headers = new Map([...request.headers, [sharedKey, `${policy.name} ${own}`.slice(0, 256)]]);
  return { request: { ...request, headers } };
}
