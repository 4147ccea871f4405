import type { Process } from "../../model/container/process.ts";
import type { Container } from "../../model/container.ts";
import type { Engine } from "../../model/engine.ts";
import { isOpen, unset, valueOr } from "../../model/fact.ts";
import { fail, pass, unknownFact, type Verdict } from "../../model/verdict.ts";
import { type Context, type Control, manual } from "../control.ts";
import { isPodman } from "../engine/docker-only.ts";
import { nameProcesses, originsIn } from "../processes.ts";

/** Where the Engine puts containers by itself, by what puts them there. */
const parents = {
  docker: { cgroupfs: "/docker", systemd: "/system.slice", rootless: "/user.slice" },
  // podman: libpod/container_internal_linux.go
  podman: { cgroupfs: "/libpod_parent", systemd: "/machine.slice", rootless: "/user.slice" },
} as const;

/** All of them, since a reading does not show the driver. Podman's machines run in units of the system, too. */
export function usualParents(engine: Engine | undefined): readonly string[] {
  return isPodman(engine)
    ? [...Object.values(parents.podman), parents.docker.systemd]
    : Object.values(parents.docker);
}

/** The one that the Engine takes, by its `CgroupDriver`. */
export function parentByDriver(engine: Engine | undefined, driver: string | undefined): string {
  const own = parents[isPodman(engine) ? "podman" : "docker"];
  if (driver !== "systemd") return own.cgroupfs;
  return engine && valueOr(engine.rootless, false) ? own.rootless : own.systemd;
}

export const cgroupParent: Control = {
  id: "cgroup-parent",
  title: "A cgroup outside the Engine's own",
  why: "A container's limits hold within its parent cgroup. Under another parent it escapes what was set for all containers together, takes part in the budget of whatever else lives there, and no tool that looks for containers under the Engine's cgroup sees it. A process that somebody moved into another cgroup is free of all its container's limits, and nothing in the Engine shows that.",
  row: "2.1",
  severity: "medium",
  guard: "harden",
  cis: ["5.25"],
  attack: ["T1499", "T1611"],
  cwe: [770, 653],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/dockerd/#default-cgroup-parent",
    "https://docs.docker.com/reference/compose-file/services/#cgroup_parent",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --cgroup-parent /batch nginx" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    cgroup_parent: m-executor-abcd\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    cgroup_parent: /docker\n" },
    ],
  },
  check: {
    container(container: Container, { engine }: Context) {
      const strays = container.processes.filter(({ strayCgroup }) => strayCgroup !== undefined);
      if (strays.length > 0) return judgeStrays(strays);
      const { cgroupParent: parent } = container;
      if (isOpen(parent)) return unknownFact(parent);
      if (parent.state === "unset" || parent.value === "") return pass("the engine's own cgroup");
      const own = engine ? valueOr(engine.cgroupParent, "") : "";
      const allowed = own === "" ? usualParents(engine) : [clean(own)];
      const path = clean(parent.value);
      if (allowed.some((each) => path === each || path.startsWith(`${each}/`))) return pass(parent.value);
      return fail(
        `runs under the cgroup ${parent.value} instead of the engine's own: limits for all containers do not hold for it`,
        { origins: parent.origins, observed: parent.value, evidence: parent.value },
      );
    },
  },
  remedy: {
    container: ({ processes }) =>
      processes.some(({ strayCgroup }) => strayCgroup !== undefined)
        ? manual(
            "Find out who moved the process, and restart the container: its processes start in its own cgroup.",
          )
        : {
            kind: "behavioural",
            summary: "Leave the cgroup parent to the Engine.",
            patches: [{ op: "unset", field: "cgroupParent" }],
            breaks: "Limits that were set on the other cgroup no longer hold for it; set its own.",
          },
  },
};

/** Processes that were moved out of the container's cgroup. */
function judgeStrays(strays: readonly Process[]): Verdict {
  const [first] = strays;
  const places = first?.strayCgroup?.value ?? "";
  const verb = strays.length === 1 ? "was" : "were";
  return fail(
    `${nameProcesses(strays)} ${verb} moved out of the container's cgroup, to ${places}: the container's limits do not hold there`,
    {
      origins: originsIn(strays, ({ strayCgroup }) => strayCgroup ?? unset),
      observed: places,
      evidence: "moved process",
    },
  );
}

/** Absolute, without empty parts and with `..` followed: the Engine takes the path from the cgroup root. */
function clean(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
