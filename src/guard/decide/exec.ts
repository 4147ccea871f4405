import { startingUser } from "../../controls/users/starting-user.ts";
import { isRootText } from "../../controls/users/user-text.ts";
import { recordAt, textAt } from "../../engine/records.ts";
import type { CanonicalRequest } from "../request/request.ts";
import type { Reason } from "./decision.ts";
import { existingReasons } from "./existing.ts";
import type { Around, Judgement } from "./judge.ts";
import { containerOf } from "./known.ts";
import { against } from "./rules.ts";
import { judgeListedUser } from "./users.ts";

/** `POST /containers/{container}/exec`. */
export function judgeExecCreate(request: CanonicalRequest, around: Around): Judgement {
  const { User, Privileged } = recordAt({ body: request.body }, "body");
  const container = request.params.container ?? "";
  const exec = { user: typeof User === "string" ? User : "", privileged: Privileged === true };
  return { reasons: [...existingReasons(container, around), ...execReasons(container, exec, around)] };
}

/** `POST /exec/{exec}/start`: what was created elsewhere is judged here as well. */
export function judgeExecStart(request: CanonicalRequest, around: Around): Judgement {
  const answer = around.ask({ kind: "exec", name: request.params.exec ?? "" });
  if (answer.state !== "found") return {};
  const container = textAt(answer.document, "ContainerID") ?? "";
  const process = recordAt(answer.document, "ProcessConfig");
  const exec = {
    user: typeof process.user === "string" ? process.user : "",
    privileged: process.privileged === true,
  };
  return { reasons: [...existingReasons(container, around), ...execReasons(container, exec, around)] };
}

interface AskedExec {
  /** "" is the container's own user. */
  readonly user: string;
  readonly privileged: boolean;
}

function execReasons(container: string, { user, privileged }: AskedExec, around: Around): readonly Reason[] {
  const { policy } = around;
  const view = containerOf(around.ask({ kind: "container", name: container }), around);
  if (!view) return [];
  const own = startingUser(view);
  const becomesRoot = user !== "" && isRootText(user) && own.known && !own.isRoot;
  const listed = user === "" ? [] : judgeListedUser(user, policy, "runs a command as");
  return [
    ...(privileged ? privilegedReasons(around) : []),
    ...(becomesRoot
      ? against(
          policy,
          "guard-exec-root",
          `runs a command as ${user} in a container that runs as ${own.user}: it is root in there`,
        )
      : []),
    ...listed,
  ];
}

function privilegedReasons({ policy }: Around): readonly Reason[] {
  const message = "runs a privileged command: it has every capability and device, whatever the container has";
  if (policy.controls.deny.has("privileged-exec")) {
    return [{ rule: "privileged-exec", message, allow: { list: "controls", value: "privileged-exec" } }];
  }
  return against(policy, "guard-exec-privileged", message);
}
