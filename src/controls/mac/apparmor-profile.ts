import { isBefore, releaseOf } from "../../model/advisories/release.ts";
import type { Container } from "../../model/container.ts";
import type { Engine } from "../../model/engine.ts";
import { isOpen } from "../../model/fact.ts";
import { fail, notApplicable, pass, unknown, unknownFact, type Verdict } from "../../model/verdict.ts";
import { asksPrivileged, impliedByPrivileged } from "../capabilities/privilege.ts";
import type { Context, Control } from "../control.ts";
import { runsModule } from "./security-module.ts";

export const apparmorProfile: Control = {
  id: "apparmor-profile",
  title: "AppArmor does not confine the container",
  why: "The docker-default profile denies a container mounts, writes below /proc/sys and /sys, and tracing of processes outside of it, whatever capabilities it holds. It is what still holds when a capability was given away or a mount was forgotten. With apparmor=unconfined that second line is gone, and a profile in complain mode only writes down what it would have denied.",
  row: "2.7",
  severity: "high",
  guard: "deny",
  cis: ["5.2"],
  attack: ["T1611", "T1068"],
  cwe: [693],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/security/apparmor/",
    "https://docs.docker.com/reference/compose-file/services/#security_opt",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --security-opt apparmor=unconfined alpine" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    security_opt: [apparmor:unconfined]\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --security-opt apparmor=docker-default alpine" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    security_opt: [apparmor=my-nginx]\n",
      },
    ],
  },
  check: {
    container: (container, context) =>
      container.level === "effective" ? judgeKernel(container, context) : judgeAsked(container, context),
  },
  remedy: {
    container: () => ({
      kind: "behavioural",
      summary: "Take the option away, so that docker-default holds; or load a separate profile and name it.",
      patches: [{ op: "unset", field: "apparmor" }],
      breaks:
        "What docker-default denies fails with EACCES (“Permission denied”): mount(2), writes below /proc/sys, ptrace of other profiles' processes. The kernel's log names each (apparmor=\"DENIED\").",
    }),
  },
};

function judgeAsked(container: Container, { engine }: Context): Verdict {
  const { apparmor, level } = container;
  if (level === "configured" && runsModule("apparmor", engine) === false) {
    return notApplicable("AppArmor does not run on this engine");
  }
  if (isOpen(apparmor)) return unknownFact(apparmor);
  if (asksPrivileged(container) && (apparmor.state === "unset" || level === "configured")) {
    return impliedByPrivileged("turns the profile off");
  }
  if (apparmor.state === "unset" || apparmor.value === "") return pass("docker-default");
  if (apparmor.value !== "unconfined") {
    return asksPrivileged(container) && !keepsItsProfile(engine)
      ? unknown(
          `a privileged container has ${apparmor.value} until it starts again, and is unconfined then: an Engine before ${keptSince} forgets the profile`,
          apparmor.origins,
        )
      : pass(apparmor.value);
  }
  return fail("runs with apparmor=unconfined: where AppArmor runs, it confines nothing in this container", {
    origins: apparmor.origins,
    observed: "unconfined",
  });
}

/** dockerd wrote "unconfined" over the profile of a privileged container at its start: https://github.com/moby/moby/pull/52215 */
const keptSince = "29.4.0";

/** A distribution's package may have the fix in an older version: that is not known here. */
function keepsItsProfile(engine: Engine | undefined): boolean {
  const release = engine?.version.state === "set" ? releaseOf(engine.version.value) : undefined;
  return release !== undefined && !isBefore(release, keptSince);
}

/** The kernel's label of the first process; unset where the kernel does not run AppArmor. */
function judgeKernel(container: Container, { configured, engine }: Context): Verdict {
  const { apparmor } = container;
  if (asksPrivileged(container)) return impliedByPrivileged("turns the profile off");
  if (apparmor.state === "unset") return notApplicable("the kernel does not run AppArmor");
  if (configured && runsModule("apparmor", engine) === false)
    return notApplicable("this Engine confines no container by AppArmor: engine-mac says it once");
  if (isOpen(apparmor)) return unknownFact(apparmor);
  const profile = apparmor.value;
  if (profile !== "unconfined" && !profile.endsWith(" (complain)")) return pass(profile);
  const how = profile === "unconfined" ? "unconfined by AppArmor" : `under ${profile}, which only logs`;
  return fail(`runs ${how}: AppArmor stops nothing in it`, { origins: apparmor.origins, observed: profile });
}
