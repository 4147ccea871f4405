import type { Engine, RootlessHost } from "../../model/engine.ts";
import { isOpen } from "../../model/fact.ts";
import { isRootlessOwner, nameOwner } from "../../model/root-owner.ts";
import type { Severity } from "../../model/severity.ts";
import {
  combine,
  fail,
  notApplicable,
  pass,
  unknown,
  unknownFact,
  type Verdict,
} from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { isPodman } from "./docker-only.ts";

const docs = "https://docs.docker.com/engine/security/rootless/";

/** A control of what only a rootless Engine has: its own facts, or the host that it stands on. */
function ofRootless(about: {
  readonly id: string;
  readonly title: string;
  readonly why: string;
  readonly severity: Severity;
  readonly attack: Control["attack"];
  readonly cwe: Control["cwe"];
  readonly references: readonly string[];
  readonly check: (host: RootlessHost, engine: Engine) => Verdict;
  readonly advice: string;
}): Control {
  const { check, advice, ...words } = about;
  return {
    ...words,
    row: undefined,
    guard: "off",
    cis: [],
    where: ["E"],
    // Only a running rootless Engine shows it.
    examples: { bad: [], good: [] },
    check: {
      engine(engine) {
        const { rootless, rootlessHost } = engine;
        if (isOpen(rootless)) return unknownFact(rootless);
        if (rootless.state === "unset" || !rootless.value)
          return notApplicable("the Engine does not run rootless");
        if (isOpen(rootlessHost)) return unknownFact(rootlessHost);
        return check(rootlessHost.state === "set" ? rootlessHost.value : {}, engine);
      },
    },
    remedy: { engine: () => manual(advice) },
  };
}

/** Where there is no rootlesskit. */
const ofEachContainer = notApplicable("Podman has no rootlesskit: each container's own network decides");

const unseenHost = unknown("the host of this rootless Engine cannot be seen from here");

export const engineLimits: Control = {
  id: "engine-limits",
  title: "The Engine cannot set limits",
  why: "Without a cgroup of its own an Engine sets no limits: `--memory`, `--cpus` and `--pids-limit` are accepted, a warning is printed, and nothing holds. A rootless Engine needs cgroup v2 and controllers that systemd delegates to the user. On an Engine of root a kernel without the controller does the same. Until then one container can take the memory and the process IDs of all.",
  severity: "medium",
  row: undefined,
  guard: "off",
  cis: [],
  where: ["E"],
  attack: ["T1499", "T1496"],
  cwe: [770, 400],
  references: [
    `${docs}tips/#limiting-resources`,
    "https://docs.kernel.org/admin-guide/cgroup-v2.html#delegation",
  ],
  examples: { bad: [], good: [] },
  check: {
    engine(engine) {
      const { level, limitsNotInForce: missing } = engine;
      if (level === "declared") return notApplicable("a configuration does not show the kernel");
      if (isOpen(missing)) return unknownFact(missing);
      const names = missing.state === "set" ? missing.value : [];
      if (names.length === 0) return pass("limits are in force");
      // A kernel without swap accounting is usual, and bounds memory all the same.
      const isSmall = names.every(
        (name) => name === "memory-swap" || name === "blkio" || name === "cpuset-cpus",
      );
      return fail(`accepts the limits ${names.join(", ")} and sets none of them: ${whyNoLimits(engine)}`, {
        origins: missing.state === "set" ? missing.origins : [],
        severity: isSmall ? "low" : undefined,
        evidence: names.join(","),
        observed: `no ${names.join(", ")}`,
      });
    },
  },
  remedy: {
    engine: () =>
      manual(
        "Boot with cgroup v2 (systemd.unified_cgroup_hierarchy=1) and delegate the controllers: `Delegate=cpu cpuset io memory pids` in a drop-in of user@.service, then `systemctl daemon-reload` and log in again.",
      ),
  },
};

/** Why an Engine cannot set the limits that it names in `limitsNotInForce`. */
export function whyNoLimits({ rootless, cgroupVersion }: Engine): string {
  if (rootless.state !== "set" || !rootless.value) return "the kernel lacks the controllers";
  return cgroupVersion.state === "set" && cgroupVersion.value === 1
    ? "it is rootless on cgroup v1, where users get no cgroups"
    : "it is rootless, and these controllers are not delegated to its user";
}

export const rootlessPortDriver = ofRootless({
  id: "rootless-port-driver",
  title: "The port driver hides who connects",
  why: "rootlesskit's builtin port driver opens the connection to the container itself, so a server sees one address for all clients. Allow lists, rate limits and logs by address then hold for everyone or no one.",
  severity: "low",
  attack: ["T1190"],
  cwe: [778],
  references: [`${docs}tips/#networking`],
  check({ portDriver }, engine) {
    if (isPodman(engine)) return ofEachContainer;
    if (portDriver === undefined || portDriver === "") return unseenHost;
    if (portDriver !== "builtin") return pass(`port driver ${portDriver}`);
    return fail("uses rootlesskit's port driver builtin: a container sees one address for every client", {
      evidence: "port-driver",
      observed: "port driver builtin",
    });
  },
  advice:
    "Where a server judges by address: DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER=slirp4netns, or NET=pasta with PORT_DRIVER=implicit, in a drop-in of the user's docker.service.",
});

