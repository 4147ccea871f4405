import { valueOr } from "../../model/fact.ts";
import { fail } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeHostNamespace, placementOf } from "./host-namespace.ts";

export const hostIpc: Control = {
  id: "host-ipc",
  title: "The container shares the host's IPC",
  why: "System V shared memory, semaphores and message queues, and /dev/shm, are the memory of the host's processes: a container in the host's IPC namespace reads and changes what databases and desktop programs keep there, and Docker turns SELinux confinement off with it. `shareable` opens the container's own IPC to any other container that asks to join, which is weaker and low.",
  row: "2.13",
  severity: "high",
  guard: "deny",
  cis: ["5.17"],
  attack: ["T1611", "T1005"],
  cwe: [653, 668],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#ipc",
    "https://docs.docker.com/reference/cli/dockerd/#default-ipc-mode",
    "https://man7.org/linux/man-pages/man7/ipc_namespaces.7.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --ipc=host postgres" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    ipc: shareable\n" },
    ],
    good: [
      { syntax: "run", text: "docker run --ipc=private --shm-size 256m postgres" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n" },
    ],
  },
  check: {
    container(container, context) {
      const placement = placementOf(container, "ipcMode", context);
      if (placement.place === "apart") {
        const byDefault =
          placement.mode === undefined &&
          context.engine &&
          valueOr(context.engine.defaultIpcMode, "") === "shareable";
        if (byDefault || placement.mode?.mode === "shareable") {
          return fail(
            `has an IPC namespace that any other container may join (shareable${byDefault ? ", the engine's default" : ""}): one that does reads and changes its shared memory`,
            {
              ...{ origins: placement.origins, severity: "low", evidence: "ipc", observed: "ipc shareable" },
              amongContainers: true,
            },
          );
        }
      }
      return judgeHostNamespace(container, "ipcMode", context, {
        name: "the host's IPC namespace",
        reach: "read and change the shared memory of the host's processes",
      });
    },
  },
  remedy: {
    container: () => ({
      kind: "decision",
      summary: "Give it its own IPC namespace; a larger /dev/shm is `--shm-size`, not the host's.",
      patches: [{ op: "set", field: "ipcMode", value: { mode: "private" } }],
      breaks: "Programs that exchange data with others through shared memory no longer find each other.",
    }),
  },
};
