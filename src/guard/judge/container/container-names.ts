import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext, RouteCheck } from "../route-check.ts";

/**
 * Why a container may not have the name: the Engine looks for names before it looks for beginnings of ids, so whoever means
 * another container by its short id would get this one.
 */
export function checkContainerName(given: string, context: CheckContext): readonly Reason[] {
  const name = given.replace(/^\//, "");
  if (!/^[0-9a-f]{4,}$/.test(name)) return [];
  const refuse = () =>
    against(
      context.policy,
      "guard-name",
      `takes the name ${name}, which can be mistaken for a container id: whoever means that container would get this one`,
    );
  if (name.length >= 12) return refuse();
  const answer = context.ask({ kind: "container", name });
  if (answer.state === "missing") return [];
  if (answer.state === "found") return answer.id.startsWith(name) ? refuse() : [];
  return [
    {
      rule: "guard-unknown",
      message: `whether ${name} is the beginning of an id is not known: ${answer.reason}`,
    },
  ];
}

/** `POST /containers/{container}/rename`. */
export const checkRename: RouteCheck = ({ query }, context) => ({
  reasons: checkContainerName(query.get("name")?.[0] ?? "", context),
});
