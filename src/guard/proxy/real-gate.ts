import type { HeldFolders } from "../engine/folders.ts";
import { askedLabel } from "../judge/container/folders.ts";
import { imageLabel } from "../judge/image/space.ts";
import type { Ask } from "../judge/judge.ts";
import { judge, judgeUnderstood } from "../judge/judge.ts";
import { rewriteResponse } from "../judge/response.ts";
import { routeReasons } from "../judge/round.ts";
import { findRoute } from "../request/read.ts";
import { writeRequest } from "../request/write.ts";
import type { Gate } from "./gate.ts";
import { onePathLook, pin } from "./pinned.ts";

/** What stands in a document where the guard said something in its own way: the names of its labels, and of its volumes. */
const guardsWords = [imageLabel, askedLabel, "bulkhead-"];

/** The guard's own reading, judging and writing; what must be known is asked by `ask`. */
export function realGate(ask: Ask, folders?: HeldFolders): Gate {
  return {
    findRoute(method, target) {
      const found = findRoute(method, target);
      return found.ok ? found.route : undefined;
    },
    closed: (route, policy) => (policy.mode === "enforce" ? routeReasons({ route }, policy) : []),
    judge(raw, policy) {
      if (!folders || policy.folders === undefined) return judge(raw, policy, ask);
      const judgeNow = () => {
        const once = onePathLook(ask);
        const judged = judge(raw, policy, once);
        // What mounts a folder has asked for something.
        return judged instanceof Promise ? judged.then((each) => pin(each, policy, folders, once)) : judged;
      };
      const isCreate = raw.method === "POST" && raw.target.includes("/containers/create");
      return isCreate ? folders.refresh().then(judgeNow) : judgeNow();
    },
    judgeUnderstood: (request, policy) => judgeUnderstood(request, policy, ask),
    write: writeRequest,
    rewrite(body, rule) {
      const isPlain = !rule.redact && !rule.owner && rule.space === undefined && rule.prefix === undefined;
      if (body.length === 0 || (isPlain && !guardsWords.some((each) => body.includes(each)))) return body;
      try {
        return Buffer.from(`${JSON.stringify(rewriteResponse(JSON.parse(body.toString("utf8")), rule))}\n`);
      } catch {
        return undefined;
      }
    },
  };
}
