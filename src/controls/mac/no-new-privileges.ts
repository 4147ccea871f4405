import { isOpen, originsOf } from "../../model/fact.ts";
import { fail, pass, unknownFact } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeProcesses, nameProcesses, originsIn } from "../processes.ts";

const consequence = "a setuid program such as su or sudo can still make root of any user in it";

export const noNewPrivileges: Control = {
  id: "no-new-privileges",
  title: "Processes may gain privileges",
  why: "Running as another user than root helps only as long as the process cannot become root again. Setuid programs and file capabilities, which nearly every base image brings, are the usual way back. With no-new-privileges the kernel ignores both, for every process of the container and for good.",
  row: "2.11",
  severity: "medium",
  guard: "harden",
  cis: ["5.26"],
  attack: ["T1548.001"],
  cwe: [269, 250],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#security-opt",
    "https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file",
    "https://docs.kernel.org/userspace-api/no_new_privs.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run alpine" },
      { syntax: "run", text: "docker run --security-opt no-new-privileges=false alpine" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    security_opt: [no-new-privileges:false]\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --security-opt no-new-privileges alpine" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    security_opt:\n      - no-new-privileges:true\n",
      },
    ],
  },
  check: {
    container(container, { engine }) {
      if (container.level === "effective") {
        return judgeProcesses(
          container,
          (process) => process.noNewPrivs,
          (isSet) => !isSet,
          {
            bad: (processes) =>
              fail(`${nameProcesses(processes)} may gain privileges: ${consequence}`, {
                origins: originsIn(processes, ({ noNewPrivs }) => noNewPrivs),
                observed: "off",
              }),
            good: () => pass("on"),
          },
        );
      }
      const asked = container.noNewPrivileges;
      if (isOpen(asked)) return unknownFact(asked);
      if (asked.state === "set" && asked.value) return pass("on");
      const byDefault = engine?.noNewPrivileges;
      if (asked.state === "unset" && byDefault?.state === "set" && byDefault.value) {
        return pass("on by the engine's default");
      }
      if (asked.state === "unset" && byDefault?.state === "unresolved") return unknownFact(byDefault);
      const how = asked.state === "set" ? "turns no-new-privileges off" : "does not set no-new-privileges";
      return fail(`${how}: ${consequence}`, { origins: originsOf(asked), observed: "off" });
    },
  },
  remedy: {
    container: () => ({
      kind: "behavioural",
      summary: "Set no-new-privileges.",
      patches: [{ op: "set", field: "noNewPrivileges", value: true }],
      breaks:
        "Programs that rely on setuid or file capabilities (sudo, su, some ping and mail programs, a server whose file has cap_net_bind_service) run without them: “effective uid is not 0”, “Operation not permitted”. Servers that start as root and drop are not affected.",
    }),
  },
};
