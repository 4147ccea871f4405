import type { Container } from "../../model/container.ts";
import type { PathProtection } from "../../model/container-values.ts";
import { isOpen } from "../../model/fact.ts";
import { fail, pass, unknown, unknownFact } from "../../model/verdict.ts";
import { asksPrivileged, impliedByPrivileged } from "../capabilities/privilege.ts";
import type { Control } from "../control.ts";

/**
 * Of the paths that Docker protects (moby: oci/defaults.go), those that every engine of the last years does. The others
 * came later, so that an older engine's inspect document lacks them.
 */
const essential = [
  "/proc/kcore",
  "/proc/keys",
  "/proc/timer_list",
  "/sys/firmware",
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];

export const maskedPaths: Control = {
  id: "masked-paths",
  title: "Kernel paths are not masked",
  why: "/proc and /sys in a container are the host kernel's. Docker hides what leaks (/proc/kcore is the host's memory, /proc/keys, /sys/firmware) and makes read-only what steers the host (/proc/sys, /proc/sysrq-trigger). `systempaths=unconfined` undoes both: a root process in the container changes sysctls of the host (core_pattern runs a program on it) or reboots it.",
  row: "2.7",
  severity: "high",
  guard: "deny",
  cis: [],
  attack: ["T1611", "T1082"],
  cwe: [693, 668],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#security-opt",
    "https://github.com/moby/moby/blob/master/oci/defaults.go",
    "https://man7.org/linux/man-pages/man5/proc.5.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --security-opt systempaths=unconfined alpine" },
      {
        syntax: "compose",
        text: "services:\n  build:\n    image: alpine\n    security_opt: [systempaths=unconfined]\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run alpine" },
      {
        syntax: "compose",
        text: "services:\n  build:\n    image: alpine\n    security_opt: [no-new-privileges]\n",
      },
    ],
  },
  check: {
    container(container) {
      const { pathProtection } = container;
      if (isOpen(pathProtection)) return unknownFact(pathProtection);
      if (isImplied(container)) return impliedByPrivileged("unmasks them");
      if (pathProtection.state === "unset") {
        return container.level === "effective" ? unknown("its mounts could not be read") : pass("masked");
      }
      const open = openPaths(pathProtection.value);
      if (open.length === 0) return pass("masked");
      const which =
        open.length === essential.length ? "the kernel's paths in /proc and /sys" : open.join(", ");
      return fail(`leaves ${which} unmasked: root in it can read and steer the host's kernel`, {
        origins: pathProtection.origins,
        observed: "unmasked",
      });
    },
  },
  remedy: {
    container: () => ({
      kind: "behavioural",
      summary: "Take systempaths=unconfined away, so that Docker masks the kernel's paths again.",
      patches: [{ op: "unset", field: "pathProtection" }],
      breaks:
        "Writes below /proc/sys fail with EROFS (“Read-only file system”), and building or running containers inside (which mounts /proc anew) with EPERM; set what it needs with --sysctl.",
    }),
  },
};

function openPaths(protection: PathProtection): readonly string[] {
  if (protection.mode === "unconfined") return essential;
  const closed = [...protection.masked, ...protection.readonly];
  return closed.length === 0 ? essential : essential.filter((path) => !closed.includes(path));
}

/** A privileged container's inspect document shows no masked path, which nobody asked for by itself. */
function isImplied(container: Container): boolean {
  if (!asksPrivileged(container)) return false;
  return container.level !== "declared" || container.pathProtection.state === "unset";
}
