/** Where the features are tried. */
export interface Setting {
  readonly id: string;
  readonly says: string;
  /** In the machine, with these arguments of its kernel; else on this one. */
  readonly boot?: readonly string[];
  /** A command before the first feature. */
  readonly before?: string;
  /** A suite of Debian whose Engine is unpacked and used (scripts/engine-packages.sh); else the installed one. */
  readonly engine?: "sid" | "bookworm";
  readonly store?: "containerd";
  /** Only these features, and why; else all. */
  readonly only?: { readonly features: readonly string[]; readonly why: string };
}

export const settings: readonly Setting[] = [
  { id: "apparmor", says: "Debian 13 in the machine", boot: ["apparmor=1", "security=apparmor"] },
  {
    id: "selinux",
    says: "Debian 13 in the machine, SELinux enforcing",
    boot: ["selinux=1", "security=selinux", "enforcing=0"],
    // Node compiles while it runs.
    before: "setsebool allow_execmem on && setenforce 1",
    only: { features: ["audit", "mac", "reach", "fix"], why: "the rest is the same as under AppArmor" },
  },
  {
    id: "permissive",
    says: "Debian 13 in the machine, SELinux permissive",
    boot: ["selinux=1", "security=selinux", "enforcing=0"],
    only: { features: ["mac"], why: "only labels differ from enforcing" },
  },
  { id: "here", says: "the machine that the tests run on" },
  { id: "newer", says: "the same, Engine 28", engine: "sid" },
  {
    id: "containerd",
    says: "the same, Engine 28 with containerd's image store",
    engine: "sid",
    store: "containerd",
  },
  {
    id: "older",
    says: "the same, Engine 20.10",
    engine: "bookworm",
    only: { features: ["audit", "watch"], why: "its API 1.41 lacks what these tests ask for" },
  },
];
