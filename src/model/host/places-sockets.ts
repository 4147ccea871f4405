import { type Effect, low, medium, type Place, places } from "./place.ts";

/** Something that a socket belongs to, as a message names it. */
const engines = {
  docker: "the Docker Engine",
  containerd: "containerd",
  podman: "Podman",
  crio: "CRI-O",
  buildkit: "BuildKit",
  runtime: "a container runtime",
  lxd: "LXD",
  incus: "Incus",
} as const;

/** The names that the sockets of container engines have, in whatever folder (rootless and Desktop ones too). */
export const engineSocketNames: Readonly<Record<string, string>> = {
  "docker.sock": engines.docker,
  "docker.raw.sock": engines.docker,
  "docker.sock.raw": engines.docker,
  "docker-cli.sock": engines.docker,
  docker_engine: engines.docker,
  "containerd.sock": engines.containerd,
  "containerd.sock.ttrpc": engines.containerd,
  "containerd-debug.sock": engines.containerd,
  "podman.sock": engines.podman,
  "crio.sock": engines.crio,
  "buildkitd.sock": engines.buildkit,
  "cri-dockerd.sock": engines.runtime,
  "dockershim.sock": engines.runtime,
};

const socket = { isSocket: true } as const;
const sometimes = { isSocket: true, isOptional: true } as const;

/** Where engines listen by default. */
export const engineSockets: readonly Place[] = [
  ...places("engine", engines.docker, ["/run/docker.sock"], socket),
  ...places(
    "engine",
    engines.containerd,
    [
      "/run/containerd/containerd.sock",
      "/run/docker/containerd/containerd.sock",
      "/run/k3s/containerd/containerd.sock",
    ],
    socket,
  ),
  ...places("engine", "containerd's shims", ["/run/containerd/s"], {
    ...socket,
    write: { severity: "critical", can: "start programs in any container, as its root" },
  }),
  ...places("engine", engines.podman, ["/run/podman/podman.sock"], socket),
  ...places("engine", engines.crio, ["/run/crio/crio.sock"], socket),
  ...places("engine", engines.buildkit, ["/run/buildkit/buildkitd.sock"], socket),
  // https://documentation.ubuntu.com/lxd/latest/explanation/security/#access-to-the-lxd-daemon
  ...places(
    "engine",
    engines.lxd,
    ["/var/lib/lxd/unix.socket", "/var/snap/lxd/common/lxd/unix.socket"],
    sometimes,
  ),
  ...places("engine", engines.incus, ["/var/lib/incus/unix.socket"], sometimes),
];

const manager: Effect = { severity: "critical", can: "start any program as the host's root" };
const bus: Effect = { severity: "high", can: "make systemd run a program as the host's root" };
const session: Effect = {
  severity: "high",
  can: "run programs as a logged-in user, outside of every container",
};

/** Sockets of what manages the host or a person's session. */
export const managerSockets: readonly Place[] = [
  ...places("manager", "the host's message bus", ["/run/dbus"], { isSocket: true, write: bus, read: bus }),
  ...places("manager", "the host's service manager", ["/run/systemd/private"], {
    isSocket: true,
    write: manager,
    read: manager,
  }),
  ...places("manager", "the host's service manager", ["/run/initctl"], socket),
  ...places("manager", "the host's service manager", ["/dev/initctl"], sometimes),
  ...places("manager", "the host's device manager", ["/run/udev/control"], {
    ...socket,
    write: low("reconfigure the host's device manager"),
    read: low("reconfigure the host's device manager"),
  }),
  // https://libvirt.org/aclpolkit.html: who may open the socket for writing is as good as root.
  ...places("manager", "libvirt", ["/run/libvirt"], {
    ...sometimes,
    write: { severity: "high", can: "start a virtual machine with the host's disks in it" },
    read: { severity: "high", can: "start a virtual machine with the host's disks in it" },
  }),
  // snapd asks for the peer's user id alone: https://snapcraft.io/docs/snapd-rest-api
  ...places("manager", "snapd", ["/run/snapd.socket"], {
    ...sometimes,
    write: { severity: "high", can: "install a snap that runs as the host's root" },
    read: { severity: "high", can: "install a snap that runs as the host's root" },
  }),
  ...places(
    "manager",
    "a person's session bus or service manager",
    ["/run/user/*/bus", "/run/user/*/systemd"],
    {
      isSocket: true,
      write: session,
      read: session,
    },
  ),
  ...places("engine", "a person's rootless engine", ["/run/user/*/docker.sock", "/run/user/*/podman"], {
    ...sometimes,
    write: { severity: "critical", can: "start containers as that person, with all their files" },
    read: { severity: "critical", can: "start containers as that person, with all their files" },
  }),
  ...places("credentials", "a person's keyring", ["/run/user/*/keyring", "/run/user/*/gnupg"], {
    isSocket: true,
    write: { severity: "high", can: "use the keys and passwords of a logged-in user" },
    read: { severity: "high", can: "use the keys and passwords of a logged-in user" },
  }),
  ...places(
    "device",
    "the sound and screens of a person's session",
    ["/run/user/*/pulse", "/run/user/*/pipewire-0", "/run/user/*/wayland-0"],
    {
      ...sometimes,
      write: medium("listen to the microphone or use the screen of a logged-in user"),
      read: medium("listen to the microphone or use the screen of a logged-in user"),
    },
  ),
  ...places("device", "the host's X11 display", ["/tmp/.X11-unix"], {
    ...sometimes,
    write: medium("see and type what a person sees and types at the host"),
    read: medium("see and type what a person sees and types at the host"),
  }),
  ...places("unit", "the engine's state and the sockets of its plugins", ["/run/docker", "/run/containerd"], {
    write: { severity: "high", can: "replace a plugin that decides for the engine, and own the host" },
    read: medium("talk to the engine's plugins"),
  }),
  ...places("reading", "the host's log sockets", ["/run/systemd/journal", "/dev/log"], {
    ...sometimes,
    write: { severity: "low", can: "write false lines into the host's log" },
    read: { severity: "low", can: "write false lines into the host's log" },
  }),
];
