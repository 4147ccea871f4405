import { valueOr } from "../../model/fact.ts";
import { fail, pass, unknown } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { isPodman } from "../engine/docker-only.ts";
import { judgeFact } from "../facts.ts";

/** Docker's own under its two names (moby: daemon/config). */
const usual: ReadonlySet<string> = new Set(["", "runc", "io.containerd.runc.v2"]);

export const runtimeHandler: Control = {
  id: "runtime-handler",
  title: "Another runtime than the engine's default",
  why: "dockerd starts the runtime as root, and the runtime applies seccomp, AppArmor, namespaces and limits. Another runtime need not apply them: what was checked here may not be what runs. Some isolate more than runc (gVisor, Kata Containers); name those in an ignore with a reason. The nvidia runtime is not needed for GPUs: `--gpus` gives them with runc.",
  row: "2.6",
  severity: "low",
  guard: "deny",
  cis: [],
  attack: ["T1611"],
  cwe: [693],
  where: ["F", "A"],
  references: [
    "https://docs.docker.com/engine/daemon/alternative-runtimes/",
    "https://docs.docker.com/reference/compose-file/services/#runtime",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --runtime kata alpine" },
      { syntax: "compose", text: "services:\n  job:\n    image: alpine\n    runtime: crun\n" },
    ],
    good: [
      { syntax: "run", text: "docker run --runtime runc alpine" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n" },
    ],
  },
  check: {
    container: ({ runtime }, { engine }) =>
      judgeFact(runtime, (name = "", origins) => {
        // Podman's API calls each runtime that (podman: pkg/api/handlers/compat/containers.go).
        if (name === "oci" && isPodman(engine))
          return unknown("podman does not tell which runtime it is", origins);
        if (usual.has(name) || (engine && name === valueOr(engine.defaultRuntime, ""))) return pass(name);
        return fail(
          `runs with the runtime ${name}: dockerd starts it as root, and it need not apply seccomp, AppArmor or limits`,
          { origins, evidence: name, observed: name },
        );
      }),
  },
  remedy: {
    container: () => ({
      kind: "behavioural",
      summary: "Leave the runtime out, so that the engine's default runs.",
      patches: [{ op: "unset", field: "runtime" }],
      breaks: "A workload that needs the runtime (a GPU with nvidia, WebAssembly) does not start.",
    }),
  },
};
