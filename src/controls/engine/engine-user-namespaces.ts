import { isOpen } from "../../model/fact.ts";
import { fail, pass, unknownFact } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { declaredNote, dockerOnly } from "./docker-only.ts";

export const engineUserNamespaces: Control = {
  id: "engine-user-namespaces",
  title: "Root in a container is root on the host",
  why: "Without user namespaces uid 0 in a container is uid 0 of the host: whatever slips out, a file on a bind mount, a leaked descriptor, a kernel bug, acts as root. `userns-remap` maps the container's users to numbers that own nothing on the host; rootless mode runs dockerd itself without privileges.",
  row: "2.10",
  severity: "medium",
  guard: "off",
  cis: ["2.9"],
  attack: ["T1611"],
  cwe: [250, 653],
  where: ["J", "E"],
  references: [
    "https://docs.docker.com/engine/security/userns-remap/",
    "https://docs.docker.com/engine/security/rootless/",
    "https://man7.org/linux/man-pages/man7/user_namespaces.7.html",
  ],
  examples: {
    bad: [
      { syntax: "daemon.json", text: "{}\n" },
      { syntax: "daemon.json", text: '{ "userns-remap": "" }\n' },
      { syntax: "dockerd", text: "dockerd -H fd://" },
    ],
    good: [
      { syntax: "daemon.json", text: '{ "userns-remap": "default" }\n' },
      { syntax: "dockerd", text: "dockerd --userns-remap=dockremap:dockremap" },
    ],
  },
  check: {
    engine: dockerOnly((engine) => {
      const { usernsRemap, rootless } = engine;
      if (rootless.state === "set" && rootless.value) return pass("rootless");
      if (usernsRemap.state === "set" && usernsRemap.value !== "")
        return pass(`userns-remap ${usernsRemap.value}`);
      if (isOpen(usernsRemap)) return unknownFact(usernsRemap);
      if (isOpen(rootless)) return unknownFact(rootless);
      return fail(
        `has neither userns-remap nor rootless mode, so root in a container is root on the host${declaredNote(engine, "that it runs rootless cannot be seen here")}`,
        {
          origins: usernsRemap.state === "set" ? usernsRemap.origins : [],
          evidence: "userns-remap",
          observed: "no user namespaces",
        },
      );
    }),
  },
  remedy: {
    engine: () => ({
      kind: "decision",
      summary: "Remap the users of containers with `userns-remap`, or run dockerd in rootless mode.",
      patches: [{ op: "set", field: "usernsRemap", value: "default" }],
      breaks:
        "dockerd keeps images, containers and volumes of remapped users in a folder of their own, so that existing ones seem gone until pulled or copied again; files on bind mounts need another owner; `--privileged`, `--pid=host` and `--network=host` need `--userns=host`.",
    }),
  },
};
