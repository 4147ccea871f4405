import { isOpen } from "../../model/fact.ts";
import { fail, pass, unknown, unknownFact } from "../../model/verdict.ts";
import type { Control } from "../control.ts";

export const privileged: Control = {
  id: "privileged",
  title: "The container is privileged",
  why: "`--privileged` takes the walls of a container down: every capability, every device of the host, no seccomp filter, no AppArmor or SELinux confinement, and no masked path in /proc and /sys. A process in it mounts the host's disk or loads a kernel module with one command, so that anyone who takes it over owns the host. It also overrides `--cap-drop`.",
  row: "2.9",
  severity: "critical",
  guard: "deny",
  cis: ["5.5", "5.4", "5.18", "5.22"],
  attack: ["T1611", "T1610"],
  cwe: [250, 269],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities",
    "https://docs.docker.com/reference/compose-file/services/#privileged",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --privileged alpine" },
      { syntax: "run", text: "docker run --privileged --cap-drop ALL alpine" },
      { syntax: "compose", text: "services:\n  builder:\n    image: docker:dind\n    privileged: true\n" },
    ],
    good: [
      { syntax: "run", text: "docker run --cap-drop ALL --device /dev/snd alpine" },
      {
        syntax: "compose",
        text: "services:\n  builder:\n    image: moby/buildkit:rootless\n    privileged: false\n",
      },
    ],
  },
  check: {
    container({ privileged: asked, level }) {
      if (isOpen(asked)) return unknownFact(asked);
      if (asked.state === "unset" && level === "effective") {
        return unknown("what its processes hold could not be read");
      }
      if (asked.state === "unset" || !asked.value) return pass("not privileged");
      const message =
        level === "effective"
          ? "holds what --privileged gives (every capability and device, no seccomp filter): a process in it can take over the host"
          : "runs privileged, with every capability and every device of the host: a process in it can take over the host";
      return fail(message, { origins: asked.origins, observed: "privileged" });
    },
  },
  remedy: {
    container: () => ({
      kind: "decision",
      summary:
        "Run it without --privileged, and give back by --cap-add and --device only what it turns out to need.",
      patches: [{ op: "set", field: "privileged", value: false }],
      breaks:
        "What used a device, mounted a file system or changed kernel settings fails with EPERM (“Operation not permitted”) or ENOENT below /dev; each such message names the capability or device to give back.",
    }),
  },
};
