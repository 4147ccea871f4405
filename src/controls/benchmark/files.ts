import type { HostFile, HostFileRole, HostObservations } from "../../model/host/benchmark-sight.ts";
import { combine, fail, notApplicable, pass, type Verdict } from "../../model/verdict.ts";
import type { Checks, Control } from "../control.ts";
import { benchmarkControl, byHost } from "./define.ts";

type ExpectedFile =
  /** Owned by root, and by the group root or docker. */
  | { readonly role: HostFileRole; readonly owner: "root:root" | "root:docker" }
  /** No permission bit beyond these. */
  | { readonly role: HostFileRole; readonly mode: number };

/** What each recommendation wants of which file. */
const wanted: Readonly<Record<string, ExpectedFile>> = {
  "3.1": { role: "dockerService", owner: "root:root" },
  "3.2": { role: "dockerService", mode: 0o644 },
  "3.3": { role: "dockerSocketUnit", owner: "root:root" },
  "3.4": { role: "dockerSocketUnit", mode: 0o644 },
  "3.5": { role: "etcDocker", owner: "root:root" },
  "3.6": { role: "etcDocker", mode: 0o755 },
  "3.7": { role: "registryCertificates", owner: "root:root" },
  "3.8": { role: "registryCertificates", mode: 0o444 },
  "3.9": { role: "tlsCa", owner: "root:root" },
  "3.10": { role: "tlsCa", mode: 0o444 },
  "3.11": { role: "tlsCertificate", owner: "root:root" },
  "3.12": { role: "tlsCertificate", mode: 0o444 },
  "3.13": { role: "tlsKey", owner: "root:root" },
  "3.14": { role: "tlsKey", mode: 0o400 },
  "3.15": { role: "dockerSocket", owner: "root:docker" },
  "3.16": { role: "dockerSocket", mode: 0o660 },
  "3.17": { role: "daemonJson", owner: "root:root" },
  "3.18": { role: "daemonJson", mode: 0o644 },
  "3.19": { role: "etcDefault", owner: "root:root" },
  "3.20": { role: "etcDefault", mode: 0o644 },
  "3.21": { role: "etcSysconfig", mode: 0o644 },
  "3.22": { role: "etcSysconfig", owner: "root:root" },
  "3.23": { role: "containerdSocket", owner: "root:root" },
  "3.24": { role: "containerdSocket", mode: 0o660 },
};

const checks: Readonly<Record<string, Checks>> = Object.fromEntries(
  Object.entries(wanted).map(([number, each]) => [number, { engine: byHost((host) => judge(each, host)) }]),
);

function judge(want: ExpectedFile, host: HostObservations): Verdict {
  return combine(
    host.files[want.role].map((file) =>
      "owner" in want ? judgeOwner(file, want.owner, host) : judgeMode(file, want.mode),
    ),
    notApplicable("the host has no such file"),
  );
}

function judgeOwner(file: HostFile, owner: string, { dockerGroup }: HostObservations): Verdict {
  const { path, uid, gid, origin } = file;
  const groups = owner === "root:docker" && dockerGroup ? [0, dockerGroup.gid] : [0];
  if (uid === 0 && groups.includes(gid)) return pass(`${path} belongs to ${uid}:${gid}`);
  return fail(`${path} belongs to ${uid}:${gid} instead of ${owner}: others than root can change it`, {
    origins: [origin],
    evidence: path,
    observed: `${path} ${uid}:${gid}`,
    advice: `chown ${owner} ${path}`,
  });
}

function judgeMode({ path, mode = 0, origin }: HostFile, most: number): Verdict {
  const said = mode.toString(8).padStart(3, "0");
  const more = mode & ~most & 0o777;
  if (more === 0) return pass(`${path} has mode ${said}`);
  return fail(`${path} has mode ${said}, more than ${most.toString(8)}: ${consequence(more)}`, {
    origins: [origin],
    evidence: path,
    observed: `${path} ${said}`,
    advice: `chmod ${most.toString(8)} ${path}`,
  });
}

function consequence(bits: number): string {
  if ((bits & 0o022) !== 0) return "others can change it";
  return (bits & 0o044) !== 0 ? "others can read it" : "it permits more than Docker needs";
}

export const engineFiles: Control = benchmarkControl({
  id: "engine-files",
  title: "Docker's own files are open to others",
  why: "The units, configuration, certificates and sockets of Docker decide what runs as root. Anyone who may write one of them becomes root at the next start, and anyone who reads the TLS key can pretend to be the daemon. root should own them, and other users should read only those without secrets.",
  severity: "high",
  cis: Object.keys(wanted),
  attack: ["T1543.002", "T1222.002"],
  cwe: [732],
  where: ["E"],
  references: [
    "https://docs.docker.com/engine/security/protect-access/",
    "https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file",
  ],
  advice:
    "Give the file to root and take the further permissions away: chown root:root FILE, chmod MODE FILE.",
  check: {
    engine: (engine, context) =>
      combine(
        Object.values(checks).flatMap(({ engine: check }) => (check ? [check(engine, context)] : [])),
        notApplicable("the host has none of the files"),
      ),
  },
  recommendations: checks,
});
