import type { Finding } from "../audit/finding.ts";
import { bySweep, type Cause } from "./change.ts";
import { mountingCalls } from "./reading/kernel-events.ts";

/** What a finding is about, as far as that decides what can bring it about; undefined: anything may. */
type About = "limits" | "mounts" | "rights" | undefined;

const aboutControls: ReadonlyMap<string, About> = new Map([
  ...allAbout("limits", ["memory-limit", "memory-swap-limit", "pids-limit", "cpu-limit", "io-limit"]),
  ...allAbout("limits", ["oom-score", "realtime-cpu"]),
  ...allAbout("mounts", ["read-only-rootfs", "kernel-file-system", "masked-paths", "tmpfs-options"]),
  ...allAbout("mounts", ["docker-socket-mount", "sensitive-host-mount", "host-dev-mount", "host-proc-mount"]),
  ...allAbout("mounts", ["mount-propagation", "read-only-volume"]),
  ...allAbout("rights", ["root-user", "supplementary-groups", "privileged-exec", "no-new-privileges"]),
  ...allAbout("rights", ["capabilities-drop", "capabilities-dangerous", "seccomp-profile"]),
]);

const aboutFields: ReadonlyMap<string, About> = new Map([
  ...allAbout("limits", [
    "memory",
    "memory-swap",
    "pids-limit",
    "cpus",
    "oom-kill-disable",
    "device-cgroup-rule",
  ]),
  ...allAbout("mounts", ["read-only"]),
  ...allAbout("rights", ["no-new-privileges", "seccomp", "user", "cap-add"]),
]);

const gaining = ["execve", "execveat", "setuid", "setreuid", "setresuid", "capset"];

/**
 * Calls of the kernel that cannot change what a finding is about. A limit is a file of a cgroup: only a process that is moved to
 * another one gets others by a call.
 */
const otherCalls: Readonly<Record<NonNullable<About>, ReadonlySet<string>>> = {
  limits: new Set([...mountingCalls, ...gaining, "setns", "unshare"]),
  mounts: new Set([...gaining, "cgroup.procs"]),
  rights: new Set(mountingCalls),
};

/** Likewise of a container's events. */
const otherActions: Readonly<Record<NonNullable<About>, ReadonlySet<string>>> = {
  limits: new Set(["exec_create", "exec_start", "exec_die", "unpause"]),
  mounts: new Set(["update", "unpause"]),
  rights: new Set(["update", "unpause"]),
};

/**
 * What brought a finding about: the cause of the look that found it, where that can change what the finding is about. Else the look
 * only came by at the right time: then it is the file that was `written` meanwhile, if that can change it, or nobody knows.
 */
export function causeOfFinding(cause: Cause, finding: Finding, written?: Cause): Cause {
  const about = finding.control === "drift" ? aboutDrift(finding) : aboutOf(finding);
  const names = finding.control === "drift" ? Object.keys(finding.since ?? {}) : [finding.control];
  return firstPossible(
    [cause, written],
    (each) =>
      canBeConfigured(each, finding) &&
      about.some((what, index) => isPossible(each, what, names[index] ?? "")),
  );
}

/** What the Engine is asked to run does not change by these: an edit of its hostconfig.json may come to light with one of them. */
const endings = new Set(["die", "kill", "stop"]);

function canBeConfigured(cause: Cause, { level }: Finding): boolean {
  return !(level === "configured" && cause.kind === "event" && endings.has(cause.action));
}

/** Likewise of one field of a drift. */
export function causeOfField(cause: Cause, field: string, written?: Cause): Cause {
  return firstPossible([cause, written], (each) => isPossible(each, aboutField(field), field));
}

function firstPossible(causes: readonly (Cause | undefined)[], is: (cause: Cause) => boolean): Cause {
  const known = causes.find((each) => each !== undefined && each.kind !== "sweep" && is(each));
  return known ?? causes.find((each) => each?.kind === "sweep") ?? bySweep;
}

/** What a file of each controller can limit, by the names of controls and of drift's fields. */
const limitedBy: Readonly<Record<string, RegExp>> = {
  memory: /^(?:memory|oom-kill)/,
  cpu: /cpu/,
  cpuset: /cpu/,
  pids: /^pids/,
  blkio: /^(?:io|blkio|device-(?:read|write))/,
  io: /^(?:io|blkio|device-(?:read|write))/,
  devices: /^device/,
};

function isPossible(cause: Cause, about: About, name: string): boolean {
  const controller = cause.kind === "file" ? /\/([a-z]+)\.[^/]+$/.exec(cause.path)?.[1] : undefined;
  const limited = controller === undefined ? undefined : limitedBy[controller];
  if (limited) return limited.test(name);
  if (about === undefined) return true;
  if (cause.kind === "kernel") return !otherCalls[about].has(cause.call);
  if (cause.kind !== "event") return true;
  return cause.type === "container" && !otherActions[about].has(cause.action);
}

function aboutOf({ control, views }: Finding): readonly About[] {
  if (control !== "device-access") return [aboutControls.get(control)];
  // A rule is a line of the device cgroup (`c 188:* rmw`); a device is a node that is in the container, too.
  const isRule = views.some(({ level, observed }) => level === "effective" && /^[abc] /.test(observed ?? ""));
  return [isRule ? "limits" : "mounts"];
}

function aboutDrift({ since = {} }: Finding): readonly About[] {
  const fields = Object.keys(since);
  return fields.length === 0 ? [undefined] : fields.map(aboutField);
}

function aboutField(field: string): About {
  return /^(?:mount|device) /.test(field) ? "mounts" : aboutFields.get(field);
}

function allAbout(about: About, names: readonly string[]): readonly (readonly [string, About])[] {
  return names.map((name) => [name, about]);
}
