import type { Process } from "../../model/container/process.ts";
import type { Container } from "../../model/container.ts";
import type { Hook } from "../../model/container-values.ts";
import type { Exec } from "../../model/exec.ts";
import { isOpen } from "../../model/fact.ts";
import type { Origin } from "../../model/origin.ts";
import {
  combine,
  fail,
  notApplicable,
  pass,
  unknown,
  unknownFact,
  type Verdict,
} from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { nameProcesses, originsIn } from "../processes.ts";
import { startingUser } from "../users/starting-user.ts";
import { isRootText } from "../users/user-text.ts";
import { boundingSet, firstProcess } from "./bounding-set.ts";
import { asksPrivileged } from "./privilege.ts";

/** What the container's Compose hooks hold beyond the container: docker compose starts each as `docker exec` would. */
function judgeHooks(container: Container): Verdict {
  return combine(
    container.hooks.map((hook) =>
      hook.state === "set" ? judgeHook(hook.value, hook.origins, container) : unknownFact(hook),
    ),
    pass("no hook with more than the container"),
  );
}

function judgeHook(
  { key, privileged, user }: Hook,
  origins: readonly Origin[],
  container: Container,
): Verdict {
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

function adviseForHooks() {
  return manual(
    "Run the hook without privileged and as the service's own user; what it needs regularly belongs into the service's cap_add or its image.",
  );
}

export const privilegedExec: Control = {
  id: "privileged-exec",
  title: "A process in the container holds more than the container",
  why: "`docker exec --privileged` starts a process with every capability in a container that has few. nsenter, `ctr task exec` and `runc exec` do the same from the host, without the container's seccomp filter or as root. So does a Compose hook with `privileged: true` or `user: root`. Nothing in the container's own configuration shows it. Anyone who takes that process over has what the container was denied.",
  row: "2.9",
  severity: "high",
  guard: "deny",
  cis: ["5.23"],
  attack: ["T1609", "T1611"],
  cwe: [250, 269],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/exec/#privileged",
    "https://docs.docker.com/reference/compose-file/services/#post_start",
    "https://man7.org/linux/man-pages/man1/nsenter.1.html",
  ],
  examples: {
    bad: [
      {
        syntax: "compose",
        text: `services:
  web:
    image: nginx
    post_start:
      - command: chown -R nginx /data
        privileged: true
`,
      },
    ],
    good: [
      {
        syntax: "compose",
        text: `services:
  web:
    image: nginx
    post_start:
      - command: chown -R nginx /data
`,
      },
    ],
  },
  check: {
    exec(exec) {
      if (exec.level === "effective") return beyond(exec.processes, exec.container, exec.container);
      return combine([judgePrivileged(exec), judgeUser(exec)]);
    },
    container(container, { configured }) {
      if (container.level === "declared") return judgeHooks(container);
      const entered = container.processes.filter(({ role }) => role === "entered");
      if (container.level !== "effective") {
        return notApplicable("which processes entered a container shows only in the kernel");
      }
      if (container.processes.length === 0) return unknown("none of its processes could be seen");
      return entered.length === 0 ? pass("no process from outside") : beyond(entered, container, configured);
    },
  },
  remedy: { exec: advise, container: (view) => (view.level === "declared" ? adviseForHooks() : advise()) },
};

function judgePrivileged({ privileged, container }: Exec): Verdict {
  if (isOpen(privileged)) return unknownFact(privileged);
  if (privileged.state !== "set" || !privileged.value) return pass("not privileged");
  if (asksPrivileged(container)) return pass("privileged, as its container is");
  return fail(
    "was started by docker exec --privileged: it holds every capability in a container that does not, and shows in none of its settings",
    { origins: privileged.origins, observed: "privileged", evidence: "privileged" },
  );
}

function judgeUser({ user, container }: Exec): Verdict {
  if (user.state !== "set" || !isRootText(user.value) || user.value === "") return pass("not privileged");
  const starting = startingUser(container);
  if (!starting.known || starting.isRoot) return pass("the container's own user");
  return fail(
    `was started by docker exec --user ${user.value} in a container that runs as ${starting.user}: root in it can change every file of the container`,
    { origins: user.origins, severity: "medium", observed: `user ${user.value}`, evidence: "user" },
  );
}

