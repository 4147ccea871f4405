import type { NameValue } from "../../model/container-values.ts";
import type { Engine } from "../../model/engine.ts";
import { type SetFact, setItems } from "../../model/fact.ts";
import type { HostFileRole } from "../../model/host/benchmark-sight.ts";
import { releaseOf } from "../../model/release.ts";
import { combine, fail, notApplicable, pass, unknown, type Verdict } from "../../model/verdict.ts";
import type { Checks, Control } from "../control.ts";
import { affecting } from "./advisories.ts";
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
  why: "Whoever is in the docker group can start a privileged container and is root on the host, without a password and without a trace in sudo's log. Only people whom you would give root belong in it.",
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
/** Older lines with fixes of their own. */
const maintainedByVendors: Readonly<Record<number, { readonly by: string; readonly until: string }>> = {
  25: { by: "Mirantis", until: "2026-12-04" },
};

export const engineVersion = benchmarkControl({
  id: "engine-version",
  title: "The Docker Engine is out of date",
  why: "Old Engines have known holes: CVE-2024-21626 in runc lets a container out, CVE-2024-41110 and CVE-2026-34040 bypass authorization plugins. A release line that has ended gets no fixes, unless your distribution makes them.",
  severity: "medium",
  cis: ["1.2.2"],
  attack: ["T1190", "T1611"],
  cwe: [1104, 1395],
  where: ["E"],
  references: ["https://docs.docker.com/engine/release-notes/", "https://endoflife.date/docker-engine"],
  advice:
    "Update to a release that gets fixes, or make sure that your distribution still maintains the one it ships.",
  check: {
    engine: (engine, { today = "" }) =>
      combine([
        ofEngine(engine, today),
        ...setItems(engine.components).map((each) => ofComponent(each, engine)),
      ]),
  },
});

function ofEngine({ version }: Engine, today: string): Verdict {
  if (version.state !== "set") return unknown("the Engine's version is not known");
  const { value, origins } = version;
  const release = releaseOf(value);
  if (!release) return unknown(`the version ${value} is not a release`, origins);
  const isEnded = release.numbers[0] < oldestWithFixes;
  const known = affecting(release);
  if (!isEnded && known.length === 0) return pass(value);
  if (release.isOfDistribution)
    return unknown(
      `Docker ${value} is a distribution's own build, and its number does not show which fixes it has: its security tracker does`,
      origins,
    );
  const vendor = maintainedByVendors[release.numbers[0]];
  if (vendor && today <= vendor.until)
    return unknown(
      `Docker ${value} is of a line that ${vendor.by} maintains until ${vendor.until}: its release notes say which fixes it has`,
      origins,
    );
  return combine([
    ...(isEnded
      ? [
          fail(`runs Docker ${value}, a release line that Docker no longer fixes`, {
            ...{ origins, evidence: "version", observed: value },
          }),
        ]
      : []),
    ...known.map(({ id, aliases: [name = id], summary, severity }) =>
      fail(`runs Docker ${value}, which has ${name}: ${summary}`, {
        ...{ origins, severity, evidence: id, observed: `${value}, ${name}` },
      }),
    ),
  ]);
}

function ofComponent(
  { value: { name, value }, origins }: SetFact<NameValue>,
  { rootOwner }: Engine,
): Verdict {
  if (name !== "runc" && name !== "containerd") return pass();
  const release = releaseOf(value);
  if (!release) return unknown(`the version ${value} of ${name} is not a release`, origins);
  const known = affecting(release, name);
  if (known.length === 0) return pass();
  if (release.isOfDistribution)
    return unknown(
      `${name} ${value} is a distribution's own build, and its number does not show which fixes it has: its security tracker does`,
      origins,
    );
  const isNobody = rootOwner.state === "set" && rootOwner.value.kind !== "rootful";
  return combine(
    known.map(({ id, aliases: [alias = id], summary, severity, mitigatedBy }) => {
      const isMitigated = mitigatedBy !== undefined && isNobody;
      return fail(
        `runs ${name} ${value}, which has ${alias}: ${summary}${isMitigated ? `; ${mitigatedBy} mitigate it` : ""}`,
        {
          ...{ origins, evidence: id, observed: `${name} ${value}, ${alias}` },
          severity: isMitigated ? "low" : severity,
        },
      );
    }),
  );
}
