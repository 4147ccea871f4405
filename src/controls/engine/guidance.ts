import type { Guidance } from "../control.ts";

export const engineGuidance: Readonly<Record<string, Guidance>> = {
  "engine-authorization": {
    letItBe: "Only root and one administrator reach the socket.",
    symptom: '"authorization denied by plugin".',
    cause: "The policy does not list the call",
    action: "Run bulkhead guard check with the request, and allow what it needs.",
  },
  "engine-icc": {
    letItBe: "No container uses the default bridge: Compose gives each project a network of its own.",
    symptom: "A container no longer reaches another by its IP address.",
    cause: "Both are on the default bridge",
    action: "Create a network for the two: docker network create NAME.",
  },
  "engine-insecure-registry": {
    letItBe: "A registry on 127.0.0.1 of the same host.",
    symptom: '"http: server gave HTTP response to HTTPS client".',
    cause: "The registry has no certificate",
    action: "Give it one, and put its CA at /etc/docker/certs.d/HOST:PORT/ca.crt.",
    onEngine: true,
  },
  "engine-programs": {
    letItBe:
      "Only root can write below that path, although its name looks open: a mount of its own with mode 0755.",
    symptom: '"unknown or invalid runtime name", or a container without its device.',
    cause: "The program has moved",
    action: "Name its new path in daemon.json and restart dockerd.",
  },
  "engine-live-restore": {
    letItBe: "The Engine is part of a swarm: live restore does not work there.",
    symptom: '"live-restore daemon configuration is incompatible with swarm mode".',
    cause: "The node is in a swarm",
    action: "Leave live restore off on this node.",
    onEngine: true,
  },
  "engine-log-limit": {
    letItBe: "Logs go to journald or another driver that rotates by itself.",
    symptom: "docker logs shows only the latest lines.",
    cause: "Old files are rotated away",
    action: "Raise max-file, or send logs to a log server.",
  },
  "engine-mac": {
    letItBe: "The kernel of the host has neither AppArmor nor SELinux, and you cannot choose another.",
    symptom: '"permission denied" although the file\'s mode allows it.',
    cause: "The profile denies it",
    action: "Read dmesg or ausearch -m avc, and allow that one access for that one container.",
  },
  "engine-network-socket": {
    letItBe:
      "A CI's Docker in Docker that only one job reaches, on a network of its own, with client certificates.",
    symptom: 'Clients print "Cannot connect to the Docker daemon at tcp://…".',
    cause: "They still use DOCKER_HOST=tcp://…",
    action: "Create a context over SSH: docker context create NAME --docker host=ssh://USER@HOST.",
  },
  "engine-no-new-privileges": {
    letItBe:
      "A container needs sudo, su or ping with file capabilities, and you cannot set the option for each container.",
    symptom: "\"sudo: The 'no new privileges' flag is set\".",
    cause: "The program is setuid, and the kernel ignores that now",
    action:
      "Start the container as the user that it needs, or set no-new-privileges:false for that one container.",
  },
  "engine-seccomp": {
    letItBe:
      "Never for the whole Engine. Give the one container that needs more system calls a profile of its own.",
    symptom: '"Operation not permitted" (EPERM) from a system call such as keyctl or perf_event_open.',
    cause: "The default filter blocks it",
    action: "Give that container a profile with this call: bulkhead learn writes one.",
    onEngine: true,
  },
  "engine-socket-permissions": {
    letItBe: "Never on a host with more than one user.",
    symptom: '"permission denied while trying to connect to the Docker daemon socket".',
    cause: "A program that is not in the socket's group used the open socket",
    action:
      "Put a filtering proxy (bulkhead guard proxy) in front of it, or add that one user to the group if it may be root.",
    onEngine: true,
  },
  "engine-storage-limit": {
    letItBe: "A volume and an alert watch the free space, and all containers are your own.",
    symptom: '"no space left on device" in one container.',
    cause: "Its own layer reached the limit",
    action: "Write data to a volume, or give this container a larger size.",
  },
  "engine-ulimits": {
    letItBe: "Every service sets its own ulimits.",
    symptom: '"Too many open files" or "Resource temporarily unavailable".',
    cause: "The limit is too low for this program",
    action: "Set ulimits for that service to what its manual asks for.",
  },
  "engine-unit-files": {
    letItBe: "A drop-in that your configuration management writes, where only root can write it.",
    symptom: "dockerd starts without an option that it had.",
    cause: "A drop-in set ExecStart, and it is gone",
    action: "Move the option to /etc/docker/daemon.json and check it with dockerd --validate.",
    onEngine: true,
  },
  "kernel-programs": {
    letItBe: "A crash reporter of your own, in a place where only root writes.",
    symptom: "No core dumps, or no emulation of another architecture.",
    cause: "The setting is the kernel's default again",
    action: "Start the service that writes it: systemd-coredump, apport, binfmt-support.",
  },
  "engine-user-namespaces": {
    letItBe: "The Engine is rootless, or every container starts as a user of its own and drops capabilities.",
    symptom: '"permission denied" on volumes and bind mounts; images are gone.',
    cause: "userns-remap maps container root to another UID and uses another data folder",
    action: "Pull the images again, and chown the folders to the first UID of dockremap in /etc/subuid.",
  },
  "engine-limits": {
    letItBe: "All containers of this Engine are your own, and a slice above it has the limits.",
    symptom: "docker still warns that limits are discarded.",
    cause: "The controllers reach the user only with a new login",
    action: "Log out of every session and in again, and compare cgroup.controllers of the user's slice.",
  },
  "rootless-beside": {
    letItBe: "You need both daemons, and nobody but root is in the docker group.",
    symptom: '"Cannot connect to the Docker daemon at unix:///var/run/docker.sock".',
    cause: "The tool uses the socket of the daemon that is gone",
    action: "Set DOCKER_HOST=unix://$XDG_RUNTIME_DIR/docker.sock, or docker context use rootless.",
  },
  "rootless-linger": {
    letItBe: "The containers are for one session, such as on a laptop.",
    symptom: "Containers run although nobody is logged in.",
    cause: "systemd keeps the user's services",
    action: "Stop them, or take it back: loginctl disable-linger USER.",
  },
  "rootless-loopback": {
    letItBe: "A container must reach one service of the host, and no other service trusts 127.0.0.1.",
    symptom: '"Connection refused" to 10.0.2.2.',
    cause: "The host's loopback is closed",
    action: "Let that service listen on an address of its own, with a password.",
  },
  "rootless-port-driver": {
    letItBe: "No server judges by the client's address.",
    symptom: "Published ports are slower.",
    cause: "slirp4netns carries each packet",
    action: "Use pasta, or keep the builtin driver for ports that need the speed.",
  },
  "rootless-subids": {
    letItBe: "The other user is the same person.",
    symptom: '"permission denied" on volumes, and images are gone.',
    cause: "The files belong to the old range",
    action: "chown them to the new first id, and pull the images again.",
  },
  "rootless-user-namespaces": {
    letItBe: "Other programs of users need them too: browsers, Flatpak, bubblewrap.",
    symptom: 'A browser\'s sandbox or bubblewrap prints "Operation not permitted".',
    cause: "The program has no profile with userns",
    action: "Load a profile for this program that has userns.",
  },
};
