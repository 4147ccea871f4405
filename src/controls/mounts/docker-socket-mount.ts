import type { Context, Control } from "../control.ts";
import {
  describeMount,
  type ExposedMount,
  judgeMounts,
  type MountProblem,
  withoutMounts,
} from "./exposed-mounts.ts";
import { reachOf } from "./mount-reach.ts";

export const dockerSocketMount: Control = {
  id: "docker-socket-mount",
  title: "A route to an engine's socket is mounted",
  why: "Anyone who can connect to the socket of the Docker Engine, containerd, Podman, CRI-O, BuildKit or LXD can start a privileged container with the host's file system in it. That is root on the host. Read-only does not help: `:ro` only prevents replacing the socket file, not connecting to it. It makes no difference whether the socket has another name inside, whether a folder above it is mounted (`/`, `/run`, `/var/run`), or whether it comes from a volume or `--volumes-from`.",
  row: "1.2",
  severity: "critical",
  guard: "deny",
  cis: ["5.32"],
  attack: ["T1611", "T1610", "T1552.007"],
  cwe: [250, 668],
  where: ["F", "A", "K"],
  references: [
    "https://docs.docker.com/engine/security/#docker-daemon-attack-surface",
    "https://docs.docker.com/engine/security/protect-access/",
    "https://man7.org/linux/man-pages/man7/unix.7.html",
  ],
  examples: {
    bad: [
      { syntax: "run", text: "docker run -v /var/run/docker.sock:/var/run/docker.sock:ro traefik:v3.1" },
      {
        syntax: "run",
        text: "docker run --mount type=bind,source=/run,target=/host/run,readonly netdata/netdata",
      },
      {
        syntax: "compose",
        text: "services:\n  agent:\n    image: example/agent\n    volumes:\n      - engine:/engine\nvolumes:\n  engine:\n    driver_opts:\n      type: none\n      o: bind\n      device: /run/containerd/containerd.sock\n",
      },
    ],
    good: [
      {
        syntax: "compose",
        text: "services:\n  proxy:\n    image: traefik:v3.1\n    volumes:\n      - ./traefik.yml:/etc/traefik/traefik.yml:ro\n",
      },
      { syntax: "run", text: "docker run -v /var/run/docker.sock nginx" },
    ],
  },
  check: {
    container: (container, context) => judgeMounts(container, context, (exposed) => route(exposed, context)),
  },
  remedy: {
    container: (container, context) => ({
      kind: "decision",
      summary:
        "Remove the mount; give a tool that must talk to the Engine the socket of a proxy that lets through only the calls it needs.",
      patches: withoutMounts(container, context, (exposed) => route(exposed, context)),
      breaks:
        "A tool that drives the Engine (Traefik's Docker provider, Portainer, Watchtower, CI runners) can no longer reach it and logs “Cannot connect to the Docker daemon”.",
    }),
  },
};

function route(exposed: ExposedMount, context: Context): MountProblem | undefined {
  const { mount } = exposed;
  const ro = mount.readOnly ? " (read-only protects nothing here)" : "";
  const reached = reachOf(exposed, context).filter(({ place }) => place.gives === "engine");
  const own = reached.find(({ how }) => how !== "above");
  if (own) {
    const { place, can } = own;
    return {
      severity: own.severity,
      message: `${describeMount(exposed)}${ro}: through ${place.what}, a process in it can ${can}`,
    };
  }
  const [first] = reached;
  const below = mount.sockets[0] ?? first?.place.path;
  if (below === undefined) return undefined;
  return {
    message: `${describeMount(exposed)}, which leads to ${below}${ro}: a process in it can start a privileged container and own the host`,
  };
}
