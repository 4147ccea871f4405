import type { Control } from "../control.ts";
import { judgeHostNamespace } from "./host-namespace.ts";

export const hostPid: Control = {
  id: "host-pid",
  title: "The container sees the host's processes",
  why: "In the host's PID namespace a container lists every process of the host with its command line, kills what runs under its uid, which is root's for most containers, and with SYS_PTRACE reads their memory or walks through /proc/PID/root into the host's file system. Docker also turns SELinux confinement off with it.",
  row: "2.13",
  severity: "high",
  guard: "deny",
  cis: ["5.16"],
  attack: ["T1057", "T1055.008", "T1003.007"],
  cwe: [653, 668],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#pid",
    "https://man7.org/linux/man-pages/man7/pid_namespaces.7.html",
    "https://man7.org/linux/man-pages/man2/ptrace.2.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --pid=host htop" },
      { syntax: "compose", text: "services:\n  top:\n    image: example/htop\n    pid: host\n" },
    ],
    good: [
      { syntax: "run", text: "docker run htop" },
      {
        syntax: "compose",
        text: "services:\n  strace:\n    image: example/strace\n    pid: service:http\n  http:\n    image: nginx\n",
      },
    ],
  },
  check: {
    container: (container, context) =>
      judgeHostNamespace(container, "pidMode", context, {
        name: "the host's PID namespace",
        reach: "see every process of the host and signal those of its uid",
      }),
  },
  remedy: {
    container: () => ({
      kind: "decision",
      summary:
        "Give it its own PID namespace; where it must see another container's processes, join only that one (`--pid container:NAME`, `pid: service:NAME`).",
      patches: [{ op: "unset", field: "pidMode" }],
      breaks: "A monitoring or debugging tool sees only its own processes.",
    }),
  },
};
