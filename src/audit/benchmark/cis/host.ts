import type { Recommendation, Section } from "../benchmark.ts";
import { asked, scored, judgedBy, weighed } from "./recommend.ts";

export const daemon: Section = {
  number: "2",
  title: "Docker daemon",
  recommendations: [
    asked(
      "2.1",
      1,
      "The daemon does not run as root",
      "Decide whether rootless mode fits: it has limits with networks, storage and ports.",
      "engine-rootless",
    ),
    scored("2.2", 1, "Containers on the default bridge cannot reach each other", "engine-icc"),
    scored("2.3", 1, "The log level is info", "engine-log-level"),
    scored("2.4", 1, "Docker manages its firewall rules", "engine-iptables"),
    scored("2.5", 1, "No registry is used without TLS", "engine-insecure-registry"),
    scored("2.6", 1, "The storage driver is not aufs", "engine-storage-driver"),
    scored("2.7", 1, "The API on TCP demands client certificates", "engine-network-socket"),
    judgedBy("2.8", 1, "Containers get default ulimits", "engine-ulimits"),
    scored("2.9", 2, "User namespaces separate root inside from root outside", "engine-user-namespaces"),
    scored("2.10", 2, "Containers start in the default cgroup", "engine-cgroup-parent"),
    scored("2.11", 2, "The base device size is the default", "engine-base-size"),
    scored("2.12", 2, "The API asks for authorization", "engine-authorization"),
    scored("2.13", 2, "Logs leave the host", "engine-remote-logging"),
    scored("2.14", 1, "Containers cannot gain privileges by default", "engine-no-new-privileges"),
    scored("2.15", 1, "Containers survive a restart of the daemon", "engine-live-restore"),
    scored("2.16", 1, "The userland proxy is off", "engine-userland-proxy"),
    judgedBy("2.17", 2, "A seccomp profile holds for all containers", "engine-seccomp"),
    scored("2.18", 1, "Experimental features are off", "engine-experimental"),
  ],
};

const audits = "host-audit-rules";

export const host: Section = {
  number: "1",
  title: "Host",
  recommendations: [
    scored("1.1.1", 1, "The data root has its own partition", "host-partition"),
    weighed(
      "1.1.2",
      1,
      "Only trusted users control the daemon",
      "Confirm that you would give root to every member of the docker group.",
      "docker-group-members",
    ),
    scored("1.1.3", 1, "dockerd is audited", audits),
    scored("1.1.4", 1, "/run/containerd is audited", audits),
    scored("1.1.5", 1, "The data root is audited", audits),
    scored("1.1.6", 1, "/etc/docker is audited", audits),
    scored("1.1.7", 2, "docker.service is audited", audits),
    scored("1.1.8", 2, "containerd's socket is audited", audits),
    scored("1.1.9", 2, "docker.socket is audited", audits),
    scored("1.1.10", 2, "/etc/default/docker is audited", audits),
    scored("1.1.11", 2, "daemon.json is audited", audits),
    scored("1.1.12", 2, "containerd's config.toml is audited", audits),
    scored("1.1.13", 2, "/etc/sysconfig/docker is audited", audits),
    scored("1.1.14", 2, "containerd is audited", audits),
    scored("1.1.15", 2, "containerd-shim is audited", audits),
    scored("1.1.16", 2, "containerd-shim-runc-v1 is audited", audits),
    scored("1.1.17", 2, "containerd-shim-runc-v2 is audited", audits),
    scored("1.1.18", 2, "runc is audited", audits),
    asked(
      "1.2.1",
      1,
      "The host is hardened",
      "Check the host itself against a baseline of its distribution: updates, services, firewall, SSH, users.",
    ),
    asked(
      "1.2.2",
      1,
      "Docker is up to date",
      "Confirm that your distribution still fixes this version, or update.",
      "engine-version",
    ),
  ],
};

const titles: readonly (readonly [number: string, level: 1 | 2, title: string])[] = [
  ["3.1", 1, "docker.service belongs to root"],
  ["3.2", 1, "docker.service has mode 644 at most"],
  ["3.3", 1, "docker.socket belongs to root"],
  ["3.4", 1, "docker.socket has mode 644 at most"],
  ["3.5", 1, "/etc/docker belongs to root"],
  ["3.6", 1, "/etc/docker has mode 755 at most"],
  ["3.7", 1, "Registry certificates belong to root"],
  ["3.8", 1, "Registry certificates have mode 444 at most"],
  ["3.9", 1, "The TLS CA certificate belongs to root"],
  ["3.10", 1, "The TLS CA certificate has mode 444 at most"],
  ["3.11", 1, "The daemon's certificate belongs to root"],
  ["3.12", 1, "The daemon's certificate has mode 444 at most"],
  ["3.13", 1, "The daemon's TLS key belongs to root"],
  ["3.14", 1, "The daemon's TLS key has mode 400"],
  ["3.15", 1, "The Docker socket belongs to root and the group docker"],
  ["3.16", 1, "The Docker socket has mode 660 at most"],
  ["3.17", 1, "daemon.json belongs to root"],
  ["3.18", 1, "daemon.json has mode 644 at most"],
  ["3.19", 1, "/etc/default/docker belongs to root"],
  ["3.20", 1, "/etc/default/docker has mode 644 at most"],
  ["3.21", 1, "/etc/sysconfig/docker has mode 644 at most"],
  ["3.22", 1, "/etc/sysconfig/docker belongs to root"],
  ["3.23", 1, "containerd's socket belongs to root"],
  ["3.24", 1, "containerd's socket has mode 660 at most"],
];

export const files: Section = {
  number: "3",
  title: "Docker's files",
  recommendations: titles.map(
    ([number, level, title]): Recommendation => scored(number, level, title, "engine-files"),
  ),
};
