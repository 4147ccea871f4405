import { allCapabilities, type Capability } from "../../model/container/capability.ts";
import { atFdCwd, open } from "../helper/errno.ts";
import type { Builder, Ran } from "../helper/program.ts";

/** What the kernel goes by when a process asks for something. */
export interface Credentials {
  readonly euid: number | undefined;
  readonly effective: ReadonlySet<Capability>;
  readonly bounding: ReadonlySet<Capability>;
  readonly noNewPrivileges: boolean;
  readonly hasSeccompFilter: boolean;
  /** Whether its user namespace is the first: capabilities in another count for little. */
  readonly isFirstUserNamespace: boolean;
  /** An AppArmor or SELinux label that confines it. */
  readonly label: string | undefined;
}

/** Reads the credentials of the helper itself (proc(5)). */
export function readCredentials(builder: Builder): (ran: Ran) => Credentials {
  const read = ["/proc/self/status", "/proc/self/uid_map", "/proc/self/attr/current"].map((path) => {
    const flags = open.readOnly | open.closeOnExec;
    const descriptor = builder.call("openat", atFdCwd, builder.text(path), flags, 0);
    const memory = builder.space(4096);
    const count = builder.call("read", descriptor, memory, 4096);
    builder.call("close", descriptor);
    return (ran: Ran) => ran.data(memory).toString("utf8", 0, Math.max(ran.result(count) ?? 0, 0));
  });
  return (ran) => {
    const [status = "", uidMap = "", label = ""] = read.map((each) => each(ran));
    return credentialsOf(status, uidMap, label);
  };
}

/** Out of the texts of `status`, `uid_map` and `attr/current` in /proc/PID. */
export function credentialsOf(status: string, uidMap: string, label: string): Credentials {
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1];
  const euid = field("Uid")?.split(/\s+/)[1];
  return {
    euid: euid === undefined ? undefined : Number(euid),
    effective: capabilitiesIn(field("CapEff")),
    bounding: capabilitiesIn(field("CapBnd")),
    noNewPrivileges: field("NoNewPrivs") === "1",
    hasSeccompFilter: field("Seccomp") === "2",
    isFirstUserNamespace: /^\s*0\s+0\s+4294967295\s*$/.test(uidMap),
    label: confining(label.replace(/\0.*$/, "").trim()),
  };
}

function capabilitiesIn(mask = "0"): ReadonlySet<Capability> {
  const bits = BigInt(`0x${mask}`);
  return new Set(allCapabilities.filter((_, bit) => (bits & (1n << BigInt(bit))) !== 0n));
}

function confining(label: string): string | undefined {
  const isFree = label === "" || label === "unconfined" || label === "kernel" || label.endsWith("(complain)");
  return isFree || /:(unconfined_t|spc_t):/.test(label) ? undefined : label;
}

/** Whether a right that needs a capability is granted to such a process, as far as capabilities go. */
export function maySucceed(
  { effective, isFirstUserNamespace }: Credentials,
  needs: Capability | undefined,
  inOwnNamespace = false,
): boolean {
  return needs === undefined || ((inOwnNamespace || isFirstUserNamespace) && effective.has(needs));
}

/**
 * What said no, as far as the error and the credentials tell. Where a capability is missing it is named first: a seccomp
 * filter may have refused the call before.
 */
export function layerOf(error: string, has: Credentials, needs: Capability | undefined): string | undefined {
  if (error === "SIGSYS") return "seccomp";
  // Only a filter makes up that a call is not there.
  if (error === "ENOSYS") return has.hasSeccompFilter ? "seccomp" : "kernel";
  if (error === "EROFS") return "read-only";
  if (error === "ENOENT" || error === "ENOTDIR" || error === "ESRCH") return "namespace";
  if (error === "EACCES") return has.label === undefined ? "permissions" : `permissions or ${has.label}`;
  if (error !== "EPERM") return undefined;
  if (needs !== undefined && !has.effective.has(needs)) return `no CAP_${needs}`;
  const others = [
    ...(has.hasSeccompFilter ? ["seccomp"] : []),
    ...(has.isFirstUserNamespace ? [] : ["user namespace"]),
    ...(has.label === undefined ? [] : [has.label]),
  ];
  return others.length > 0 ? others.join(" or ") : "kernel";
}
