import type { SeccompProfile } from "../../model/container-values.ts";
import type { Opens } from "../../model/kernel-interfaces/standing.ts";
import * as docker from "./docker-seccomp.ts";
import { opensOf } from "./seccomp-opens.ts";

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
): Pick<Extract<SeccompProfile, { path: unknown }>, "allowsAll" | "beyond" | "opens"> {
  if (text === undefined) return { allowsAll: undefined };
  const [beyond, opens] = [beyondDefault(text), opensBy(text)];
  return { allowsAll: allowsAll(text), ...(beyond && { beyond }), ...(opens && { opens }) };
}

/** The questions of the table of interfaces that a profile lets through; undefined where the text is no profile. */
export function opensBy(text: string): Opens | undefined {
  const profile = rulesOf(text);
  if (!profile) return undefined;
  const numberOf = (value: unknown) => (typeof value === "number" ? value : 0);
  const rules = profile.rules
    .filter(({ includes }) => !isOfS390(includes))
    .map((rule) => ({
      names: namesOf(rule).filter((name): name is string => typeof name === "string"),
      lets: !refuses(rule),
      args: (Array.isArray(rule.args) ? rule.args : []).map((argument: unknown) => {
        const { index, value, valueTwo, op } = asRecord(argument);
        return {
          ...{ index: numberOf(index), value: numberOf(value), valueTwo: numberOf(valueTwo) },
          op: String(op),
        };
      }),
      caps: capabilitiesOf(rule.includes),
      withoutCaps: capabilitiesOf(rule.excludes),
    }));
  return opensOf(profile.defaultLets, rules);
}

/**
 * System calls that Docker's own profile stops without a capability, those of docs.docker.com's table of significant ones
 * that a kernel of today still has.
 *
 * @see https://docs.docker.com/engine/security/seccomp/#significant-syscalls-blocked-by-the-default-profile
 */
const stoppedByDocker: readonly string[] = [
  ...["acct", "add_key", "bpf", "clock_settime", "delete_module", "finit_module"],
  ...["get_mempolicy", "init_module", "ioperm", "iopl", "kcmp", "kexec_file_load", "kexec_load", "keyctl"],
  ...["lookup_dcookie", "mbind", "mount", "move_pages", "open_by_handle_at", "perf_event_open", "pivot_root"],
  ...["quotactl", "reboot", "request_key", "set_mempolicy", "setns"],
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
  readonly excludes?: unknown;
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
 * The calls that a profile lets through and Docker's own of today stops, in whole or with some arguments; empty where nothing in
 * it is wider. Of one that lets through what it does not name, those of the table of significant ones. Undefined where the text is no profile.
 */
export function beyondDefault(text: string): readonly string[] | undefined {
  const profile = rulesOf(text);
  if (!profile) return undefined;
  const named = profile.rules.flatMap((rule) =>
    refuses(rule)
      ? []
      : namesOf(rule).flatMap((name) => (typeof name === "string" ? widerThanDocker(name, rule) : [])),
  );
  const isStopped = (call: string) =>
    profile.rules.some((rule) => namesOf(rule).includes(call) && refuses(rule) && isPlain(rule));
  const unnamed = profile.defaultLets ? stoppedByDocker.filter((call) => !isStopped(call)) : [];
  return [...new Set([...unnamed, ...named])].toSorted();
}

/** What a rule that lets a call through gives beyond Docker's own: nothing, the call, or the call with what stands out. */
function widerThanDocker(name: string, { args, includes }: SyscallRule): readonly string[] {
  if (docker.lets.has(name)) return [];
  const conditions: unknown[] = Array.isArray(args) ? args : [];
  if (name === "socket") {
    // All of a rule's conditions must hold; one that is not read here is taken to hold.
    const tests = conditions.flatMap((condition) => conditionOf(condition) ?? []);
    const families = docker.stoppedFamilies.filter((family) => tests.every((test) => test(family)));
    return families.map((family) => `socket(${family === 38 ? "AF_ALG" : "AF_VSOCK"})`);
  }
  if (name === "personality" && equalTo(conditions, docker.personalities)) return [];
  if (name === "clone" && masksNamespaces(conditions, isOfS390(includes) ? 1 : 0)) return [];
  const capabilities = capabilitiesOf(includes);
  const isGranted = capabilities.some((capability) => docker.letsWith[capability]?.includes(name));
  return isGranted ? [] : [name];
}

/** Whether one condition on the first argument holds for a value; undefined for one that is not read here. */
function conditionOf(condition: unknown): ((value: number) => boolean) | undefined {
  const { index, value: limit, op } = asRecord(condition);
  if (index !== 0 || typeof limit !== "number") return undefined;
  switch (op) {
    case "SCMP_CMP_EQ":
      return (value) => value === limit;
    case "SCMP_CMP_NE":
      return (value) => value !== limit;
    case "SCMP_CMP_LT":
      return (value) => value < limit;
    case "SCMP_CMP_LE":
      return (value) => value <= limit;
    case "SCMP_CMP_GT":
      return (value) => value > limit;
    case "SCMP_CMP_GE":
      return (value) => value >= limit;
    default:
      return undefined;
  }
}

/** Several conditions of one rule must all hold, so one that names an allowed value is enough. */
function equalTo(conditions: readonly unknown[], values: readonly number[]): boolean {
  return conditions.some((condition) => {
    const { index, value, op } = asRecord(condition);
    return index === 0 && op === "SCMP_CMP_EQ" && typeof value === "number" && values.includes(value);
  });
}

/** There the flags are the second argument (clone(2)). */
function isOfS390(includes: unknown): boolean {
  const { arches } = asRecord(includes);
  return Array.isArray(arches) && arches.length > 0 && arches.every((name) => /^s390x?$/.test(String(name)));
}

function masksNamespaces(conditions: readonly unknown[], flags: 0 | 1): boolean {
  return conditions.some((condition) => {
    const { index, value, valueTwo = 0, op } = asRecord(condition);
    return (
      index === flags && op === "SCMP_CMP_MASKED_EQ" && value === docker.namespaceFlags && valueTwo === 0
    );
  });
}

function capabilitiesOf(includes: unknown): readonly string[] {
  const { caps } = asRecord(includes);
  return Array.isArray(caps) ? caps.filter((name): name is string => typeof name === "string") : [];
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** Actions that stop a call (seccomp(2)); any other may let it through. */
function refuses({ action }: SyscallRule): boolean {
  return typeof action === "string" && /^SCMP_ACT_(ERRNO|KILL|KILL_THREAD|KILL_PROCESS|TRAP)$/.test(action);
}

/** Whether a rule holds whatever the arguments, the capabilities and the architecture. */
function isPlain({ args, includes, excludes }: SyscallRule): boolean {
  return isEmpty(args) && isEmpty(includes) && isEmpty(excludes);
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
