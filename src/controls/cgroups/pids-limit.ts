import { isOpen } from "../../model/fact.ts";
import { amountIn } from "../../model/facts/table.ts";
import { fail, pass, unknownFact } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { whereInForce } from "./limits.ts";

export const pidsLimit: Control = {
  id: "pids-limit",
  title: "The number of processes is not limited",
  why: "A fork bomb, or a program that leaks processes or threads, uses up all process IDs of the host: nobody else can start a process, an administrator's shell included. --pids-limit ends that at the container's edge. 0 and negative numbers mean no limit. It counts threads too.",
  row: "2.5",
  severity: "medium",
  guard: "harden",
  cis: ["5.29"],
  attack: ["T1499.001"],
  cwe: [770, 400],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#pids-limit",
    "https://docs.docker.com/reference/compose-file/services/#pids_limit",
    "https://docs.kernel.org/admin-guide/cgroup-v2.html#pid",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run nginx" },
      { syntax: "run", text: "docker run --pids-limit -1 nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    pids_limit: 0\n" },
    ],
    good: [
      { syntax: "run", text: "docker run --pids-limit 200 nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    deploy:\n      resources:\n        limits:\n          pids: 200\n",
      },
    ],
  },
  settledBy: "effective",
  check: {
    container: whereInForce(["pids-limit"], (container) => {
      const { pidsLimit: limit, level } = container;
      if (isOpen(limit)) return unknownFact(limit);
      const most = amountIn(container, "pidsLimit");
      if (most !== undefined) return pass(`${most} processes`);
      const asked = limit.state === "set" && level === "declared";
      const how = asked ? `sets pids-limit ${limit.value}, which is none` : "has no pids limit";
      return fail(`${how}: a fork bomb in it uses up all process IDs of the host`, {
        origins: limit.state === "set" ? limit.origins : [],
        observed: "no pids limit",
      });
    }),
  },
  remedy: {
    container: () => ({
      kind: "behavioural",
      summary:
        "Limit the processes; 200 is ample for most servers, and pids.peak in its cgroup shows what it needs.",
      patches: [{ op: "set", field: "pidsLimit", value: 200 }],
      breaks:
        "A workload with more processes and threads together than the limit (a large JVM, a database with many connections) gets EAGAIN: “Resource temporarily unavailable”, “unable to create native thread”.",
    }),
  },
};
