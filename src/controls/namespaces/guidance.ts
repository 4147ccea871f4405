import type { Guidance } from "../control.ts";

export const namespacesGuidance: Readonly<Record<string, Guidance>> = {
  "authentication-off": {
    letItBe: "A test database for one job, or a network that only its one client is on.",
    symptom: '"password authentication failed".',
    cause: "The client sends no password",
    action: "Give both the same secret: secrets: and the image's *_FILE variable.",
  },
  "docker-socket-proxy": {
    letItBe:
      "The one client of the proxy must create containers, is alone on its network, and you trust it as root.",
    symptom: 'The client prints "403 Forbidden".',
    cause: "It makes a call that the proxy blocks",
    action: "Allow that one section, or use bulkhead guard proxy with a policy for the client.",
  },
  "endpoint-option": {
    letItBe: "You wrote the option, and know what the driver does with it.",
    symptom: "The interface has another name or address.",
    cause: "The option is gone",
    action: "Set ipv4_address or interface_name instead.",
    onEngine: true,
  },
  "host-cgroup-namespace": {
    letItBe: "A monitoring agent, or systemd in a container.",
    symptom: "It does not find the host's cgroups.",
    cause: "It sees its own cgroup as the root",
    action: "Mount /sys/fs/cgroup read-only for the agent.",
  },
  "host-ipc": {
    letItBe: "Two programs share memory, and one runs on the host.",
    symptom: '"No such file or directory" from shmget, or the GPU client fails.',
    cause: "The memory is the host's",
    action: "Share between containers with ipc: shareable and service:NAME.",
    onEngine: true,
  },
  "host-network": {
    letItBe: "DHCP, mDNS or SIP with thousands of ports, which a bridge cannot carry.",
    symptom: "Other machines do not find the service.",
    cause: "It is no longer on the host's network",
    action: "Publish its ports, or use macvlan for broadcasts.",
    onEngine: true,
  },
  "host-pid": {
    letItBe: "A monitoring agent or a profiler that is about the host's processes.",
    symptom: "It shows only its own processes.",
    cause: "It has a PID namespace of its own",
    action: "Join the one container that it watches: pid: service:NAME.",
    onEngine: true,
  },
  "host-user-namespace": {
    letItBe: "A container that must own files of the host as root, such as a backup.",
    symptom: '"permission denied" on bind mounts.',
    cause: "Container root is another user on the host",
    action: "chown the folder to the first UID in /etc/subuid.",
  },
  "host-uts": {
    letItBe: "A cluster agent that must see the host's name.",
    symptom: "The program reports another host name.",
    cause: "It has a name of its own",
    action: "Set hostname: to what it expects.",
    onEngine: true,
  },
  "legacy-link": {
    letItBe: "Never: a network in common does what a link did.",
    symptom: "The host name is not found, or a variable DB_PORT_… is missing.",
    cause: "The link made both",
    action: "Use a network in common and the service's name.",
    onEngine: true,
  },
  "network-options": {
    letItBe: "A macvlan or a plain network that must be reached from outside.",
    symptom: "Other machines do not reach the containers.",
    cause: "The network is a bridge of its own now",
    action: "Publish the ports that they need.",
    onEngine: true,
  },
  "published-port": {
    letItBe: "The service is there for everybody: a web server, a mail server.",
    symptom: "Other machines do not reach the service.",
    cause: "It listens on 127.0.0.1 now",
    action: "Put a reverse proxy with TLS and a login in front.",
    onEngine: true,
  },
  "shared-namespace": {
    letItBe: "The joined container is the workload's own sidecar, a VPN for example.",
    symptom: "The connection to 127.0.0.1 fails.",
    cause: "Both are in networks of their own",
    action: "Harden the joined container instead of parting the two.",
    onEngine: true,
  },
  "unsafe-sysctl": {
    letItBe: "You know what the parameter does, and the container has a network of its own.",
    symptom: "The program warns about somaxconn or the like at start.",
    cause: "The parameter has its default",
    action: "Set the one that its manual asks for.",
    onEngine: true,
  },
};
