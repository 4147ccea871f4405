import { isRecord, itemsOf } from "../../base/json.ts";
import { mask } from "../../report/secrets/redact.ts";

/**
 * An inspect document as it may be kept: every environment value, argument, label and driver option is masked, for any of them
 * may hold a secret. What is judged (mounts, capabilities, namespaces, limits) stays.
 */
export function redactInspect(document: unknown): unknown {
  return redact(document, []);
}

/** Members that hold free text, by name: lists of arguments keep the program, maps keep their keys. */
const masked: Readonly<Record<string, (value: unknown) => unknown>> = {
  Env: (value) => itemsOf(value).map((item) => `${String(item).split("=", 1)[0]}=${mask}`),
  Args: (value) => itemsOf(value).map(() => mask),
  Cmd: afterFirst,
  Entrypoint: afterFirst,
  Test: afterFirst,
  Shell: afterFirst,
  OnBuild: (value) => (value === null ? null : itemsOf(value).map(() => mask)),
  Labels: values,
  Annotations: values,
  Options: values,
  DriverOpts: values,
  /** State.Health.Log: what a health check printed. */
  Output: () => mask,
  Error: (value) => (value === "" ? "" : mask),
};

function redact(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => redact(item, path));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      // A token of a log service.
      if (key === "Config" && path.at(-1) === "LogConfig") return [key, values(member)];
      const change = masked[key];
      return [key, change ? change(member) : redact(member, [...path, key])];
    }),
  );
}

/** The first of a list of arguments is the program. */
function afterFirst(value: unknown): unknown {
  if (typeof value === "string") return mask;
  if (!Array.isArray(value)) return value;
  return value.map((item, index) => (index === 0 ? item : mask));
}

function values(value: unknown): unknown {
  if (!isRecord(value)) return value === null || value === undefined ? value : mask;
  return Object.fromEntries(Object.keys(value).map((key) => [key, mask]));
}
