import { dirname } from "node:path";
import { shellWords } from "../base/shell-words.ts";
import { defaultCapabilities } from "../model/container/capability.ts";
import type { Container } from "../model/container.ts";
import { setItems, valueOr } from "../model/fact.ts";
import { isAtOrBelow } from "../model/host/path.ts";
import type { ContainerPatch } from "../model/patch.ts";
import { fullRule, mountOf, readOnlyRule, sizeOf } from "./places.ts";
import type { Refusal } from "./refusal.ts";
import { makes, pathOf, type Rule, type Setting, setting, unknown } from "./setting.ts";
import { wantsToWrite } from "./words.ts";

/** Tells which rule of a container refused the call. Only what the container's settings and the kernel's answer show. */
export function ruleOf(refusal: Refusal, container: Container): Rule {
  if (refusal.error === "OOM") return memoryRule(container);
  if (refusal.isSeccomp) return seccompRule(refusal, container);
  switch (refusal.error) {
    case "EROFS":
      return readOnlyRule(refusal, container);
    case "ENOSPC":
    case "EDQUOT":
      return fullRule(refusal, container);
    case "EAGAIN":
      return pidsRule(refusal, container);
    case "EMFILE":
      return ulimitRule("nofile", "open files", container);
    case "EFBIG":
      return ulimitRule("fsize", "the size of a file", container);
    case "ENOMEM":
      return /^mlock|^shmget/.test(refusal.call)
        ? ulimitRule("memlock", "locked memory", container)
        : unknown(refusal);
    default:
      return rightsRule(refusal, container);
  }
}

