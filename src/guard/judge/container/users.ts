import { textsOf } from "../../../base/json.ts";
import { exposedMounts } from "../../../controls/mounts/exposed-mounts.ts";
import { startingUser } from "../../../controls/users/starting-user.ts";
import type { Container } from "../../../model/container.ts";
import type { Policy } from "../../policy/policy.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { contextOf } from "./known.ts";

/** Whether the policy names the user: `1000` takes it with any group, `1000:1000` with that one. */
function isListedUser(user: string, { allow: { users } }: Policy): boolean {
  return users.some((each) => user === each || user.split(":", 1)[0] === each);
}

/** Where the policy names users or denies root, the container starts as one of them, said as a number. */
export function checkUser(view: Container, { policy }: CheckContext): readonly Reason[] {
  if (policy.allow.users.length === 0 && !policy.controls.deny.has("root-user")) return [];
  const starting = startingUser(view);
  if (!starting.known) {
    return [{ rule: "guard-unknown", message: `cannot be judged by its user: ${starting.reason}` }];
  }
  return checkListedUser(starting.user, policy, "starts as");
}

/** The image's /etc/passwd decides who a name is, also after a process in the container has changed it: only numbers count. */
export function checkListedUser(given: string, policy: Policy, how: string): readonly Reason[] {
  const { users } = policy.allow;
  if (users.length === 0 && !policy.controls.deny.has("root-user")) return [];
  const user = given === "" ? "root" : given;
  if (!user.split(":").every((part) => part === "root" || isNumber(part)))
    return against(
      policy,
      "guard-user",
      `${how} ${user}, and the image decides who that is: give numbers, as in --user 1000:1000`,
    );
  if (users.length === 0 || isListedUser(user, policy)) return [];
  return against(policy, "guard-user", `${how} ${user}, which is not in allow.users`, {
    list: "users",
    value: user,
  });
}

/** Whether a part of a user is a number, which means the same in every image. */
export function isNumber(part: string): boolean {
  return /^\d+$/.test(part);
}

/** Below stand the system's own groups, docker's among them (login.defs(5), SYS_GID_MAX). */
const firstOwnGroup = 1000;
/** Where distributions begin to number the groups of services; below that are disk, kmem, shadow and video. */
const firstServiceGroup = 100;

/** `HostConfig.GroupAdd`. The image's /etc/group says which number a name is, so a name tells nothing. */
export function checkGroups(value: unknown, context: CheckContext): readonly Reason[] {
  return textsOf(value).flatMap((group) => {
    if (!/^[+-]?\d+$/.test(group)) return byName(group, context);
    return Number(group) < firstOwnGroup ? ofSystem(group, context) : [];
  });
}

/**
 * The group of a user, `1000:6`. The group of the user's own number or name is what images have for their services (`999:999`,
 * `nginx:nginx`), and no group of the host's system.
 */
export function checkUserGroup(user: unknown, view: Container, context: CheckContext): readonly Reason[] {
  // A group opens what is the host's, and of that it sees nothing.
  if (typeof user !== "string" || !user.includes(":") || !seesHost(view, context)) return [];
  const [name = "", group] = user.split(":");
  if (context.policy.allow.users.includes(user)) return [];
  if (group === undefined || group === "" || (/^0*$/.test(group) && isRoot(name))) return [];
  if (!/^[+-]?\d+$/.test(group)) return group === name ? [] : byName(group, context);
  const gid = Number(group);
  const isOwn = Number(name) === gid && gid >= firstServiceGroup;
  return gid >= firstOwnGroup || isOwn ? [] : ofSystem(group, context);
}

/** Whether a folder or a device of the host is in the container, by its own mounts or by those that it takes from others. */
function seesHost(view: Container, context: CheckContext): boolean {
  return (
    view.devices.length > 0 ||
    exposedMounts(view, contextOf(context)).some(
      (item) => item.state !== "set" || item.value.mount.hostPath !== undefined,
    )
  );
}

function isRoot(name: string): boolean {
  return name === "root" || /^0*$/.test(name);
}

function byName(group: string, { policy }: CheckContext): readonly Reason[] {
  return against(
    policy,
    "supplementary-groups",
    `joins the group ${group} by name: the image decides which group of the host that is. Use a number of ${firstOwnGroup} or more`,
  );
}

function ofSystem(group: string, { policy }: CheckContext): readonly Reason[] {
  return against(
    policy,
    "supplementary-groups",
    `joins the group ${group}, one of the host's system groups: it can open what only they may, where that is mounted`,
  );
}
