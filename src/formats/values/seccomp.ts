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
    return { profile: "custom", path: undefined, allowsAll: allowsAll(value) };
  }
  const text = readProfile?.(value);
  return { profile: "custom", path: value, allowsAll: text === undefined ? undefined : allowsAll(text) };
}

/** Actions that let a call through (seccomp(2)): LOG and TRACE only watch, where nothing traces. */
const letting = new Set(["SCMP_ACT_ALLOW", "SCMP_ACT_LOG"]);

/**
 * Whether a profile's text stops nothing: its default action lets calls through and so does every rule.
 * Undefined where the text is no profile.
 */
export function allowsAll(text: string): boolean | undefined {
  const profile = parse(text);
  if (profile === undefined || typeof profile.defaultAction !== "string") return undefined;
  if (!letting.has(profile.defaultAction)) return false;
  const rules: unknown = profile.syscalls ?? [];
  if (!Array.isArray(rules)) return undefined;
  return rules.every((rule: { action?: unknown; names?: unknown; name?: unknown } | null) => {
    if (rule === null || typeof rule !== "object") return true;
    const names = Array.isArray(rule.names) ? rule.names.length : rule.name === undefined ? 0 : 1;
    return names === 0 || (typeof rule.action === "string" && letting.has(rule.action));
  });
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
