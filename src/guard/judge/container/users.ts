import { startingUser } from "../../../controls/users/starting-user.ts";
import type { Container } from "../../../model/container.ts";
import type { Policy } from "../../policy/policy.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";

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

/** A name is whoever the image's /etc/passwd says, also after a process in the container has changed it: only numbers count. */
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
