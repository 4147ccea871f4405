import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeFact } from "../facts.ts";
import { whereInForce } from "./limits.ts";

export const realtimeCpu: Control = {
  id: "realtime-cpu",
  title: "The container may run before everything else",
  why: "A realtime process runs before every normal one, as long as its runtime lasts. A loop in it keeps a CPU from the host's services, the Engine included, in every period. CPU limits do not apply to realtime scheduling.",
  row: "2.1",
  severity: "low",
  guard: "deny",
  cis: [],
  attack: ["T1499"],
  cwe: [770],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/containers/resource_constraints/#configure-the-real-time-scheduler",
    "https://docs.docker.com/reference/compose-file/services/#cpu_rt_runtime",
    "https://docs.kernel.org/scheduler/sched-rt-group.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --cpu-rt-runtime 950000 example/audio" },
      {
        syntax: "compose",
        text: "services:\n  audio:\n    image: example/audio\n    cpu_rt_runtime: 95000\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --cpus 0.5 example/audio" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n" },
    ],
  },
  check: {
    container: whereInForce(["cpus"], ({ cpuRealtimeRuntime }) =>
      judgeFact(cpuRealtimeRuntime, (value = 0, origins) =>
        value === 0
          ? pass("no realtime")
          : fail(
              `has ${value < 0 ? "unlimited" : `${value} microseconds of`} realtime in each period: it can keep a CPU from the whole host`,
              {
                origins,
                observed: `${value} µs of realtime`,
              },
            ),
      ),
    ),
  },
  remedy: {
    container: () => ({
      kind: "behavioural",
      summary: "Leave realtime out; give the container CPU shares or its own CPUs (cpuset).",
      patches: [{ op: "unset", field: "cpuRealtimeRuntime" }],
      breaks: "A program that asks for a realtime scheduler fails with EPERM (“Operation not permitted”).",
    }),
  },
};
