import type { Container } from "../../model/container.ts";
import type { Exec } from "../../model/exec.ts";
import type { Process } from "../../model/process.ts";
import { combine, fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { nameProcesses, originsIn } from "../processes.ts";
import { boundingSet } from "./bounding-set.ts";
import { asksPrivileged } from "./privilege.ts";

export const privilegedExec: Control = {
  id: "privileged-exec",
  title: "A process in the container holds more than the container",
  why: "`docker exec --privileged` starts a process with every capability in a container that has few, and nsenter or a debugging tool does the same from the host. Nothing in the container's own configuration shows it. Whoever takes that process over, or attaches to it from inside, has what the container was denied.",
  row: "2.9",
  severity: "high",
  cis: ["5.23"],
  where: ["A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/exec/#privileged",
    "https://man7.org/linux/man-pages/man1/nsenter.1.html",
  ],
  // No file says it: `docker exec --privileged web sh` against `docker exec web sh`.
  examples: { bad: [], good: [] },
  check: {
    exec(exec) {
      if (exec.level === "effective") return beyond(exec.processes, exec.container);
      if (exec.privileged.state === "unresolved") {
        return unknown(exec.privileged.reason, exec.privileged.origins);
      }
      if (exec.privileged.state === "unset" || !exec.privileged.value) return pass("not privileged");
      if (asksPrivileged(exec.container)) return pass("privileged, as its container is");
      return fail(
        "was started by docker exec --privileged: it holds every capability in a container that does not, and shows in none of its settings",
        { origins: exec.privileged.origins, observed: "privileged", evidence: "privileged" },
      );
    },
    container(container) {
      const entered = container.processes.filter(({ role }) => role === "entered");
      if (container.level !== "effective") {
        return notApplicable("which processes entered a container shows only in the kernel");
      }
      return entered.length === 0 ? pass("no process from outside") : beyond(entered, container);
    },
  },
  remedy: { exec: advise, container: advise },
};

/** Judges processes by what the container itself may hold. */
function beyond(processes: readonly Process[], container: Container): Verdict {
  const allowed = boundingSet(container);
  if (allowed.state === "unresolved") return unknown(allowed.reason, allowed.origins);
  const limit: ReadonlySet<string> = allowed.state === "set" ? allowed.value : new Set();
  return combine(
    processes.map((process) => judge(process, limit)),
    unknown("none of its processes could be seen"),
  );
}

function judge(process: Process, limit: ReadonlySet<string>): Verdict {
  const open = [process.capEffective, process.capBounding].find((fact) => fact.state === "unresolved");
  const held = [process.capEffective, process.capPermitted, process.capBounding].flatMap((fact) =>
    fact.state === "set" ? [...fact.value] : [],
  );
  const more = [...new Set(held)].filter((name) => !limit.has(name));
  if (more.length > 0) {
    const listed =
      more.length > 5 ? `${more.slice(0, 5).join(", ")} and ${more.length - 5} more` : more.join(", ");
    return fail(
      `${nameProcesses([process])} ${process.role === "entered" ? "came in from outside" : "was started by an exec"} and holds what the container was denied: ${listed}`,
      {
        origins: originsIn([process], ({ capEffective }) => capEffective),
        evidence: process.name,
        observed: `${more.length} capabilities beyond the container's`,
      },
    );
  }
  if (open?.state === "unresolved") return unknown(open.reason, open.origins);
  return pass("nothing beyond the container's capabilities");
}

function advise(_: Exec | Container) {
  return manual(
    "End the process, and use docker exec without --privileged; what it needs regularly belongs into the container's own --cap-add.",
  );
}
