import { isAtOrBelow } from "../../model/host/path.ts";
import type { Context, Control } from "../control.ts";
import {
  describeMount,
  type ExposedMount,
  judgeMounts,
  type MountProblem,
  withoutMounts,
} from "./exposed-mounts.ts";
import { reachOf } from "./mount-reach.ts";

export const hostProcMount: Control = {
  id: "host-proc-mount",
  title: "The host's /proc is mounted",
  why: "The host's /proc lists every process of the host with its command line. Mounted writable, it is a way out: root needs no capability to write `/proc/sys/kernel/core_pattern`, which names a program that the host's kernel runs as root. Docker masks parts of the container's own /proc, but not of the host's under another path. A bind of `/` includes /proc, because Docker's binds are recursive. Read-only leaves the reading (high), since Engine 25 and Linux 5.12 also below `/`; before that, what is mounted below stays writable.",
  row: "1.3",
  severity: "critical",
  guard: "deny",
  cis: ["5.6"],
  attack: ["T1611", "T1003.007", "T1057"],
  cwe: [250, 668],
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
  check: {
    container: (container, context) =>
      judgeMounts(container, context, (exposed) => exposesProc(exposed, context)),
  },
  remedy: {
    container: (container, context) => ({
      kind: "decision",
      summary:
        "Remove the mount of the host's /proc; run a monitoring agent that needs it on the host, or let it ask the Engine's metrics endpoint.",
      patches: withoutMounts(container, context, (exposed) => exposesProc(exposed, context)),
      breaks: "A monitoring agent reports the container's own processes and figures instead of the host's.",
    }),
  },
};

function exposesProc(exposed: ExposedMount, context: Context): MountProblem | undefined {
  const { mount, path } = exposed;
  const worst = reachOf(exposed, context).find(({ place }) => isAtOrBelow(place.path, "/proc"));
  if (!worst) return undefined;
  const along = path === "/" ? ", which includes the host's /proc" : "";
  return {
    severity: worst.severity,
    message: `${describeMount(exposed)}${mount.readOnly ? " read-only" : ""}${along}: a process in it can ${worst.can}`,
  };
}
