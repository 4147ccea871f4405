import type { Control } from "../control.ts";
import { judgeHostNamespace } from "./host-namespace.ts";

export const hostUts: Control = {
  id: "host-uts",
  title: "The container shares the host's UTS namespace",
  why: "The UTS namespace holds the host name and the NIS domain name. A container in the host's can, with SYS_ADMIN, rename the host under the feet of everything that logs, clusters or authenticates by that name, and it learns the host's name in any case.",
  row: "2.13",
  severity: "medium",
  guard: "harden",
  cis: ["5.21"],
  attack: ["T1565"],
  cwe: [653],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#uts",
    "https://man7.org/linux/man-pages/man7/uts_namespaces.7.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --uts host nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    uts: host\n" },
    ],
    good: [
      { syntax: "run", text: "docker run --hostname web nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    hostname: web\n" },
    ],
  },
  check: {
    container: (container, context) =>
      judgeHostNamespace(container, "utsMode", context, {
        name: "the host's UTS namespace",
        reach: "see the host's name and, with SYS_ADMIN, change it",
      }),
  },
  remedy: {
    container: () => ({
      kind: "behavioural",
      summary: "Give it its own host name (`--hostname`, `hostname:`) instead of the host's namespace.",
      patches: [{ op: "unset", field: "utsMode" }],
      breaks: "The container's host name is its id, or what `--hostname` says, instead of the host's.",
    }),
  },
};
