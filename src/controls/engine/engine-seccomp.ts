import { fail, notApplicable, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeFact } from "../facts.ts";
import { dockerOnly } from "./docker-only.ts";

export const engineSeccomp: Control = {
  id: "engine-seccomp",
  title: "The default seccomp profile is off",
  why: "Docker's default seccomp profile keeps some 50 system calls from containers, among them those that most kernel exploits and break-outs begin with (keyctl, bpf, userfaultfd, mount, unshare of user namespaces). `unconfined` as the engine's default takes that wall from every container that does not bring a profile itself, which is nearly all.",
  row: "2.6",
  severity: "high",
  guard: "off",
  cis: ["2.17"],
  attack: ["T1611", "T1068"],
  cwe: [693, 250],
  where: ["J", "E"],
  references: [
    "https://docs.docker.com/engine/security/seccomp/",
    "https://docs.docker.com/reference/cli/dockerd/",
    "https://man7.org/linux/man-pages/man2/seccomp.2.html",
  ],
  examples: {
    bad: [
      { syntax: "daemon.json", text: '{ "seccomp-profile": "unconfined" }\n' },
      { syntax: "dockerd", text: "dockerd --seccomp-profile=unconfined" },
    ],
    good: [
      { syntax: "daemon.json", text: "{}\n" },
      { syntax: "daemon.json", text: '{ "seccomp-profile": "/etc/docker/seccomp.json" }\n' },
    ],
  },
  check: {
    engine: dockerOnly(({ seccompProfile, seccompAllowsAll, seccompSupported }) => {
      if (seccompSupported.state === "set" && !seccompSupported.value) {
        return notApplicable("the kernel, or this build of the engine, has no seccomp");
      }
      return judgeFact(seccompProfile, (profile, origins) => {
        if (seccompAllowsAll.state === "set" && seccompAllowsAll.value) {
          return fail(
            `runs containers by default with a seccomp profile (${profile}) that allows almost every system call: it is not a filter`,
            { origins, evidence: "seccomp-profile", observed: "a profile that allows all" },
          );
        }
        if (profile !== "unconfined") return pass(`seccomp ${profile || "builtin"}`);
        return fail(
          "runs containers without a seccomp filter by default (unconfined): every system call of the kernel is open to them",
          { origins, evidence: "seccomp-profile", observed: "seccomp unconfined" },
        );
      });
    }),
  },
  remedy: {
    engine: () => ({
      kind: "behavioural",
      summary: "Go back to Docker's own default profile.",
      patches: [{ op: "unset", field: "seccompProfile" }],
      breaks:
        "A program that needs a forbidden system call fails with EPERM; give that one container its own profile (`--security-opt seccomp=profile.json`).",
    }),
  },
};
