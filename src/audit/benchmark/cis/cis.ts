import type { Benchmark, Recommendation, Section } from "../benchmark.ts";
import { asked, judgedBy, scored, weighed } from "./recommend.ts";

const daemon: Section = {
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

const host: Section = {
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

const files: Section = {
  number: "3",
  title: "Docker's files",
  recommendations: titles.map(
    ([number, level, title]): Recommendation => scored(number, level, title, "engine-files"),
  ),
};

const runtime: Section = {
  number: "5",
  title: "Containers at run time",
  recommendations: [
    scored("5.1", 1, "Swarm mode is off where nothing needs it", "engine-swarm"),
    scored("5.2", 1, "AppArmor confines containers", "apparmor-profile"),
    scored("5.3", 2, "SELinux confines containers", "selinux-label"),
    scored(
      "5.4",
      1,
      "Containers keep only the capabilities they need",
      "capabilities-dangerous",
      "capabilities-drop",
      "privileged",
    ),
    scored("5.5", 1, "No container is privileged", "privileged"),
    scored(
      "5.6",
      1,
      "No sensitive folder of the host is mounted",
      "sensitive-host-mount",
      "host-proc-mount",
      "host-dev-mount",
      "kernel-file-system",
    ),
    scored("5.7", 1, "No container runs an SSH server", "container-sshd"),
    scored("5.8", 1, "No container publishes a port below 1024", "privileged-port"),
    asked("5.9", 1, "Only needed ports are published", "Confirm that each port is needed.", "open-ports"),
    scored("5.10", 1, "No container is on the host's network", "host-network"),
    scored("5.11", 1, "Memory is limited", "memory-limit"),
    scored("5.12", 1, "CPU is limited", "cpu-limit"),
    scored("5.13", 1, "Root file systems are read-only", "read-only-rootfs"),
    scored("5.14", 1, "Ports are published on one interface", "published-port"),
    scored("5.15", 1, "Failing containers restart five times at most", "restart-policy"),
    scored("5.16", 1, "No container sees the host's processes", "host-pid"),
    scored("5.17", 1, "No container shares the host's IPC", "host-ipc"),
    judgedBy("5.18", 1, "No device of the host is in a container", "device-access", "privileged"),
    judgedBy("5.19", 1, "Containers have ulimits", "container-ulimits"),
    scored("5.20", 1, "No mount is propagated to the host", "mount-propagation"),
    scored("5.21", 1, "No container shares the host's UTS namespace", "host-uts"),
    scored("5.22", 1, "The seccomp filter is on", "seccomp-profile", "privileged"),
    scored("5.23", 2, "No docker exec is privileged", "privileged-exec"),
    judgedBy("5.24", 2, "No docker exec runs as root", "exec-root"),
    scored("5.25", 1, "Containers start in the engine's cgroup", "cgroup-parent"),
    scored("5.26", 1, "Containers cannot gain privileges", "no-new-privileges"),
    scored("5.27", 1, "Containers have a health check", "container-healthcheck"),
    judgedBy("5.28", 1, "Containers run the image that their tag names", "container-image-current"),
    scored("5.29", 1, "Processes are limited", "pids-limit"),
    judgedBy("5.30", 2, "No container is on the default bridge", "default-bridge"),
    scored("5.31", 1, "No container leaves the user namespaces", "host-user-namespace"),
    scored("5.32", 1, "No container has the Docker socket", "docker-socket-mount"),
  ],
};

const images: Section = {
  number: "4",
  title: "Images and their build files",
  recommendations: [
    scored("4.1", 1, "Containers run as another user than root", "root-user", "image-root-user"),
    asked(
      "4.2",
      1,
      "Base images come from publishers you trust",
      "Go through the FROM lines and the images on the Engine: who publishes each, and are they pinned?",
    ),
    asked(
      "4.3",
      1,
      "Images hold no package that nobody needs",
      "Go through the packages of each image; a smaller base (slim, distroless, scratch) has fewer.",
    ),
    asked(
      "4.4",
      1,
      "Images are scanned and built anew for fixes",
      "Scan images for known holes in CI (trivy, grype, docker scout), and build them anew on a schedule.",
    ),
    scored("4.5", 2, "Signatures are checked on pull", "content-trust"),
    scored("4.6", 1, "Images that serve have a health check", "image-healthcheck"),
    judgedBy("4.7", 1, "Package lists are not updated in a separate step", "image-update-alone"),
    judgedBy("4.8", 2, "Images hold no setuid programs", "image-setuid", "image-setuid-files"),
    asked(
      "4.9",
      1,
      "COPY is used instead of ADD",
      "Confirm that each ADD unpacks an archive on purpose.",
      "image-add",
    ),
    judgedBy("4.10", 1, "No secret is in a Dockerfile or an image", "image-secret"),
    judgedBy("4.11", 2, "Packages are verified when they are installed", "image-unverified-packages"),
    asked(
      "4.12",
      1,
      "Signed artifacts are validated",
      "Check the signature of each file that a build downloads (gpg --verify, cosign verify-blob, sha256sum -c).",
    ),
  ],
};

const operations: Section = {
  number: "6",
  title: "Operations",
  recommendations: [
    asked(
      "6.1",
      1,
      "Unused images are removed",
      "Confirm that the images are kept on purpose.",
      "image-sprawl",
    ),
    asked(
      "6.2",
      1,
      "Stopped containers are removed",
      "Confirm that the containers are kept on purpose.",
      "container-sprawl",
    ),
  ],
};

const swarm: Section = {
  number: "7",
  title: "Swarm",
  recommendations: [
    scored("7.1", 1, "There are no more managers than needed", "swarm-managers"),
    scored("7.2", 1, "Managers listen on one interface", "swarm-listen-address"),
    scored("7.3", 1, "Overlay networks are encrypted", "swarm-overlay-encryption"),
    asked(
      "7.4",
      2,
      "Services get secrets from the swarm",
      "Confirm that no service gets a password by its environment or image.",
      "swarm-secrets",
    ),
    scored("7.5", 1, "Managers are locked", "swarm-auto-lock"),
    asked(
      "7.6",
      1,
      "The unlock key is changed from time to time",
      "Change it on a schedule and after people leave: docker swarm unlock-key --rotate.",
      "swarm-by-hand",
    ),
    judgedBy("7.7", 2, "Node certificates expire soon", "swarm-certificates"),
    asked(
      "7.8",
      2,
      "The swarm's root certificate is changed from time to time",
      "Change it on a schedule and after a node was compromised: docker swarm ca --rotate.",
      "swarm-by-hand",
    ),
    asked(
      "7.9",
      2,
      "Management and containers use separate networks",
      "Confirm that the swarm was made with --data-path-addr on another interface than --advertise-addr: the Engine does not tell.",
      "swarm-by-hand",
    ),
  ],
};

/**
 * The CIS Docker Benchmark 1.6, recommendation by recommendation, numbered as docker-bench-security numbers them. Every word
 * is ours; the benchmark's own text is at https://www.cisecurity.org/benchmark/docker.
 */
export const cis: Benchmark = {
  id: "cis-1.6",
  title: "CIS Docker Benchmark 1.6",
  sections: [host, daemon, files, images, runtime, operations, swarm],
};
