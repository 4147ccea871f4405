import { startingUser } from "../../../controls/users/starting-user.ts";
import type { Container } from "../../../model/container.ts";
import { setItems } from "../../../model/fact.ts";
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

/**
 * A user by name is whoever /etc/passwd says, so nothing may change that file where the policy names users: what is mounted over
 * it, and what is copied into the container before it starts.
 */
export function checkNamedUser(view: Container, { policy }: CheckContext): readonly Reason[] {
  const user = namedUser(view, policy);
  if (user === undefined) return [];
  return setItems(view.mounts)
    .filter(({ value: { target } }) => /^\/(?:etc(?:\/(?:passwd|group))?)?$/.test(target))
    .flatMap(({ value: { target } }) =>
      against(
        policy,
        "guard-user",
        `mounts over ${target}, whose passwd file decides who ${user} is: name the user by number`,
      ),
    );
}

/** Why nothing may be copied into a container that starts as a user by name. */
export function checkCopyInto(view: Container, { policy }: CheckContext): readonly Reason[] {
  const user = namedUser(view, policy);
  if (user === undefined) return [];
  return against(
    policy,
    "guard-user",
    `copies files into a container that starts as ${user} by name: a new /etc/passwd would make that any user. Name the user by number in the image or with --user`,
  );
}

/** The user that the container starts as, where the policy names users and it is a name. */
function namedUser(view: Container, policy: Policy): string | undefined {
  if (policy.allow.users.length === 0) return undefined;
  const starting = startingUser(view);
  if (!starting.known) return undefined;
  const name = starting.user.split(":", 1)[0] ?? "";
  return name === "" || name === "root" || /^\d+$/.test(name) ? undefined : name;
}

export function checkListedUser(user: string, policy: Policy, how: string): readonly Reason[] {
  if (policy.allow.users.length === 0 || isListedUser(user, policy)) return [];
  const name = user === "" ? "root" : user;
  return against(policy, "guard-user", `${how} ${name}, which is not in allow.users`, {
    list: "users",
    value: name,
  });
}
