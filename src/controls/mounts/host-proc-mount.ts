import type { Control } from "../control.ts";
import {
  describeMount,
  type ExposedMount,
  judgeMounts,
  type MountProblem,
  withoutMounts,
} from "./exposed-mounts.ts";
import { isAtOrBelow } from "./host-path.ts";

/** Figures that every process may read and that change nothing. */
const figures = new Set(
  ["cpuinfo", "meminfo", "stat", "uptime", "loadavg", "diskstats", "swaps", "version", "vmstat"].map(
    (name) => `/proc/${name}`,
  ),
);

export const hostProcMount: Control = {
  id: "host-proc-mount",
  title: "The host's /proc is mounted",
  why: "The host's /proc shows every process of the host with its command line, environment, open files and root directory. Written to, it is a way out: `/proc/sys/kernel/core_pattern` names a program that the host's kernel runs as root, `/proc/sysrq-trigger` reboots the host. Docker's masks protect the container's own /proc, not a copy of the host's under another name. A bind of `/` brings the host's /proc along, because Docker's binds are recursive.",
  row: "1.3",
  severity: "critical",
  cis: ["5.6"],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/storage/bind-mounts/",
    "https://man7.org/linux/man-pages/man5/proc.5.html",
    "https://man7.org/linux/man-pages/man5/core.5.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run -v /proc:/host/proc:ro prom/node-exporter" },
      {
        syntax: "compose",
        text: "services:\n  tuner:\n    image: example/tuner\n    volumes:\n      - type: bind\n        source: /proc/sys\n        target: /host/sys\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run -v /srv/proc:/proc-data prom/node-exporter" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    volumes:\n      - ./data:/data\n",
      },
    ],
  },
  check: { container: (container, context) => judgeMounts(container, context, exposesProc) },
  remedy: {
    container: (container, context) => ({
      kind: "behavioural",
      summary:
        "Remove the mount of the host's /proc; run a monitoring agent that needs it on the host, or let it ask the Engine's metrics endpoint.",
      patches: withoutMounts(container, context, exposesProc),
      breaks: "A monitoring agent reports the container's own processes and figures instead of the host's.",
    }),
  },
};

function exposesProc(exposed: ExposedMount): MountProblem | undefined {
  const { path } = exposed;
  if (path === "/") {
    return {
      message: `${describeMount(exposed)}, the host's /proc with it: a process in it sees every process of the host and, through /proc/sys, can run programs as its root`,
    };
  }
  if (!isAtOrBelow(path, "/proc")) return undefined;
  if (figures.has(path)) {
    return {
      severity: "low",
      message: `${describeMount(exposed)}: it sees the host's own figures, which helps an intruder to know the machine`,
    };
  }
  const reach = exposed.mount.readOnly
    ? "a process in it sees every process of the host, with command lines and secrets in them"
    : "a process in it sees every process of the host and, through /proc/sys, can run programs as its root";
  return { message: `${describeMount(exposed)}${exposed.mount.readOnly ? " read-only" : ""}: ${reach}` };
}
