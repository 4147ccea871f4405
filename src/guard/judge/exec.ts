import { recordAt, textAt } from "../../base/json.ts";
import { startingUser } from "../../controls/users/starting-user.ts";
import { isRootText } from "../../controls/users/user-text.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import { existingReasons } from "./container/existing.ts";
import { containerOf } from "./container/known.ts";
import { checkListedUser, checkUserGroup, isNumber } from "./container/users.ts";
import { against } from "./policy/rules.ts";
import type { Reason } from "./result.ts";
import type { CheckContext, CheckResult } from "./route-check.ts";

/** `POST /containers/{container}/exec`. */
export function checkExecCreate(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const { User, Privileged } = recordAt({ body: request.body }, "body");
  const container = request.params.container ?? "";
  const exec = { user: typeof User === "string" ? User : "", privileged: Privileged === true };
  return { reasons: [...existingReasons(container, context), ...execReasons(container, exec, context)] };
}

/** `POST /exec/{exec}/start`: what was created elsewhere is judged here as well. */
export function checkExecStart(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const answer = context.ask({ kind: "exec", name: request.params.exec ?? "" });
  if (answer.state !== "found") return {};
  const container = textAt(answer.document, "ContainerID") ?? "";
  const process = recordAt(answer.document, "ProcessConfig");
  const exec = {
    user: typeof process.user === "string" ? process.user : "",
    privileged: process.privileged === true,
  };
  return { reasons: [...existingReasons(container, context), ...execReasons(container, exec, context)] };
}

interface AskedExec {
  /** "" is the container's own user. */
  readonly user: string;
  readonly privileged: boolean;
}

function execReasons(
  container: string,
  { user, privileged }: AskedExec,
  context: CheckContext,
): readonly Reason[] {
  const { policy } = context;
  const view = containerOf(context.ask({ kind: "container", name: container }), context);
  if (!view) return [];
  const own = startingUser(view);
  // Another name may be root as well: the container's own /etc/passwd says so.
  const [name = ""] = user.split(":");
  const mayBeRoot = isRootText(user) || !(isNumber(name) || (own.known && name === own.user.split(":")[0]));
  const becomesRoot = user !== "" && mayBeRoot && own.known && !own.isRoot;
  const listed = user === "" ? [] : checkListedUser(user, policy, "runs a command as");
  return [
    ...(privileged ? privilegedReasons(context) : []),
    ...(becomesRoot
      ? against(
          policy,
          "guard-exec-root",
          isRootText(user)
            ? `runs a command as ${user} in a container that runs as ${own.user}: it is root in there`
            : `runs a command as ${user} in a container that runs as ${own.user}: that name can be root in there. Give a number`,
        )
      : []),
    ...listed,
    ...checkUserGroup(user, view, context),
  ];
}

function privilegedReasons({ policy }: CheckContext): readonly Reason[] {
  const message = "runs a privileged command: it has every capability and device, whatever the container has";
  if (policy.controls.deny.has("privileged-exec")) {
    return [{ rule: "privileged-exec", message, allow: { list: "controls", value: "privileged-exec" } }];
  }
  return against(policy, "guard-exec-privileged", message);
}
