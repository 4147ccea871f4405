/** What is tried in each setting: tests of a real Engine, which run here and in the machine alike. */
export interface Feature {
  readonly id: string;
  readonly says: string;
  /** vitest's project, files, and which of their tests (all, unless said). */
  readonly project: "engine" | "host";
  readonly files: readonly string[];
  readonly only?: string;
}

export const features: readonly Feature[] = [
  {
    id: "audit",
    says: "what the Engine says and the kernel enforces, limits lifted by hand, every namespace, mount and device",
    project: "host",
    files: ["test/engine/kernel.test.ts", "test/engine/live-findings.test.ts"],
  },
  {
    id: "mac",
    says: "AppArmor and SELinux: labels, complain and permissive, a learnt profile enforced, prove names it, watch sees it go",
    project: "host",
    files: ["test/engine/mac.test.ts"],
  },
  {
    id: "watch",
    says: "what is done to a running container behind the Engine, by sweeps and by the kernel's events",
    project: "host",
    files: ["test/engine/watch-tampering.test.ts", "test/engine/watch-drift.test.ts"],
  },
  {
    id: "prove",
    says: "24 containers, each probe as a table by hand says",
    project: "host",
    files: ["test/engine/prove-matrix.test.ts"],
  },
  {
    id: "reach",
    says: "what it says of each interface is what the kernel answers",
    project: "engine",
    files: ["test/engine/reach.test.ts"],
  },
  {
    id: "fix",
    says: "limits of a running container, and made anew, hardened, with its data",
    project: "engine",
    files: ["test/engine/fix-live.test.ts"],
  },
  {
    id: "learn",
    says: "capabilities, scratch folders, limits, and a seccomp profile that the kernel enforces",
    project: "engine",
    files: ["test/engine/learn.test.ts"],
  },
  {
    id: "guard",
    says: "attacks by container settings and by the host's files, past it, at the proxy and at the plugin",
    project: "engine",
    files: ["test/engine/guard-attacks.test.ts"],
    only: "a container with more than it needs|the host's files|the host's root again|unharmed",
  },
  {
    id: "rootless",
    says: "a rootless Engine: whose root it is, limits in force or not, nothing high in plain containers",
    project: "host",
    files: ["test/engine/rootless.test.ts", "test/engine/rootless-trials.test.ts"],
  },
  {
    id: "podman",
    says: "Podman: its containers by its API and by the kernel",
    project: "host",
    files: ["test/engine/podman.test.ts"],
  },
  {
    id: "podman-rootless",
    says: "a rootless Podman: whose root it is, limits in force or not, nothing high in plain containers, a guard before it",
    project: "host",
    files: ["test/engine/podman-rootless.test.ts"],
  },
];
