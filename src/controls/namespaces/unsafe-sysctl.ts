import type { Container } from "../../model/container.ts";
import { setItems } from "../../model/fact.ts";
import { harmlessSysctls } from "../../model/host/harmless-sysctls.ts";
import type { Severity } from "../../model/severity.ts";
import { fail, pass } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { judgeItems } from "../facts.ts";

/** The parameters of the IPC namespace (runc: libcontainer/configs/validate). */
const ofIpc = /^(?:kernel\.(?:msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni)|fs\.mqueue\..+)$/;

export const unsafeSysctl: Control = {
  id: "unsafe-sysctl",
  title: "A kernel parameter is set that is not known to be harmless",
  why: "Most kernel parameters belong to the host: `kernel.core_pattern` names a program that the host's kernel runs as root. runc refuses those today, but a runtime or a version that does not has made them a way out before. In a network or IPC namespace that the container shares with the host, their parameters are the host's too. Others affect only the container's own network, and can weaken it: routing, redirects, source checks.",
  row: "2.7",
  severity: "high",
  guard: "deny",
  cis: [],
  attack: ["T1499", "T1562"],
  cwe: [15],
  where: ["F", "A"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#sysctl",
    "https://docs.docker.com/reference/compose-file/services/#sysctls",
    "https://docs.kernel.org/admin-guide/sysctl/",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --sysctl kernel.core_pattern=/x alpine" },
      {
        syntax: "compose",
        text: "services:\n  router:\n    image: alpine\n    sysctls:\n      net.ipv4.ip_forward: 1\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --sysctl net.core.somaxconn=1024 nginx" },
      { syntax: "compose", text: "services:\n  web:\n    image: nginx\n" },
    ],
  },
  check: {
    container: (container) =>
      judgeItems(container.sysctls, ({ value: { name }, origins }) => {
        const problem = problemOf(name, container);
        if (!problem) return pass();
        const { severity, message } = problem;
        return fail(message, { origins, severity, evidence: name, observed: name });
      }),
  },
  remedy: {
    container: (container) => ({
      kind: "behavioural",
      summary: "Remove the parameter; set it on the host where the whole host is meant.",
      patches: setItems(container.sysctls)
        .filter(({ value: { name } }) => problemOf(name, container) !== undefined)
        .map(({ value }) => ({ op: "remove", field: "sysctls", value })),
      breaks: "A program that needs the parameter misses it: a VPN or router stops forwarding packets.",
    }),
  },
};

/** Docker takes slashes for dots, as sysctl(8) does. */
function problemOf(
  written: string,
  { networkMode, ipcMode }: Container,
): { readonly severity: Severity; readonly message: string } | undefined {
  const name = written.includes("/") && !written.includes(".") ? written.replaceAll("/", ".") : written;
  const isNet = name.startsWith("net.");
  const isShared =
    (isNet && networkMode.state === "set" && networkMode.value.mode === "host") ||
    (ofIpc.test(name) && ipcMode.state === "set" && ipcMode.value.mode === "host");
  if (isShared) {
    return {
      severity: "high",
      message: `sets ${name} in a namespace that it shares with the host: it changes the host's own setting`,
    };
  }
  if (harmlessSysctls.has(name)) return undefined;
  if (isNet || ofIpc.test(name) || name === "kernel.domainname") {
    return {
      severity: "low",
      message: `sets ${name} for its own ${isNet ? "network" : "namespace"}: it can weaken what the kernel checks there`,
    };
  }
  return {
    severity: "high",
    message: `sets ${name}, which belongs to the host's kernel: where the runtime lets it through, it changes the whole host`,
  };
}
