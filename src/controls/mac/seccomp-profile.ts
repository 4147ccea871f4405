import type { Container } from "../../model/container.ts";
import { isOpen, originsOf } from "../../model/fact.ts";
import { fail, notApplicable, pass, unknown, unknownFact, type Verdict } from "../../model/verdict.ts";
import { asksPrivileged, impliedByPrivileged } from "../capabilities/privilege.ts";
import { type Context, type Control, manual } from "../control.ts";
import { judgeProcesses, nameProcesses, originsIn } from "../processes.ts";

const consequence =
  "a process in it reaches every system call of the host's kernel, the rarely tested ones too";

export const seccompProfile: Control = {
  id: "seccomp-profile",
  title: "No seccomp filter",
  why: "Docker's default seccomp profile keeps some 40 system calls from a container, among them those behind many kernel exploits (keyctl, userfaultfd, unshare, bpf, …). All containers share the host's kernel: without the filter its whole surface is open to anyone who gets into this one. A custom profile that allows by default and denies nothing is not a filter either.",
  row: "2.6",
  severity: "high",
  guard: "deny",
  cis: ["5.22"],
  attack: ["T1611", "T1068"],
  cwe: [693, 250],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/security/seccomp/",
    "https://man7.org/linux/man-pages/man2/seccomp.2.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --security-opt seccomp=unconfined alpine" },
      {
        syntax: "compose",
        text: "services:\n  debug:\n    image: alpine\n    security_opt:\n      - seccomp:unconfined\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run alpine" },
      {
        syntax: "run",
        text: "docker run --security-opt seccomp=unconfined --security-opt seccomp=builtin alpine",
      },
    ],
  },
  check: {
    container(container, context) {
      if (context.engine?.seccompSupported.state === "set" && !context.engine.seccompSupported.value) {
        return notApplicable("the kernel has no seccomp, so that no profile can hold");
      }
      return container.level === "effective" ? judgeKernel(container) : judgeAsked(container, context);
    },
  },
  remedy: {
    container: ({ seccomp }) => {
      if (seccomp.state === "unset")
        return manual("Mend the engine's default profile, which every container has.");
      return {
        kind: "behavioural",
        summary:
          "Take the option away, so that Docker's default profile holds; or write a profile that allows what is missing.",
        patches: [{ op: "unset", field: "seccomp" }],
        breaks:
          "A system call that the default profile denies fails with EPERM (“Operation not permitted”): debuggers, some sandboxes (Chromium's), perf. The kernel's audit log names the call (type=SECCOMP).",
      };
    },
  },
};

function judgeAsked(container: Container, { engine }: Context): Verdict {
  const { seccomp } = container;
  if (isOpen(seccomp)) return unknownFact(seccomp);
  if (seccomp.state === "unset") {
    if (asksPrivileged(container)) {
      return impliedByPrivileged("turns the filter off");
    }
    const isOff = engine?.seccompProfile.state === "set" && engine.seccompProfile.value === "unconfined";
    if (isOff) {
      return fail(`runs without a seccomp filter, which is the engine's default here: ${consequence}`, {
        origins: [],
        observed: "unconfined",
      });
    }
    if (engine?.seccompAllowsAll.state !== "set" || !engine.seccompAllowsAll.value)
      return pass("the default profile");
    return fail(
      `runs with the engine's default seccomp profile, which allows almost every system call: ${consequence}`,
      { origins: [], observed: "a profile that allows almost all" },
    );
  }
  const where = { origins: originsOf(seccomp), observed: "unconfined" };
  if (seccomp.value.profile === "unconfined") {
    return fail(`runs with seccomp=unconfined: ${consequence}`, where);
  }
  if (seccomp.value.profile === "default") return pass("the default profile");
  const name = seccomp.value.path ?? "given inline";
  if (seccomp.value.allowsAll === undefined) {
    return unknown(`the seccomp profile ${name} could not be read`, seccomp.origins);
  }
  if (!seccomp.value.allowsAll) return pass("its own profile");
  return fail(`runs with a seccomp profile (${name}) that allows almost every system call: ${consequence}`, {
    ...where,
    observed: "a profile that allows almost all",
  });
}

function judgeKernel(container: Container): Verdict {
  if (asksPrivileged(container)) return impliedByPrivileged("turns the filter off");
  return judgeProcesses(
    container,
    (process) => process.seccomp,
    (mode) => mode === 0,
    {
      bad: (processes) =>
        fail(`${nameProcesses(processes)} runs without a seccomp filter: ${consequence}`, {
          origins: originsIn(processes, ({ seccomp }) => seccomp),
          observed: "no filter",
        }),
      good: () => pass("a filter"),
    },
  );
}
