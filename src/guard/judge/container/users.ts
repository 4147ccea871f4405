import { startingUser } from "../../../controls/users/starting-user.ts";
import type { Container } from "../../../model/container.ts";
import type { Policy } from "../../policy/policy.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";

/** Whether the policy names the user: `1000` takes it with any group, `1000:1000` with that one. */
export function isListedUser(user: string, { allow: { users } }: Policy): boolean {
  const name = user === "" ? "root" : user;
  return users.some((each) => name === each || name.split(":", 1)[0] === each);
}

/** Where the policy names users, the container starts as one of them. */
export function checkUser(view: Container, { policy }: CheckContext): readonly Reason[] {
  if (policy.allow.users.length === 0) return [];
  const starting = startingUser(view);
  if (!starting.known) {
    return [{ rule: "guard-unknown", message: `cannot be judged by its user: ${starting.reason}` }];
  }
  return checkListedUser(starting.user, policy, "starts as");
}

export function checkListedUser(user: string, policy: Policy, how: string): readonly Reason[] {
  if (policy.allow.users.length === 0 || isListedUser(user, policy)) return [];
  const name = user === "" ? "root" : user;
  return against(policy, "guard-user", `${how} ${name}, which is not in allow.users`, {
    list: "users",
    value: name,
  });
}
