import type { Context, Control } from "../control.ts";
import { socketBelow, socketService } from "./engine-sockets.ts";
import {
  describeMount,
  type ExposedMount,
  judgeMounts,
  type MountProblem,
  withoutMounts,
} from "./exposed-mounts.ts";
import { canonicalPath } from "./host-path.ts";

export const dockerSocketMount: Control = {
  id: "docker-socket-mount",
  title: "A route to an engine's socket is mounted",
  why: "Whoever can write to the socket of the Docker Engine, containerd, Podman, CRI-O or BuildKit can start a privileged container with the host's file system in it, and so is root on the host. Mounting the socket read-only protects nothing: `:ro` forbids to replace the socket file, not to speak through it. A renamed target, a folder above the socket (`/`, `/run`, `/var/run`), a volume that binds it and `--volumes-from` are the same thing by another name.",
  row: "1.2",
  severity: "critical",
  cis: ["5.32"],
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
      kind: "behavioural",
      summary:
        "Remove the mount; give a tool that must talk to the Engine the socket of a proxy that lets through only the calls it needs.",
      patches: withoutMounts(container, context, (exposed) => route(exposed, context)),
      breaks:
        "A tool that drives the Engine (Traefik's Docker provider, Portainer, Watchtower, CI runners) can no longer reach it and logs “Cannot connect to the Docker daemon”.",
    }),
  },
};

function route(exposed: ExposedMount, { engine }: Context): MountProblem | undefined {
  const { mount, path } = exposed;
  const written = mount.hostPath === undefined ? path : canonicalPath(mount.hostPath);
  const service = socketService(path, engine) ?? socketService(written, engine);
  const ro = mount.readOnly ? " (read-only protects nothing here)" : "";
  if (service) {
    return {
      message: `${describeMount(exposed)}${ro}: a process in it can start a privileged container through ${service} and own the host`,
    };
  }
  const below = mount.sockets[0] ?? socketBelow(path, engine);
  if (below === undefined) return undefined;
  return {
    message: `${describeMount(exposed)}, which leads to ${below}${ro}: a process in it can start a privileged container and own the host`,
  };
}
