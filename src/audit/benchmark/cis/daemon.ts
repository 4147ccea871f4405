import type { Section } from "../benchmark.ts";
import { asked, scored, told } from "./recommend.ts";

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
    told("2.8", 1, "Containers get default ulimits", "engine-ulimits"),
    scored("2.9", 2, "User namespaces separate root inside from root outside", "engine-user-namespaces"),
    scored("2.10", 2, "Containers start in the default cgroup", "engine-cgroup-parent"),
    scored("2.11", 2, "The base device size is the default", "engine-base-size"),
    scored("2.12", 2, "The API asks for authorization", "engine-authorization"),
    scored("2.13", 2, "Logs leave the host", "engine-remote-logging"),
    scored("2.14", 1, "Containers cannot gain privileges by default", "engine-no-new-privileges"),
    scored("2.15", 1, "Containers survive a restart of the daemon", "engine-live-restore"),
    scored("2.16", 1, "The userland proxy is off", "engine-userland-proxy"),
    told("2.17", 2, "A seccomp profile holds for all containers", "engine-seccomp"),
    scored("2.18", 1, "Experimental features are off", "engine-experimental"),
  ],
};