/** The capability with which Docker's own profile lets a call through (moby: profiles/seccomp/default.json). */
const lettingThrough: Readonly<Record<string, string>> = {
  ...{
    chroot: "SYS_CHROOT",
    acct: "SYS_PACCT",
    reboot: "SYS_BOOT",
    syslog: "SYSLOG",
    vhangup: "SYS_TTY_CONFIG",
  },
  ...{ delete_module: "SYS_MODULE", init_module: "SYS_MODULE", finit_module: "SYS_MODULE" },
  ...{ iopl: "SYS_RAWIO", ioperm: "SYS_RAWIO", open_by_handle_at: "DAC_READ_SEARCH" },
  ...{ settimeofday: "SYS_TIME", clock_settime: "SYS_TIME", kcmp: "SYS_PTRACE", pidfd_getfd: "SYS_PTRACE" },
  ...{ get_mempolicy: "SYS_NICE", set_mempolicy: "SYS_NICE", mbind: "SYS_NICE" },
  ...{ bpf: "BPF", perf_event_open: "PERFMON" },
  ...Object.fromEntries(
    [
      ...["clone", "clone3", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie"],
      ...["mount", "mount_setattr", "move_mount", "open_tree", "quotactl", "setdomainname", "sethostname"],
      ...["setns", "umount2", "unshare"],
    ].map((call) => [call, "SYS_ADMIN"]),
  ),
};

function seccompRule({ call, error }: Refusal, container: Container): Rule {
  const profile = valueOr(container.seccomp, { profile: "default" as const });
  const own = profile.profile === "custom";
  const known = call !== "a system call";
  const allowing = setting(
    { op: "set", field: "seccomp", value: { profile: "custom", path: "profile.json", allowsAll: undefined } },
    known
      ? `${own ? "its profile" : "a copy of Docker's profile"}, with ${call} allowed`
      : "the kernel's log names the call: journalctl -k --grep 'type=1326'",
  );
  const capability = own ? undefined : lettingThrough[call];
  const byCapability =
    capability === undefined
      ? []
      : [
          setting(
            { op: "add", field: "capAdd", value: capability },
            `${call} is then allowed, and all else that ${capability} brings`,
          ),
        ];
  const isUsual = capability !== undefined && isDefault(capability);
  const killed = error === "SIGSYS" ? ", which killed it" : "";
  return {
    layer: "seccomp",
    because: `seccomp${killed}`,
    settings: isUsual ? [...byCapability, allowing] : [allowing, ...byCapability],
  };
}

function isDefault(capability: string): boolean {
  return (defaultCapabilities as readonly string[]).includes(capability);
}

/** Asked for by the way, also in calls that succeed without it. */
const byTheWay = ["DAC_READ_SEARCH", "DAC_OVERRIDE"];

function rightsRule(refusal: Refusal, container: Container): Rule {
  const { missing, call, error } = refusal;
  const path = pathOf(refusal);
  const isFile = missing.length > 0 && missing.every((name) => byTheWay.includes(name));
  const capability = missing.findLast((name) => !byTheWay.includes(name)) ?? missing.at(-1);
  if (capability === undefined) return deviceOrOther(refusal, container, path);
  const user = userOf(container);
  if (isFile && user !== undefined) {
    const place = path === undefined ? "the file or its folder" : makes(refusal) ? dirname(path) : path;
    const give = `chown ${user} ${path === undefined ? "…" : shellWords([place])}`;
    return {
      layer: "user",
      because: `${place} is not open to user ${user}`,
      settings: [
        { compose: `# ${give}`, run: give, note: "in the image's Dockerfile, or in the volume" },
        setting({ op: "set", field: "user", value: "0" }, "runs it as root"),
      ],
    };
  }
  if (user !== undefined && !isDropped(capability, container)) {
    const because = `user ${user} has no capability, and ${call} needs ${capability}`;
    return {
      layer: "user",
      because,
      settings: [
        ...besides(refusal, capability),
        setting({ op: "set", field: "user", value: "0" }, "runs it as root"),
      ],
    };
  }
  const because = isDropped(capability, container)
    ? `${capability} is dropped`
    : `it needs ${capability}, which Docker does not give`;
  return {
    layer: "capability",
    because:
      error === "EACCES" && path !== undefined && isFile
        ? `${because}, and ${path} belongs to another user`
        : because,
    settings: [...besides(refusal, capability), setting({ op: "add", field: "capAdd", value: capability })],
  };
}

/** What spares the capability. */
function besides({ texts }: Refusal, capability: string): readonly Setting[] {
  const port = /^:(\d+)$/.exec(texts[0] ?? "")?.[1];
  if (capability !== "NET_BIND_SERVICE") return [];
  const value = { name: "net.ipv4.ip_unprivileged_port_start", value: port ?? "0" };
  return [setting({ op: "add", field: "sysctls", value }, "or let it listen on a port from 1024 on")];
}

export function userOf(container: Container): string | undefined {
  const user = valueOr(container.user, undefined) ?? valueOr(container.imageUser, undefined);
  const name = user?.split(":")[0];
  return name === undefined || name === "" || name === "0" || name === "root" ? undefined : name;
}

export function isDropped(capability: string, { capDrop, capAdd }: Container): boolean {
  const dropped = setItems(capDrop).map(({ value }) => value);
  const added = setItems(capAdd).map(({ value }) => value);
  if (added.includes(capability) && !dropped.includes(capability)) return false;
  return dropped.includes(capability) || (dropped.includes("ALL") && isDefault(capability));
}

function deviceOrOther(refusal: Refusal, container: Container, path: string | undefined): Rule {
  if (refusal.error === "EPERM" && path !== undefined && isAtOrBelow(path, "/dev")) {
    const value = { hostPath: path, containerPath: path, permissions: wantsToWrite(refusal) ? "rw" : "r" };
    return {
      layer: "device",
      because: `${path} is not among its devices`,
      settings: [setting({ op: "add", field: "devices", value })],
    };
  }
  const on = path === undefined ? undefined : mountOf(path, container);
  if (refusal.error === "EACCES" && /^execve/.test(refusal.call) && on?.tmpfs && !on.tmpfs.exec) {
    const value = { ...on, tmpfs: { ...on.tmpfs, exec: true } };
    return {
      layer: "noexec",
      because: `the tmpfs at ${on.target} is noexec`,
      settings: [setting({ op: "replace", field: "mounts", value: on, with: value })],
    };
  }
  return unknown(refusal);
}

function pidsRule(refusal: Refusal, container: Container): Rule {
  const limit = valueOr(container.pidsLimit, undefined);
  const processes = setItems(container.ulimits).find(({ value }) => value.name === "nproc")?.value;
  if (limit !== undefined && limit > 0 && (processes === undefined || processes.soft > limit)) {
    return {
      layer: "pids limit",
      because: `the pids limit ${limit}`,
      settings: [setting({ op: "set", field: "pidsLimit", value: 2 * limit })],
    };
  }
  return processes === undefined ? unknown(refusal) : ulimitRule("nproc", "processes", container);
}

function ulimitRule(name: string, what: string, container: Container): Rule {
  const found = setItems(container.ulimits).find(({ value }) => value.name === name)?.value;
  const limit = found === undefined ? "the Engine's default" : String(found.soft);
  const soft = found === undefined ? (name === "nofile" ? 65_536 : -1) : 2 * found.soft;
  const value = { name, soft, hard: Math.max(soft, found?.hard ?? soft) };
  const patch: ContainerPatch =
    found === undefined
      ? { op: "add", field: "ulimits", value }
      : { op: "replace", field: "ulimits", value: found, with: value };
  return {
    layer: "ulimit",
    because: `the ulimit on ${what} (${name}: ${limit})`,
    settings: [setting(patch)],
  };
}

function memoryRule(container: Container): Rule {
  const limit = valueOr(container.memory, undefined);
  if (!limit) return { layer: "memory limit", because: "the host is out of memory", settings: [] };
  return {
    layer: "memory limit",
    because: `the memory limit ${sizeOf(limit)}`,
    settings: [setting({ op: "set", field: "memory", value: 2 * limit })],
  };
}
