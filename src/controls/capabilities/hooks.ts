import type { Container } from "../../model/container.ts";
import type { Hook } from "../../model/container-values.ts";
import type { Origin } from "../../model/origin.ts";
import { combine, fail, pass, unknown, unknownFact, type Verdict } from "../../model/verdict.ts";
import { manual } from "../control.ts";
import { startingUser } from "../users/starting-user.ts";
import { isRootText } from "../users/user-text.ts";
import { asksPrivileged } from "./privilege.ts";

/** What the container's Compose hooks hold beyond the container: docker compose starts each as `docker exec` would. */
export function judgeHooks(container: Container): Verdict {
  return combine(
    container.hooks.map((hook) =>
      hook.state === "set" ? judge(hook.value, hook.origins, container) : unknownFact(hook),
    ),
    pass("no hook with more than the container"),
  );
}

function judge({ key, privileged, user }: Hook, origins: readonly Origin[], container: Container): Verdict {
  if (privileged && !asksPrivileged(container)) {
    return fail(
      `runs a ${key} hook with privileged: true: the hook holds every capability, in a container that does not`,
      { origins, observed: `${key}: privileged`, evidence: `${key} privileged` },
    );
  }
  if (user === "" || !isRootText(user)) return pass("no hook with more than the container");
  const starting = startingUser(container);
  if (!starting.known) return unknown(starting.reason, starting.origins);
  if (starting.isRoot) return pass("no hook with more than the container");
  return fail(
    `runs a ${key} hook as root in a container that runs as ${starting.user}: root in it can change every file of the container`,
    { origins, severity: "medium", observed: `${key}: user ${user}`, evidence: `${key} user` },
  );
}

export function adviseForHooks() {
  return manual(
    "Run the hook without privileged and as the service's own user; what it needs regularly belongs into the service's cap_add or its image.",
  );
}
