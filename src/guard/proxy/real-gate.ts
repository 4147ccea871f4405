import { imageLabel } from "../judge/image/space.ts";
import type { Ask } from "../judge/judge.ts";
import { judge, judgeUnderstood } from "../judge/judge.ts";
import { rewriteResponse } from "../judge/response.ts";
import { routeReasons } from "../judge/round.ts";
import { findRoute } from "../request/read.ts";
import { writeRequest } from "../request/write.ts";
import type { Gate } from "./gate.ts";

/** The guard's own reading, judging and writing; what must be known is asked by `ask`. */
export function realGate(ask: Ask): Gate {
  return {
    findRoute(method, target) {
      const found = findRoute(method, target);
      return found.ok ? found.route : undefined;
    },
    closed: (route, policy) => (policy.mode === "enforce" ? routeReasons({ route }, policy) : []),
    judge: (raw, policy) => judge(raw, policy, ask),
    judgeUnderstood: (request, policy) => judgeUnderstood(request, policy, ask),
    write: writeRequest,
    rewrite(body, rule) {
      if (!rule.redact && !rule.owner && rule.space === undefined && !body.includes(imageLabel)) return body;
      try {
        return Buffer.from(`${JSON.stringify(rewriteResponse(JSON.parse(body.toString("utf8")), rule))}\n`);
      } catch {
        return undefined;
      }
    },
  };
}
