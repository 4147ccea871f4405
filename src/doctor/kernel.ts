import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../base/error-words.ts";
import { hostFiles } from "../engine/host/files.ts";
import { isFirstPidNamespace, readStanding } from "../engine/host/own-container.ts";
import { type Check, limited, missing, ok } from "./checks.ts";

export interface KernelPlaces {
  /** The host's procfs. */
  readonly proc: string;
  /** The host's cgroupfs. */
  readonly cgroup: string;
  /** The host's sysfs. */
  readonly sys: string;
}

/** What the kernel of this machine lets this process see. Reads files alone, and changes nothing. */
export function checkKernel({ proc, cgroup, sys }: KernelPlaces, rootless?: string): readonly Check[] {
  return [
    processes(proc, rootless),
    cgroups(cgroup),
    seccomp(proc),
    securityModules(sys),
    tracing(sys, proc),
    userNamespaces(proc),
    overlay(proc),
  ];
}

function processes(proc: string, rootless: string | undefined): Check {
  const name = "processes";
  const ids = list(proc).filter((each) => /^\d+$/.test(each));
  const status = read(join(proc, "self/status"));
  if (status === undefined || ids.length === 0)
    return missing(
      name,
      `${proc} is not a procfs`,
      "Nothing is known of what the kernel enforces. In a container, mount the host's /proc and pass --proc.",
    );
  const { isInside } = readStanding(hostFiles);
  if (isInside && proc === "/proc" && isOwnAlone(proc, ids))
    return limited(
      name,
      `this container's own ${ids.length} alone`,
      "What the kernel enforces for other containers is unknown. Run this container with --pid host.",
    );
  const uid = effectiveUser(proc) ?? "unknown";
  const who = uid === "0" ? "root" : `user ${uid}`;
  const hidden = ids.filter((id) => isHidden(join(proc, id))).length;
  if (hidden === 0) return ok(name, `${who} can read all ${ids.length}`);
  const found = `${who} cannot look into ${hidden} of ${ids.length}`;
  if (uid !== "0" && rootless) {
    const own = ids.filter((id) => isOf(rootless, join(proc, id)));
    const closed = own.filter((id) => isHidden(join(proc, id))).length;
    if (closed === 0)
      return ok(name, `${who} can read all ${own.length} of the rootless Engine and its containers`);
  }
  const remedy =
    uid !== "0"
      ? "Run bulkhead as root, or as the user of a rootless Engine."
      : holdsCapability(status, 19n)
        ? "A security module, or a user namespace around bulkhead, closes them. In a container where AppArmor runs: --security-opt apparmor=unconfined."
        : isInside
          ? "Run this container with --cap-add SYS_PTRACE: it then sees their namespaces, mounts and devices. Where AppArmor runs it needs --security-opt apparmor=unconfined as well."
          : "Give it the capability SYS_PTRACE.";
  return limited(name, found, `What the kernel enforces for these is unknown. ${remedy}`);
}

function effectiveUser(proc: string): string | undefined {
  return /^Uid:\s*\d+\s+(\d+)/m.exec(read(join(proc, "self/status")) ?? "")?.[1];
}

/** Nobody's parent is outside: the first process is this program, or its container's. */
function isOwnAlone(proc: string, ids: readonly string[]): boolean {
  return ids.includes("1") && !isFirstPidNamespace(hostFiles) && existsSync(join(proc, "1"));
}

/** Whether a process is in the user namespace of the rootless Engine. */
function isOf(namespace: string, folder: string): boolean {
  try {
    return readlinkSync(join(folder, "ns/user")) === namespace;
  } catch {
    return false;
  }
}

/** A process's namespaces are shown to who may trace it (ptrace(2), PTRACE_MODE_READ); one that ended is not hidden. */
function isHidden(folder: string): boolean {
  try {
    readlinkSync(join(folder, "ns/mnt"));
    return false;
  } catch (error) {
    return codeOf(error) === "EACCES" || codeOf(error) === "EPERM";
  }
}

function cgroups(folder: string): Check {
  const name = "cgroups";
  const shown = shownAt(folder);
  if (shown !== "/" && existsSync(folder))
    return limited(
      name,
      `${folder} shows one cgroup alone (${shown})`,
      "The limits of other containers cannot be read. Run this container with -v /sys/fs/cgroup:/sys/fs/cgroup:ro and --cgroupns host: it then sees every container's limits.",
    );
  if (existsSync(join(folder, "cgroup.controllers"))) {
    const controllers = read(join(folder, "cgroup.controllers"))?.trim().split(" ") ?? [];
    const wanted = ["cpu", "io", "memory", "pids"].filter((each) => !controllers.includes(each));
    if (wanted.length === 0) return ok(name, "version 2, with cpu, io, memory and pids");
    return limited(
      name,
      `version 2, without ${wanted.join(", ")}`,
      `Limits of ${wanted.join(", ")} are not enforced, and cannot be checked.`,
    );
  }
  const hierarchies = list(folder).filter((each) => each !== "unified");
  if (hierarchies.length === 0)
    return missing(
      name,
      `nothing at ${folder}`,
      "Limits cannot be read from the kernel. In a container, mount the host's cgroups and pass --cgroup.",
    );
  return ok(name, `version 1: ${hierarchies.toSorted().join(", ")}`);
}

