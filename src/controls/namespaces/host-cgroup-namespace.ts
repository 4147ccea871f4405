import type { Container } from "../../model/container.ts";
import type { Engine } from "../../model/engine.ts";
import { valueOr } from "../../model/fact.ts";
import { fail } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeHostNamespace } from "./host-namespace.ts";

const reach = "see where it stands among the host's cgroups and which others there are";

export const hostCgroupNamespace: Control = {
  id: "host-cgroup-namespace",
  title: "The container shares the host's cgroup namespace",
  why: "In the host's cgroup namespace /proc/self/cgroup shows the container's full path among the host's services, and a cgroup file system mounted inside shows all of them: names of units, container ids, and with write access their limits. Docker gives every container its own on cgroup v2; on cgroup v1 the host's is the default, which is worth knowing and no more.",
  row: "2.13",
  severity: "low",
  guard: "harden",
  cis: [],
  attack: ["T1613", "T1082"],
  cwe: [653],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/containers/runmetrics/#running-docker-on-cgroup-v2",
    "https://docs.docker.com/reference/cli/dockerd/",
    "https://man7.org/linux/man-pages/man7/cgroup_namespaces.7.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --cgroupns=host nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    cgroup: host\n" },
    ],
    good: [
      { syntax: "run", text: "docker run --cgroupns private nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n" },
    ],
  },
  check: {
    container(container, { engine, ...context }) {
      const isDefault = engine !== undefined && sharesByDefault(engine);
      if (isDefault && container.cgroupnsMode.state === "unset" && container.processes.length === 0) {
        return fail(
          `runs in the host's cgroup namespace, this engine's default: a process in it can ${reach}`,
          {
            severity: "info",
            evidence: "cgroup",
            observed: "cgroup host",
          },
        );
      }
      return judgeHostNamespace(
        container,
        "cgroupnsMode",
        { engine, ...context },
        {
          name: `the host's cgroup namespace${isDefault ? ", this engine's default" : ""}`,
          reach,
          ...(isDefault && !saysSo(container) ? { severity: "info" } : {}),
        },
      );
    },
  },
  remedy: {
    container: () => ({
      kind: "behavioural",
      summary: "Give it its own cgroup namespace.",
      patches: [{ op: "set", field: "cgroupnsMode", value: { mode: "private" } }],
      breaks:
        "A monitoring agent or a nested container engine that looks for the host's cgroup paths does not find them.",
    }),
  },
};

/** A file that writes `host` means it; what the Engine and the kernel show may be the default alone. */
function saysSo({ level }: Container): boolean {
  return level === "declared";
}

/** moby: daemon/daemon_unix.go, adaptContainerSettings: host on cgroup v1, private on v2, unless dockerd says otherwise. */
function sharesByDefault({ defaultCgroupnsMode, cgroupVersion }: Engine): boolean {
  const mode = valueOr(defaultCgroupnsMode, "");
  return mode === "host" || (mode === "" && valueOr(cgroupVersion, 2) === 1);
}
