import type { Advisory } from "../../model/advisories/advisory.ts";
import { releaseOf } from "../../model/advisories/release.ts";
import { container } from "../../model/container.ts";
import type { Engine } from "../../model/engine.ts";
import { setItems } from "../../model/fact.ts";
import type { HostFileRole } from "../../model/host/benchmark-sight.ts";
import { combine, fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";
import type { Checks, Context, Control } from "../control.ts";
import { isPodman } from "../engine/docker-only.ts";
import {
  type Exposure,
  exposuresOf,
  fixedBy,
  knownAdvisories,
  presenceIn,
  presenceOf,
} from "./advisories.ts";
import { benchmarkControl, byHost } from "./define.ts";

export const hostPartition = benchmarkControl({
  id: "host-partition",
  title: "The data root shares a partition with the host",
  why: "Images, containers and their logs grow without limit. On the same file system as the host they can fill it, and then the host itself cannot write: no logins, no logs, no updates. A separate partition for the data root keeps that inside Docker.",
  severity: "low",
  cis: ["1.1.1"],
  attack: ["T1499.001"],
  cwe: [770],
  where: ["E"],
  references: ["https://docs.docker.com/engine/daemon/#daemon-data-directory"],
  advice: "Give the data root its own file system: mount one at /var/lib/docker, or set data-root to one.",
  check: {
    engine: byHost(({ ownPartition, dataRoot }) => {
      if (ownPartition === undefined) return unknown("the host's mounts cannot be read");
      if (ownPartition) return pass(`${dataRoot} has its own file system`);
      return fail(`keeps ${dataRoot} on the host's own file system: containers can fill it`, {
        origins: [{ kernel: "/proc/self/mountinfo" }],
        evidence: dataRoot,
        observed: dataRoot,
      });
    }),
  },
});

export const dockerGroupMembers = benchmarkControl({
  id: "docker-group-members",
  title: "Users may control the Docker daemon",
  why: "Anyone who is in the docker group can start a privileged container and is root on the host, without a password and without a trace in sudo's log. Only people whom you would give root belong in it.",
  severity: "info",
  cis: ["1.1.2"],
  attack: ["T1078.003", "T1548"],
  cwe: [250, 732],
  where: ["E"],
  references: ["https://docs.docker.com/engine/security/#docker-daemon-attack-surface"],
  advice: "Remove from the docker group everyone whom you would not give root: gpasswd -d USER docker.",
  check: {
    engine: byHost(({ dockerGroup }) => {
      if (!dockerGroup) return pass("the host has no docker group");
      if (dockerGroup.members.length === 0) return pass("the docker group has no members");
      return fail(`lets ${dockerGroup.members.join(", ")} control Docker: each of them is root on the host`, {
        origins: [{ kernel: "/etc/group", field: "docker" }],
        evidence: "docker",
        observed: dockerGroup.members.join(", "),
      });
    }),
  },
});

/** What each recommendation wants audited. */
const audited = {
  "1.1.3": "dockerd",
  "1.1.4": "runContainerd",
  "1.1.5": "dataRoot",
  "1.1.6": "etcDocker",
  "1.1.7": "dockerService",
  "1.1.8": "containerdSocket",
  "1.1.9": "dockerSocketUnit",
  "1.1.10": "etcDefault",
  "1.1.11": "daemonJson",
  "1.1.12": "containerdConfig",
  "1.1.13": "etcSysconfig",
  "1.1.14": "containerd",
  "1.1.15": "containerdShim",
  "1.1.16": "containerdShimRuncV1",
  "1.1.17": "containerdShimRuncV2",
  "1.1.18": "runc",
} as const satisfies Readonly<Record<string, HostFileRole>>;

const auditChecks: Readonly<Record<string, Checks>> = Object.fromEntries(
  Object.entries(audited).map(([number, role]) => [
    number,
    { engine: byHost((host) => judgeAudit(role, host)) },
  ]),
);

function judgeAudit(
  role: HostFileRole,
  { files, audit }: Parameters<Parameters<typeof byHost>[0]>[0],
): Verdict {
  const [file] = files[role];
  if (!file) return notApplicable("the host has no such file");
  if (audit.from === "nowhere") return unknown(audit.reason);
  const rule = audit.watched.find((path) => path === file.path || file.path.startsWith(`${path}/`));
  const where = audit.from === "kernel" ? "in the kernel's list" : "in auditd's files";
  if (rule !== undefined) return pass(`${file.path}: a rule on ${rule} ${where}`);
  return fail(`has no audit rule on ${file.path} ${where}: nothing records who changed or used it`, {
    origins: [audit.origin],
    evidence: file.path,
    observed: file.path,
    advice: `Add \`-w ${file.path} -p wa -k docker\` to /etc/audit/rules.d/docker.rules, and run augenrules --load`,
  });
}

export const hostAuditRules: Control = benchmarkControl({
  id: "host-audit-rules",
  title: "Docker's files are not audited",
  why: "dockerd runs as root, and its programs, configuration and sockets decide what root does. Without audit rules nothing records who replaced a program, changed the configuration or opened a socket, and after an incident nobody can tell.",
  severity: "info",
  cis: Object.keys(audited),
  attack: ["T1562.012"],
  cwe: [778],
  where: ["E"],
  references: ["https://man7.org/linux/man-pages/man8/auditctl.8.html"],
  advice:
    "Write a rule for each path to /etc/audit/rules.d/docker.rules (-w /usr/bin/dockerd -k docker) and load it with augenrules --load.",
  check: {
    engine: (engine, context) =>
      combine(
        Object.values(auditChecks).flatMap(({ engine: check }) => (check ? [check(engine, context)] : [])),
        notApplicable("the host has none of the files"),
      ),
  },
  recommendations: auditChecks,
});

/**
 * The oldest release line that Docker fixes, by major number. As of November 2026.
 *
 * @see https://github.com/moby/moby/blob/master/project/BRANCHES-AND-TAGS.md
 */
const oldestWithFixes = 29;

export const engineVersion: Control = {
  ...benchmarkControl({
    id: "engine-version",
    title: "The Docker Engine is out of date",
    why: "Old Engines have known holes: CVE-2024-21626 in runc lets a container out, CVE-2024-41110 and CVE-2026-34040 bypass authorization plugins. A release line that has ended gets no fixes, unless your distribution makes them. A finding names the containers that are exposed to a hole, and what mitigates it in the others. `bulkhead advisories engine` shows each advisory for each container, those of the kernel as well.",
    severity: "medium",
    cis: ["1.2.2"],
    attack: ["T1190", "T1611"],
    cwe: [1104, 1395],
    where: ["E"],
    references: [
      "https://docs.docker.com/engine/release-notes/",
      "https://endoflife.date/docker-engine",
      "https://ossf.github.io/osv-schema/",
    ],
    advice: `Update Docker to ${fixedBy("docker-engine")} or later, containerd to ${fixedBy("containerd")} and runc to ${fixedBy("runc")}; or make sure that your distribution still maintains what it ships.`,
    check: { engine: judgeVersions },
  }),
};

/** What the Engine runs containers and builds with; the kernel's holes are judged for each container, by kernel-reach. */
function judgeVersions(engine: Engine, context: Context): Verdict {
  const { version } = engine;
  if (isPodman(engine)) return notApplicable("Podman has other versions, and its distribution mends them");
  if (version.state !== "set") return unknown("the Engine's version is not known");
  const { value, origins } = version;
  const release = releaseOf(value);
  if (!release) return unknown(`the version ${value} is not a release`, origins);
  const ended = presenceIn(
    "docker-engine",
    value,
    [{ introduced: "0" }, { fixed: `${oldestWithFixes}.0.0` }],
    context.today ?? "",
  );
  const holes = knownAdvisories().filter(({ affected }) =>
    affected.some(({ package: name }) => name !== "linux" && name !== "buildkit"),
  );
  return combine(
    [
      ...(ended.state === "unknown" ? [unknown(ended.why, origins)] : []),
      ...(ended.state === "present"
        ? [
            fail(`runs Docker ${value}, a release line that Docker no longer fixes`, {
              ...{ origins, evidence: "version", observed: value },
            }),
          ]
        : []),
      ...holes.map((advisory) => judgeHole(advisory, engine, context)),
    ],
    pass(value),
  );
}

function judgeHole(advisory: Advisory, engine: Engine, { running, today }: Context): Verdict {
  const presence = presenceOf(advisory, engine, today);
  const parts = advisory.affected.map(({ package: name }) => name);
  const component = setItems(engine.components).find(({ value }) =>
    parts.some((name) => name === value.name),
  );
  const origins = component?.origins ?? (engine.version.state === "set" ? engine.version.origins : []);
  // An Engine that does not name its runc says nothing of it: older ones and Podman.
  if (
    presence.state === "fixed" ||
    (presence.state === "unknown" && !component && !parts.includes("docker-engine"))
  )
    return pass();
  if (presence.state === "unknown") return unknown(presence.why, origins);
  const {
    id,
    aliases: [name = id],
    summary,
    severity,
    by,
  } = advisory;
  const stands = by === "container" ? standsOf(advisory, engine, running, today) : [];
  // Where none runs, a plain new one counts.
  const exposures =
    stands.length > 0
      ? stands.map(({ exposure }) => exposure)
      : exposuresOf([advisory], container("configured"), engine, today);
  const isMitigated = by === "container" && exposures.every(({ state }) => state === "mitigated");
  const exposed = describeStands(stands);
  return fail([`runs ${presence.of}, which has ${name}: ${summary}`, ...exposed].join("; "), {
    ...{ origins, evidence: id, observed: `${presence.of}, ${name}` },
    severity: isMitigated ? "low" : severity,
  });
}

/** `exposed: web, db; mitigated in cache (user)`; nothing where no container runs. */
function describeStands(stands: ReturnType<typeof standsOf>): readonly string[] {
  const named = (state: Exposure["state"]) => stands.filter(({ exposure }) => exposure.state === state);
  const shown = (each: typeof stands) =>
    [
      ...each
        .slice(0, 5)
        .map(({ name, exposure }) =>
          exposure.state === "mitigated" ? `${name} (${exposure.by.join(", ")})` : name,
        ),
      ...(each.length > 5 ? [`${each.length - 5} more`] : []),
    ].join(", ");
  return [
    ...(named("exposed").length > 0 ? [`exposed: ${shown(named("exposed"))}`] : []),
    ...(named("unknown").length > 0 ? [`not known: ${shown(named("unknown"))}`] : []),
    ...(named("mitigated").length > 0 ? [`mitigated in ${shown(named("mitigated"))}`] : []),
  ];
}

function standsOf(advisory: Advisory, engine: Engine, running: Context["running"], today = "") {
  return running.map(({ subject, container }) => {
    const configured = subject.views.find(({ level }) => level === "configured") ?? container;
    const [exposure = { state: "exposed" as const }] = exposuresOf([advisory], configured, engine, today);
    return { name: subject.name, exposure };
  });
}
