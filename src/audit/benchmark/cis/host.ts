import type { Section } from "../benchmark.ts";
import { asked, scored, weighed } from "./recommend.ts";

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
