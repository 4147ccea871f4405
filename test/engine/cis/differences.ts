/** Where bulkhead and docker-bench-security differ on the same Engine, and who is right. docs/cis.md prints it. */
export interface Difference {
  readonly right: "bulkhead" | "docker-bench" | "both";
  readonly why: string;
  /** It depends on the files and groups of the host, so another host may not show it. */
  readonly onSomeHosts?: true;
}

const notInASwarm: Difference = {
  right: "both",
  why: "Without a swarm docker-bench passes the recommendation; bulkhead says that it does not apply, and counts no pass.",
};
const wrongPlace = (what: string): Difference => ({
  right: "bulkhead",
  why: `docker-bench looks at the usual path only; bulkhead at ${what} that the running daemon uses.`,
  onSomeHosts: true,
});
const told = (what: string): Difference => ({
  right: "bulkhead",
  why: `docker-bench leaves it to a person; bulkhead can tell: ${what}.`,
});

export const differences: Readonly<Record<string, Difference>> = {
  "1.1.1": {
    right: "bulkhead",
    why: "dockerd mounts its data root over itself, so docker-bench finds a mount point; bulkhead asks whether it is another file system than the host's root.",
    onSomeHosts: true,
  },
  "1.1.2": {
    right: "bulkhead",
    why: "The docker group has no member, so there is nobody to trust; docker-bench lists the members without a verdict.",
    onSomeHosts: true,
  },
  "1.1.5": wrongPlace("the data root"),
  "1.1.8": wrongPlace("the containerd socket"),
  "1.1.11": wrongPlace("the daemon.json"),
  "2.8": told("no default ulimit is set"),
  "2.15": {
    right: "both",
    why: "Live restore does not work in a swarm: docker-bench passes it, bulkhead says that it does not apply.",
  },
  "2.17": {
    right: "bulkhead",
    why: "Docker's built-in profile holds. docker-bench looks for `profile=default`, which today's Engines spell `profile=builtin`.",
  },
  "2.18": {
    right: "bulkhead",
    why: "docker-bench skips Engines after 19.03; the option exists, so bulkhead looks at it.",
  },
  "3.15": wrongPlace("the socket"),
  "3.16": wrongPlace("the socket"),
  "3.17": wrongPlace("the daemon.json"),
  "3.18": wrongPlace("the daemon.json"),
  "3.23": wrongPlace("the containerd socket"),
  "3.24": wrongPlace("the containerd socket"),
  "4.6": {
    right: "both",
    why: "docker-bench wants a health check in every image; bulkhead only in images that expose a port. 5.27 asks every container.",
  },
  "4.7": {
    right: "bulkhead",
    why: "An imported image has no history. docker-bench finds no update in nothing and passes; bulkhead says that it cannot know.",
  },
  "4.8": told("it reads the modes of the files in the image's layers"),
  "4.9": {
    right: "bulkhead",
    why: "An imported image has no history: docker-bench passes, bulkhead asks a person.",
  },
  "4.10": told("it looks for credentials in images, their history and the environment"),
  "4.11": told("it looks for options that turn signature checks off"),
  "5.2": {
    right: "bulkhead",
    why: "The kernel runs no AppArmor, so the recommendation (“if applicable”) does not apply.",
    onSomeHosts: true,
  },
  "5.3": {
    right: "bulkhead",
    why: "The kernel runs no SELinux. docker-bench passes any container with any security option.",
    onSomeHosts: true,
  },
  "5.7": {
    right: "bulkhead",
    why: "docker-bench runs ps in the container; with the host's PID namespace that shows the host's own sshd. bulkhead counts the container's processes.",
    onSomeHosts: true,
  },
  "5.9": {
    right: "both",
    why: "docker-bench warns of every published port, although the recommendation asks a person; bulkhead lists them and asks.",
  },
  "5.18": {
    right: "bulkhead",
    why: "The only device is /dev/null, which every container has. docker-bench lists any device without a verdict.",
  },
  "5.19": told("neither the container nor the daemon sets ulimits"),
  "5.23": told("the kernel shows which processes an exec started, and with what"),
  "5.28": told("the image of the container is the one that its tag names"),
  "5.30": told("a container is on the default bridge"),
  "6.1": told("more than half of the images are in use"),
  "6.2": told("no more than 25 containers are stopped"),
  "7.1": notInASwarm,
  "7.2": {
    right: "bulkhead",
    why: "docker-bench asks ss in its own network namespace; bulkhead reads the sockets of the daemon's. Without a swarm it does not apply.",
  },
  "7.3": notInASwarm,
  "7.4": {
    right: "bulkhead",
    why: "The swarm runs no service, so nothing needs a secret; docker-bench wants one all the same. Without a swarm it does not apply.",
  },
  "7.5": notInASwarm,
  "7.6": notInASwarm,
  "7.7": {
    right: "bulkhead",
    why: "docker-bench passes only an expiry of exactly two days; Docker renews certificates by itself, and its 90 days are as recommended. Without a swarm it does not apply.",
  },
  "7.8": notInASwarm,
  "7.9": notInASwarm,
};
