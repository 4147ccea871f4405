import type { SeccompProfile } from "../../model/container-values.ts";

/**
 * Reads the value of `seccomp=`: `unconfined`, `builtin` (or nothing) for Docker's own, a profile's JSON as the API
 * carries it, or a path, which `readProfile` may load.
 */
export function readSeccomp(
  value: string,
  readProfile?: (path: string) => string | undefined,
): SeccompProfile {
  if (value === "unconfined") return { profile: "unconfined" };
  if (value === "" || value === "builtin" || value === "default") return { profile: "default" };
  if (value.trimStart().startsWith("{")) {
    return { profile: "custom", path: undefined, ...judged(value) };
  }
  const text = readProfile?.(value);
  return { profile: "custom", path: value, ...judged(text) };
}

function judged(
  text: string | undefined,
): Pick<Extract<SeccompProfile, { path: unknown }>, "allowsAll" | "beyond"> {
  const beyond = text === undefined ? undefined : beyondDefault(text);
  return { allowsAll: text === undefined ? undefined : allowsAll(text), ...(beyond && { beyond }) };
}

/**
 * System calls that Docker's own profile stops without a capability, those of docs.docker.com's table of significant ones
 * that a kernel of today still has.
 *
 * @see https://docs.docker.com/engine/security/seccomp/#significant-syscalls-blocked-by-the-default-profile
 */
const stoppedByDocker: readonly string[] = [
  ...["acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "delete_module", "finit_module"],
  ...["get_mempolicy", "init_module", "ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl"],
  ...["lookup_dcookie", "mbind", "mount", "move_pages", "open_by_handle_at", "perf_event_open", "pivot_root"],
  ...["process_vm_readv", "process_vm_writev", "quotactl", "reboot", "request_key", "set_mempolicy", "setns"],
  ...["settimeofday", "swapon", "swapoff", "umount2", "unshare", "userfaultfd"],
];

/** Actions that let a call through (seccomp(2)): LOG and TRACE only watch, where nothing traces. */
const letting = new Set(["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"]);

interface SyscallRule {
  readonly action?: unknown;
  readonly names?: unknown;
  readonly name?: unknown;
  readonly args?: unknown;
  readonly includes?: unknown;
}

/** The rules of a profile; undefined if the text is not a profile. */
function rulesOf(
  text: string,
): { readonly defaultLets: boolean; readonly rules: readonly SyscallRule[] } | undefined {
  const profile = parse(text);
  if (profile === undefined || typeof profile.defaultAction !== "string") return undefined;
  const rules: unknown = profile.syscalls ?? [];
  if (!Array.isArray(rules)) return undefined;
  return {
    defaultLets: letting.has(profile.defaultAction),
    rules: rules.filter((rule: unknown): rule is SyscallRule => rule !== null && typeof rule === "object"),
  };
}

function namesOf({ names, name }: SyscallRule): readonly unknown[] {
  if (Array.isArray(names)) return names;
  return name === undefined ? [] : [name];
}

function lets({ action }: SyscallRule): boolean {
  return typeof action === "string" && letting.has(action);
}

/**
 * The calls that a profile lets through whatever their arguments and the container's capabilities, of those that Docker's own
 * stops. Undefined where the text is no profile.
 */
export function beyondDefault(text: string): readonly string[] | undefined {
  const profile = rulesOf(text);
  if (!profile) return undefined;
  const isPlain = ({ args, includes }: SyscallRule) => isEmpty(args) && isEmpty(includes);
  return stoppedByDocker.filter((call) => {
    const own = profile.rules.filter((rule) => namesOf(rule).includes(call));
    if (own.some((rule) => isPlain(rule) && !lets(rule))) return false;
    return own.some((rule) => isPlain(rule) && lets(rule)) || (profile.defaultLets && own.length === 0);
  });
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined || value === null || (typeof value === "object" && Object.keys(value).length === 0)
  );
}

/**
 * Whether a profile's text stops nothing, or next to nothing: its default action lets calls through, and of those that Docker
 * stops it stops less than half. Undefined where the text is no profile.
 */
export function allowsAll(text: string): boolean | undefined {
  const profile = rulesOf(text);
  if (!profile) return undefined;
  if (!profile.defaultLets) return false;
  if (profile.rules.every((rule) => namesOf(rule).length === 0 || lets(rule))) return true;
  return (beyondDefault(text) ?? []).length > stoppedByDocker.length / 2;
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