export const rootlessLoopback = ofRootless({
  id: "rootless-loopback",
  title: "Containers reach the host's loopback",
  why: "rootlesskit closes the host's loopback to containers by default. Opened (DOCKERD_ROOTLESS_ROOTLESSKIT_DISABLE_HOST_LOOPBACK=false, or the host's own network), every container reaches databases, metadata agents and other users' services that trust 127.0.0.1, at 10.0.2.2.",
  severity: "medium",
  attack: ["T1210", "T1046"],
  cwe: [668, 923],
  references: [
    `${docs}tips/#networking`,
    "https://github.com/rootless-containers/rootlesskit/blob/master/docs/network.md",
  ],
  check({ loopbackOpen, networkDriver }, engine) {
    if (isPodman(engine)) return ofEachContainer;
    if (loopbackOpen === undefined) return unseenHost;
    if (!loopbackOpen) return pass("the host's loopback is closed");
    const how = networkDriver === "host" ? "runs in the host's own network" : "opens the host's loopback";
    return fail(`${how}: every container can reach services that listen on 127.0.0.1 of the host`, {
      evidence: "host-loopback",
      observed: "loopback open",
    });
  },
  advice:
    "Take DOCKERD_ROOTLESS_ROOTLESSKIT_DISABLE_HOST_LOOPBACK=false (or NET=host) out of the environment of the user's docker.service, and publish what a container needs on an address of its own.",
});

export const rootlessSubids = ofRootless({
  id: "rootless-subids",
  title: "The user's subordinate ids belong to others, too",
  why: "The ids of /etc/subuid are what the containers' users are on the host. Where another user has the same ids, or an account has one of them, containers of one can read and change files of the other and signal its processes.",
  severity: "high",
  attack: ["T1611", "T1222.002"],
  cwe: [653],
  references: ["https://man7.org/linux/man-pages/man5/subuid.5.html", docs],
  check({ overlaps }) {
    if (overlaps === undefined) return unseenHost;
    if (overlaps.length === 0) return pass("ids of its own");
    return combine(
      overlaps.map((overlap) =>
        fail(`shares ids of its containers (${overlap}): each can act as the other's users`, {
          evidence: overlap,
          observed: overlap,
        }),
      ),
    );
  },
  advice:
    "Give each user a range of its own, at least 65536 long and above every account: `usermod --add-subuids FIRST-LAST --del-subuids FIRST-LAST USER`, then start the Engine anew and chown what its containers wrote.",
});

export const rootlessLinger = ofRootless({
  id: "rootless-linger",
  title: "Containers end with the user's session",
  why: "Without lingering, systemd ends every process of a user when the last session closes, the Engine with its containers among them, and starts none at boot. A restart policy does not help.",
  severity: "low",
  attack: ["T1489"],
  cwe: [754],
  references: ["https://www.freedesktop.org/software/systemd/man/latest/loginctl.html"],
  check({ lingers }, { rootOwner }) {
    if (lingers === undefined) return notApplicable("no systemd, or its state cannot be seen from here");
    if (lingers) return pass("lingers");
    const who = rootOwner.state === "set" ? nameOwner(rootOwner.value) : "its user";
    return fail(`runs without lingering: its containers end when ${who} logs out, and none starts at boot`, {
      evidence: "linger",
      observed: "no lingering",
    });
  },
  advice: "Run `loginctl enable-linger USER` as root.",
});

export const rootlessBeside = ofRootless({
  id: "rootless-beside",
  title: "A Docker daemon of root runs beside the rootless one",
  why: "Moving to rootless mode helps only once the daemon of root is gone: its socket still gives its group root on the host, and tools that use the default socket go on to use it.",
  severity: "medium",
  attack: ["T1611", "T1548"],
  cwe: [250],
  references: [docs],
  check({ rootfulBeside }, { rootOwner }) {
    if (rootfulBeside !== undefined)
      return fail(
        `runs beside a dockerd of root (PID ${rootfulBeside}): that one's socket is still root on the host`,
        {
          evidence: "rootful",
          observed: "a dockerd of root",
        },
      );
    const isSeen =
      rootOwner.state === "set" && isRootlessOwner(rootOwner.value) && rootOwner.value.uid !== undefined;
    return isSeen ? pass("no dockerd of root") : unseenHost;
  },
  advice:
    "Move its containers, then `systemctl disable --now docker.service docker.socket` and remove /var/run/docker.sock; keep it only where you need both.",
});

export const rootlessUserNamespaces = ofRootless({
  id: "rootless-user-namespaces",
  title: "Every program may make user namespaces",
  why: "A rootless Engine needs user namespaces, and in one a process has every capability, which opens parts of the kernel that many exploits needed. AppArmor's kernel.apparmor_restrict_unprivileged_userns lets only programs with a profile make them, rootlesskit among them. Where kernel.unprivileged_userns_clone is 0, the Engine does not start again.",
  severity: "low",
  attack: ["T1068"],
  cwe: [250],
  references: [
    "https://ubuntu.com/blog/ubuntu-23-10-restricted-unprivileged-user-namespaces",
    `${docs}troubleshoot/`,
    "https://man7.org/linux/man-pages/man7/user_namespaces.7.html",
  ],
  check({ apparmorRestricts, cloneAllowed }) {
    if (cloneAllowed === false)
      return fail("runs although kernel.unprivileged_userns_clone is 0: it cannot start again", {
        severity: "medium",
        evidence: "unprivileged_userns_clone",
        observed: "unprivileged_userns_clone 0",
      });
    if (apparmorRestricts === undefined)
      return notApplicable("this kernel cannot keep user namespaces to some programs");
    if (apparmorRestricts) return pass("only programs with a profile make user namespaces");
    return fail(
      "leaves kernel.apparmor_restrict_unprivileged_userns off: any program of any user may make a user namespace",
      { evidence: "apparmor_restrict_unprivileged_userns", observed: "user namespaces for all" },
    );
  },
  advice:
    "Load an AppArmor profile for rootlesskit that has `userns,` (Docker's documentation has one) and set kernel.apparmor_restrict_unprivileged_userns=1; keep kernel.unprivileged_userns_clone at 1.",
});
