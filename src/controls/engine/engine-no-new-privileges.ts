import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeFact } from "../facts.ts";
import { dockerOnly } from "./docker-only.ts";

export const engineNoNewPrivileges: Control = {
  id: "engine-no-new-privileges",
  title: "Containers may gain privileges by default",
  why: "A setuid program (su, sudo, mount, a forgotten binary in an image) or a file capability lets an unprivileged process in a container become root there. With `no-new-privileges` as the engine's default the kernel refuses that in every container that does not ask otherwise, also in those whose authors never heard of the option.",
  row: "2.11",
  severity: "medium",
  guard: "off",
  cis: ["2.14"],
  attack: ["T1548.001"],
  cwe: [269, 250],
  where: ["J", "E"],
  references: [
    "https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file",
    "https://docs.kernel.org/userspace-api/no_new_privs.html",
  ],
  examples: {
    bad: [
      { syntax: "daemon.json", text: "{}\n" },
      { syntax: "dockerd", text: "dockerd --no-new-privileges=false" },
    ],
    good: [
      { syntax: "daemon.json", text: '{ "no-new-privileges": true }\n' },
      { syntax: "dockerd", text: "dockerd --no-new-privileges" },
    ],
  },
  check: {
    engine: dockerOnly(({ noNewPrivileges }) =>
      judgeFact(noNewPrivileges, (value, origins) =>
        value
          ? pass("no-new-privileges")
          : fail(
              "does not set no-new-privileges by default: a setuid program in any container can make its caller root there",
              { origins, evidence: "no-new-privileges", observed: "no-new-privileges off" },
            ),
      ),
    ),
  },
  remedy: {
    engine: () => ({
      kind: "behavioural",
      summary: "Make no-new-privileges the default of every container.",
      patches: [{ op: "set", field: "noNewPrivileges", value: true }],
      breaks:
        "sudo, su and other setuid programs fail in containers started from then on (“effective uid is not 0”); one that needs them can run with `--security-opt no-new-privileges=false`.",
    }),
  },
};
