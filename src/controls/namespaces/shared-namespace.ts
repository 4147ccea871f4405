import { spellNamespaceMode } from "../../model/container/namespace.ts";
import type { Container } from "../../model/container.ts";
import { isOpen } from "../../model/fact.ts";
import type { Origin } from "../../model/origin.ts";
import { combine, fail, pass, unknown, type Verdict } from "../../model/verdict.ts";
import type { Context, Control } from "../control.ts";
import { judgeFact } from "../facts.ts";
import { type NamespaceField, placementOf } from "./host-namespace.ts";

/** The namespaces that Docker lets one container join of another. */
const joinable = ["networkMode", "pidMode", "ipcMode"] as const;
type Joinable = (typeof joinable)[number];

const names: Readonly<Record<Joinable, string>> = { networkMode: "network", pidMode: "PID", ipcMode: "IPC" };

export const sharedNamespace: Control = {
  id: "shared-namespace",
  title: "The container joins one that is not isolated itself",
  why: "Joining one container's namespace (`--net=container:http`) is the right way to share, and no finding by itself. But a container that joins a privileged container, or one in the host's namespace, can do what that one can. In a shared PID namespace a process can reach into the other's file system and memory, so whatever the other is allowed counts.",
  row: "2.14",
  severity: "high",
  guard: "deny",
  cis: [],
  attack: ["T1611", "T1040"],
  cwe: [653],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/network/#container-networks",
    "https://docs.docker.com/reference/cli/docker/container/run/#pid",
    "https://docs.docker.com/reference/compose-file/services/#network_mode",
  ],
  examples: {
    bad: [
      {
        syntax: "compose",
        text: "services:\n  debug:\n    image: example/debug\n    pid: service:agent\n  agent:\n    image: example/agent\n    privileged: true\n",
      },
      {
        syntax: "compose",
        text: "services:\n  sidecar:\n    image: example/sidecar\n    network_mode: service:agent\n  agent:\n    image: example/agent\n    network_mode: host\n",
      },
    ],
    good: [
      {
        syntax: "compose",
        text: "services:\n  debug:\n    image: example/debug\n    network_mode: service:http\n    pid: service:http\n  http:\n    image: nginx\n",
      },
      { syntax: "run", text: "docker run nginx" },
    ],
  },
  check: {
    container: (container, context) => combine(joinable.map((field) => judgeJoin(container, field, context))),
  },
  remedy: {
    container: (container, context) => ({
      kind: "decision",
      summary:
        "Take the privileges or the host's namespaces from the container that it joins, or do not join it.",
      patches: joinable
        .filter((field) => judgeJoin(container, field, context).verdict === "fail")
        .map((field) => ({ op: "unset", field }) as const),
      breaks:
        "It no longer reaches the other container on `localhost`, by its process ids or by shared memory.",
    }),
  },
};

function judgeJoin(container: Container, field: Joinable, context: Context): Verdict {
  return judgeFact(container[field], (mode, origins) => {
    if (mode === undefined) return pass();
    if (mode.mode !== "container") return pass(`${names[field]} ${spellNamespaceMode(mode)}`);
    const peer = context.peer(mode.target);
    if (!peer) return unknown(`it joins ${spellNamespaceMode(mode)}, which this audit does not see`, origins);
    return judgePeer(peer, field, mode.target, origins, context);
  });
}

function judgePeer(
  peer: Container,
  field: Joinable,
  target: string,
  origins: readonly Origin[],
  context: Context,
): Verdict {
  const joins = `joins the ${names[field]} namespace of ${target}`;
  const where = { origins, evidence: `${field} ${target}`, observed: `${names[field]} of ${target}` };
  if (isOpen(peer.privileged)) return unknown(peer.privileged.reason, origins);
  if (peer.privileged.state === "set" && peer.privileged.value) {
    return fail(`${joins}, which is privileged: anyone who takes over one of them can reach the host`, where);
  }
  // Anyone who shares processes can use the other's namespaces; else only the joined one counts.
  const reached: readonly NamespaceField[] = field === "pidMode" ? [...joinable, "utsMode"] : [field];
  const placements = reached.map((each) => ({ each, placement: placementOf(peer, each, context) }));
  const onHost = placements.find(({ placement }) => placement.place === "host");
  if (onHost) {
    const name = onHost.each === "utsMode" ? "UTS" : names[onHost.each as Joinable];
    return fail(`${joins}, which is in the host's ${name} namespace: it is as good as there itself`, where);
  }
  const open = placements.find(({ placement }) => placement.place === "unknown")?.placement;
  return open?.place === "unknown" ? unknown(open.reason, origins) : pass();
}
