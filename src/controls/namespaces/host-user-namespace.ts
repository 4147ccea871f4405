import type { Engine } from "../../model/engine.ts";
import { valueOr } from "../../model/fact.ts";
import { fail, notApplicable, pass, unknown } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { placementOf } from "./host-namespace.ts";

export const hostUserNamespace: Control = {
  id: "host-user-namespace",
  title: "The container opts out of user namespaces",
  why: "Where the engine remaps users, root in a container is an unprivileged number on the host: a break-out ends in an account that owns nothing. `--userns=host` gives that up for one container, whose root is the host's root again. Where the engine does not remap, every container shares the host's user namespace anyway and the option only shows what will go wrong once it does.",
  row: "2.10",
  severity: "high",
  guard: "deny",
  cis: ["5.31"],
  attack: ["T1611"],
  cwe: [653, 250],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/security/userns-remap/#disable-namespace-remapping-for-a-container",
    "https://docs.docker.com/reference/cli/docker/container/run/#userns",
    "https://man7.org/linux/man-pages/man7/user_namespaces.7.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --userns=host nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n    userns_mode: host\n" },
    ],
    good: [
      { syntax: "run", text: "docker run nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n" },
    ],
  },
  check: {
    container(container, context) {
      const placement = placementOf(container, "usernsMode", context);
      if (placement.place === "unknown") return unknown(placement.reason, placement.origins);
      if (placement.place === "apart") return pass();
      const remaps = context.engine !== undefined && isRemapped(context.engine);
      if (container.level === "effective" && !remaps) {
        return notApplicable("the kernel cannot tell who opted out from who was never remapped");
      }
      const consequence = remaps
        ? "root in it is root on the host, although this engine remaps users"
        : "root in it is root on the host, and stays so once the engine remaps users";
      return fail(`opts out of user namespaces (userns host): ${consequence}`, {
        origins: placement.origins,
        severity: remaps ? "high" : "low",
        evidence: "user",
        observed: "userns host",
      });
    },
  },
  remedy: {
    container: () => ({
      kind: "decision",
      summary: "Leave it in the engine's user namespace.",
      patches: [{ op: "unset", field: "usernsMode" }],
      breaks:
        "With remapped users, files in its volumes belong to other numbers (chown them), and `--privileged`, `--pid=host` and `--network=host` are refused without it.",
    }),
  },
};

function isRemapped({ usernsRemap }: Engine): boolean {
  return valueOr(usernsRemap, "") !== "";
}