/** Judges processes by what the container itself may hold. */
function beyond(
  processes: readonly Process[],
  container: Container,
  configured: Container | undefined,
): Verdict {
  const allowed = boundingSet(container);
  if (isOpen(allowed)) return unknownFact(allowed);
  const limits: Limits = {
    capabilities: allowed.state === "set" ? allowed.value : new Set(),
    ...limitsOf(firstProcess(container), configured),
  };
  return combine(
    processes.map((process) => judge(process, limits)),
    unknown("none of its processes could be seen"),
  );
}

/** What holds for a container's own processes; false where it does not, or that is not known. */
interface Limits {
  readonly capabilities: ReadonlySet<string>;
  readonly isFiltered: boolean;
  readonly isNonRoot: boolean;
  readonly isWithoutNewPrivileges: boolean;
}

/** A first process may have dropped by itself what an exec still gets: where the settings are seen, they decide. */
function limitsOf(
  first: Process | undefined,
  configured: Container | undefined,
): Omit<Limits, "capabilities"> {
  const isFiltered = first?.seccomp.state === "set" && first.seccomp.value !== 0;
  if (!configured) {
    return {
      isFiltered,
      isNonRoot: first?.uid.state === "set" && first.uid.value !== 0,
      isWithoutNewPrivileges: first?.noNewPrivs.state === "set" && first.noNewPrivs.value,
    };
  }
  const { seccomp, noNewPrivileges } = configured;
  const starting = startingUser(configured);
  const isUnfiltered =
    asksPrivileged(configured) || (seccomp.state === "set" && seccomp.value.profile === "unconfined");
  return {
    isFiltered: isFiltered && !isUnfiltered,
    isNonRoot: starting.known && !starting.isRoot,
    isWithoutNewPrivileges: noNewPrivileges.state === "set" && noNewPrivileges.value,
  };
}

function judge(process: Process, limits: Limits): Verdict {
  const open = [process.capEffective, process.capBounding].find(isOpen);
  const held = [process.capEffective, process.capPermitted, process.capBounding].flatMap((fact) =>
    fact.state === "set" ? [...fact.value] : [],
  );
  const more = [...new Set(held)].filter((name) => !limits.capabilities.has(name));
  const who = `${nameProcesses([process])} ${process.role === "entered" ? "came in from outside" : "was started by an exec"}`;
  const problems: Verdict[] = [];
  if (more.length > 0) {
    const listed =
      more.length > 5 ? `${more.slice(0, 5).join(", ")} and ${more.length - 5} more` : more.join(", ");
    problems.push(
      fail(`${who} and holds what the container was denied: ${listed}`, {
        origins: originsIn([process], ({ capEffective }) => capEffective),
        evidence: process.name,
        observed: `${more.length} capabilities beyond the container's`,
      }),
    );
  }
  if (limits.isFiltered && process.seccomp.state === "set" && process.seccomp.value === 0) {
    problems.push(
      fail(`${who} and runs without the container's seccomp filter: every system call is open to it`, {
        origins: originsIn([process], ({ seccomp }) => seccomp),
        evidence: `${process.name} without seccomp`,
        observed: "no seccomp filter",
      }),
    );
  }
  if (limits.isNonRoot && process.uid.state === "set" && process.uid.value === 0) {
    problems.push(
      fail(`${who} and runs as root in a container that does not`, {
        origins: originsIn([process], ({ uid }) => uid),
        severity: "medium",
        evidence: `${process.name} as root`,
        observed: "root",
      }),
    );
  }
  if (limits.isWithoutNewPrivileges && process.noNewPrivs.state === "set" && !process.noNewPrivs.value) {
    problems.push(
      fail(`${who} and runs without the container's no-new-privileges: a setuid program raises it`, {
        origins: originsIn([process], ({ noNewPrivs }) => noNewPrivs),
        severity: "medium",
        evidence: `${process.name} without no-new-privileges`,
        observed: "no-new-privileges off",
      }),
    );
  }
  if (problems.length > 0) return combine(problems);
  if (open) return unknownFact(open);
  return pass("nothing beyond the container's own");
}

function advise() {
  return manual(
    "End the process, and use docker exec without --privileged; what it needs regularly belongs into the container's own --cap-add.",
  );
}
