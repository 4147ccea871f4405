import { setItems } from "../../model/fact.ts";
import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { isPodman } from "../engine/docker-only.ts";
import { judgeItems } from "../facts.ts";

/**
 * Prefixes that a runtime acts on: systemd properties of runc and crun (runc: docs/systemd.md), crun's own (crun(1)), those
 * of Kata Containers and gVisor.
 */
const obeyed = ["org.systemd.property.", "run.oci.", "io.katacontainers.", "dev.gvisor."];

/** What Podman notes of each of its containers (podman: libpod/define/annotations.go). */
const ownOfPodman = ["io.podman.annotations.", "io.container.manager", "org.opencontainers."];

/** How systemd is to stop a container: the stop signal and time that Podman gives it. */
const stopOfPodman = ["org.systemd.property.KillSignal", "org.systemd.property.TimeoutStopUSec"];

/** Whether Podman itself gives its containers the annotation. */
export function isPodmansOwn(name: string): boolean {
  return stopOfPodman.includes(name) || ownOfPodman.some((prefix) => name.startsWith(prefix));
}

function isObeyed(name: string): boolean {
  return obeyed.some((prefix) => name.startsWith(prefix));
}

export const runtimeAnnotation: Control = {
  id: "runtime-annotation",
  title: "An annotation is handed to the container runtime",
  why: "The Engine passes annotations to the OCI runtime without a check. runc and crun set properties of the container's systemd unit from them, which can lift a memory limit. crun and Kata Containers take hooks, a hypervisor or weaker protection from them. Annotations that no runtime knows are only notes.",
  row: "2.6",
  severity: "low",
  guard: "deny",
  cis: [],
  attack: ["T1611", "T1562.001"],
  cwe: [693],
  where: ["F", "A"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#annotation",
    "https://github.com/opencontainers/runc/blob/main/docs/systemd.md",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --annotation org.systemd.property.MemoryMax=infinity alpine" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    annotations:\n      run.oci.keep_original_groups: '1'\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --label com.example.team=web alpine" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    labels:\n      com.example.team: web\n",
      },
    ],
  },
  check: {
    container: ({ annotations }, { engine }) =>
      judgeItems(annotations, ({ value: { name }, origins }) => {
        if (isPodman(engine) && isPodmansOwn(name)) return pass();
        const evidence = { origins, evidence: name, observed: name };
        return isObeyed(name)
          ? fail(
              `sets the annotation ${name}: the runtime obeys it, and the Engine does not check it`,
              evidence,
            )
          : fail(`sets the annotation ${name}: what it does depends on the runtime`, {
              ...evidence,
              severity: "info",
            });
      }),
  },
  remedy: {
    container: ({ annotations }) => ({
      kind: "behavioural",
      summary: "Remove the annotation; use a label for a note.",
      patches: setItems(annotations).map(
        ({ value }) => ({ op: "remove", field: "annotations", value }) as const,
      ),
      breaks:
        "A runtime that needs the annotation (Kata Containers, WebAssembly) starts the container differently or not at all.",
    }),
  },
};
