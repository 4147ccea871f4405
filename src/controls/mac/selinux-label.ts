import { isUnconfinedType, turnsLabelsOff } from "../../model/container/selinux.ts";
import type { Container } from "../../model/container.ts";
import { isOpen } from "../../model/fact.ts";
import { fail, notApplicable, pass, unknownFact, type Verdict } from "../../model/verdict.ts";
import type { Context, Control } from "../control.ts";
import { runsModule } from "./security-module.ts";

export const selinuxLabel: Control = {
  id: "selinux-label",
  title: "SELinux does not confine the container",
  why: "SELinux gives each container a type that may touch only files labelled for containers, and its own level, which keeps containers apart: a process that breaks out still reads nothing of the host. `label=disable`, or a type such as spc_t, runs it unconfined instead. It is often written because a bind mount was denied, where relabelling that mount (`:z`, `:Z`) was the answer. --privileged, --pid=host and --ipc=host turn labels off by themselves; they are findings of their own.",
  row: "2.7",
  severity: "high",
  guard: "deny",
  cis: ["5.3"],
  attack: ["T1611", "T1068"],
  cwe: [693],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/reference/cli/docker/container/run/#security-opt",
    "https://docs.docker.com/engine/storage/bind-mounts/#configure-the-selinux-label",
    "https://github.com/containers/container-selinux",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run --security-opt label=disable alpine" },
      { syntax: "run", text: "docker run --security-opt label:type:spc_t alpine" },
      {
        syntax: "compose",
        text: "services:\n  web:\n    image: nginx\n    security_opt:\n      - label:disable\n",
      },
    ],
    good: [
      { syntax: "run", text: "docker run --security-opt label=level:s0:c100,c200 alpine" },
      {
        syntax: "compose",
        text: 'services:\n  web:\n    image: nginx\n    volumes: ["./site:/usr/share/nginx/html:ro,Z"]\n',
      },
    ],
  },
  check: {
    container: judge,
  },
  remedy: {
    container: () => ({
      kind: "behavioural",
      summary:
        "Take the option away, and relabel the bind mounts that the container needs (:z shared, :Z its own).",
      patches: [{ op: "unset", field: "selinux" }],
      breaks:
        "Files of the host without a container's label are denied with EACCES (“Permission denied”); `ausearch -m avc` names each. :Z relabels the host's folder: never use it on /home, /etc or /usr.",
    }),
  },
};

const impliedOff = notApplicable(
  "--privileged, --pid=host or --ipc=host turns labels off, and has its own finding",
);

function judge(container: Container, { configured, engine }: Context): Verdict {
  const { selinux, level } = container;
  const isKnown = level === "configured" || (level === "effective" && configured !== undefined);
  if (isKnown && runsModule("selinux", engine) === false) {
    return notApplicable("this Engine confines no container by SELinux: engine-mac says it once");
  }
  if (isOpen(selinux)) return unknownFact(selinux);
  if (selinux.state === "unset") {
    if (level === "effective") return notApplicable("the kernel does not run SELinux");
    return turnsLabelsOff(container) ? impliedOff : pass("the default label");
  }
  const { disable, implied, type } = selinux.value;
  if (implied) return impliedOff;
  const isUnconfined = type !== undefined && isUnconfinedType(type);
  if (!disable && !isUnconfined) return pass(type ?? "a label");
  const option = isUnconfined ? `the unconfined SELinux type ${type}` : "label=disable";
  return fail(`runs with ${option}: where SELinux runs, a process that breaks out reaches the host's files`, {
    origins: selinux.origins,
    observed: isUnconfined ? type : "label=disable",
  });
}
