import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeFact } from "../facts.ts";

export const oomScore: Control = {
  id: "oom-score",
  title: "The kernel kills others before this container",
  why: "When memory runs out, the kernel kills the process with the highest score. A container with a negative adjustment is spared, and the host's own services die first: SSH, the Engine, databases. -1000 exempts it completely. A memory limit protects the host better.",
  row: "2.2",
  severity: "low",
  guard: "deny",
  cis: [],
  attack: ["T1499"],
  cwe: [770],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/compose-file/services/#oom_score_adj",
    "https://docs.docker.com/engine/containers/resource_constraints/#memory",
    "https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --oom-score-adj=-999 redis" },
      { syntax: "compose", text: "services:\n  cache:\n    image: redis\n    oom_score_adj: -500\n" },
    ],
    good: [
      { syntax: "run", text: "docker run --oom-score-adj 500 redis" },
      { syntax: "compose", text: "services:\n  cache:\n    image: redis\n" },
    ],
  },
  check: {
    container: ({ oomScoreAdj }) =>
      judgeFact(oomScoreAdj, (value = 0, origins) =>
        value >= 0
          ? pass(`OOM score ${value}`)
          : fail(
              `sets its OOM score to ${value}: when memory runs out, the kernel kills the host's services first`,
              {
                origins,
                observed: `OOM score ${value}`,
              },
            ),
      ),
  },
  remedy: {
    container: () => ({
      kind: "behavioural",
      summary: "Leave the score at 0 and set a memory limit.",
      patches: [{ op: "unset", field: "oomScoreAdj" }],
      breaks: "When the host runs out of memory, the kernel may kill this container (exit status 137).",
    }),
  },
};