/** Which cgroup is mounted there: in a container mostly its own. With a cgroup namespace of its own that is spelled `/`, too. */
function shownAt(folder: string): string {
  const lines = (read("/proc/self/mountinfo") ?? "").split("\n").map((line) => line.split(" "));
  const entries = lines.filter(
    ([, , , , target = "", , , ...rest]) =>
      (target === folder || target.startsWith(`${folder}/`)) &&
      /^cgroup2?$/.test(rest[rest.indexOf("-") + 1] ?? ""),
  );
  const root = entries.find(([, , , , target]) => target?.endsWith("/memory"))?.[3] ?? entries[0]?.[3] ?? "/";
  const isPrivate = !["cgroup:[4026531835]", undefined].includes(hostFiles.readLink("/proc/self/ns/cgroup"));
  const { isInside } = readStanding(hostFiles);
  return root === "/" && isPrivate && isInside ? "this container's own" : root.includes("..") ? "/" : root;
}

function seccomp(proc: string): Check {
  const actions = read(join(proc, "sys/kernel/seccomp/actions_avail"))?.trim();
  if (actions !== undefined) return ok("seccomp", actions);
  return missing("seccomp", "the kernel has no seccomp filters", "Seccomp profiles are not enforced.");
}

function securityModules(sys: string): Check {
  const name = "AppArmor, SELinux";
  const listed = read(join(sys, "kernel/security/lsm"))?.trim();
  const apparmor = read(join(sys, "module/apparmor/parameters/enabled"))?.trim() === "Y";
  const enforce = read(join(sys, "fs/selinux/enforce"))?.trim();
  if (apparmor) return ok(name, "AppArmor is on");
  if (enforce === "1") return ok(name, "SELinux enforces");
  if (enforce === "0")
    return limited(name, "SELinux is permissive", "SELinux logs what it would deny, and denies nothing.");
  const found = listed === undefined ? "neither is on" : `neither is on (the kernel has ${listed})`;
  return limited(
    name,
    found,
    "Containers have no mandatory access control. AppArmor profiles cannot be tried here.",
  );
}

function tracing(sys: string, proc: string): Check {
  const name = "kernel events";
  const folder = join(sys, "kernel/tracing");
  const alternative = join(sys, "kernel/debug/tracing");
  const found = [folder, alternative].find((each) => existsSync(join(each, "available_events")));
  const lost =
    "bulkhead learn finds capabilities and system calls by trying alone, which takes more starts, and bulkhead watch notices an nsenter or a mount only at its next sweep; bulkhead why cannot look.";
  if ((effectiveUser(proc) ?? "0") !== "0") return limited(name, "only root can trace the kernel", lost);
  const cost = `${lost} As root: mount -t tracefs tracefs /sys/kernel/tracing`;
  if (found === undefined)
    return canMountTracefs(proc)
      ? ok(name, "tracefs is not mounted; bulkhead mounts it for itself while it runs")
      : limited(name, "tracefs is not mounted, or hidden", cost);
  if (!existsSync(join(found, "instances"))) return limited(name, `${found} has no instances`, cost);
  return ok(name, `tracefs at ${found}`);
}

/** The kernel has it, and this process may mount (CAP_SYS_ADMIN, number 21: capabilities(7)). */
function canMountTracefs(proc: string): boolean {
  return (
    holdsCapability(read(join(proc, "self/status")) ?? "", 21n) &&
    /\ttracefs$/m.test(read(join(proc, "filesystems")) ?? "")
  );
}

/** By its number (capabilities(7)). */
function holdsCapability(status: string, number: bigint): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  return ((BigInt(`0x${effective}`) >> number) & 1n) === 1n;
}

function userNamespaces(proc: string): Check {
  const name = "user namespaces";
  const most = Number(read(join(proc, "sys/user/max_user_namespaces")) ?? "0");
  if (most > 0) return ok(name, `up to ${most}`);
  return limited(name, "none are allowed", "userns-remap and rootless mode do not work on this host.");
}

function overlay(proc: string): Check {
  const name = "overlay";
  const known = read(join(proc, "filesystems")) ?? "";
  if (/\boverlay$/m.test(known)) return ok(name, "the kernel has overlayfs");
  return limited(
    name,
    "the kernel has no overlayfs loaded",
    "bulkhead fix --verify and bulkhead learn copy bind mounts instead of looking through them. As root: modprobe overlay",
  );
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
