import { isRecord } from "../../../base/json.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import { type NamespaceMode, spellNamespaceMode } from "../../../model/container/namespace.ts";
import type { ContainerScalars } from "../../../model/container.ts";
import type { PathProtection, SeccompProfile, SelinuxLabel } from "../../../model/container-values.ts";
import type { ScalarRow } from "../../../model/facts/row.ts";
import { type KeyedFact, keyedIn, type ScalarFact } from "../../../model/facts/table.ts";
import { put, update, withMember } from "./list-members.ts";

type SecurityField = "seccomp" | "apparmor" | "selinux" | "noNewPrivileges";

/** How each fact is written into `SecurityOpt`; undefined is for taking it out. */
export const securityWriters: {
  readonly [K in SecurityField]: (
    document: unknown,
    value: ContainerScalars[K] | undefined,
  ) => Result<unknown>;
} = {
  noNewPrivileges: (document, value) =>
    writeOptions(
      document,
      "no-new-privileges",
      value === undefined ? [] : [value ? "no-new-privileges" : "no-new-privileges=false"],
    ),
  apparmor: (document, value) =>
    value === ""
      ? failed("the profile has no name")
      : writeOptions(document, "apparmor", value === undefined ? [] : [`apparmor=${value}`]),
  seccomp: writeSeccomp,
  selinux: (document, value) => writeOptions(document, "label", value ? labels(value) : []),
};

function writeSeccomp(document: unknown, value: SeccompProfile | undefined): Result<unknown> {
  if (value?.profile === "custom")
    return failed("the Engine API takes the text of a seccomp profile, which is not here");
  const options =
    value === undefined ? [] : [`seccomp=${value.profile === "default" ? "builtin" : value.profile}`];
  return writeOptions(document, "seccomp", options);
}

function labels(label: SelinuxLabel): readonly string[] {
  const parts = (["user", "role", "type", "level"] as const).flatMap((part) =>
    label[part] === undefined ? [] : [`label=${part}:${label[part]}`],
  );
  return label.disable ? ["label=disable", ...parts] : parts;
}

/** Removes the option's old values and appends the new one: the last one counts. */
function writeOptions(document: unknown, key: string, options: readonly string[]): Result<unknown> {
  return update(document, ["HostConfig", "SecurityOpt"], (value) => {
    const before: unknown = value ?? [];
    if (!Array.isArray(before)) return failed("SecurityOpt is not an array");
    const others = before.filter((each: unknown) => keyOf(each) !== key);
    return ok([...others, ...options]);
  });
}

/** Up to the first sign of equality or colon, for both are in use. */
function keyOf(option: unknown): string | undefined {
  return typeof option === "string" ? /^[^=:]*/.exec(option)?.[0] : undefined;
}

type Writer<T> = (document: unknown, value: T | undefined) => Result<unknown>;

/** The facts that are more than a member. Security options have their own file. */
const coded: {
  readonly [K in Exclude<ScalarFact, KeyedFact<"api"> | SecurityField>]: Writer<ContainerScalars[K]>;
} = {
  build: () => failed("the Engine knows images only: it builds nothing for a container"),
  imageUser: () => failed("it is the image's, not the request's, to say"),
  healthcheck: (document, value) => {
    if (value === "command") return failed("the command that tells whether it is healthy is not known");
    return put(document, ["Healthcheck"], value && { Test: ["NONE"] });
  },
  restart: (document, value) => {
    const [Name, retries] = value?.split(":") ?? [];
    return put(
      document,
      ["HostConfig", "RestartPolicy"],
      value && { Name, MaximumRetryCount: Number(retries ?? 0) },
    );
  },
  networkMode: writeNetworkMode,
  pathProtection: writePathProtection,
};

const keyed = keyedIn("api").map(({ field, key, row }) => [
  field,
  (document: unknown, value: unknown) => writeKey(document, key.split("."), value, row),
]);

/** How each fact is written; undefined is for taking it out. */
export const scalarWriters = { ...coded, ...Object.fromEntries(keyed) } as {
  readonly [K in Exclude<ScalarFact, SecurityField>]: Writer<ContainerScalars[K]>;
};

function writeKey(
  document: unknown,
  path: readonly string[],
  value: unknown,
  row: ScalarRow,
): Result<unknown> {
  if (row.kind === "namespace") return writeMode(document, path, value as NamespaceMode | undefined);
  if (value === "" || (value === 0 && "zero" in row && row.zero === "unset"))
    return failed("0 and the empty string say nothing in the Engine API");
  return put(document, path, value);
}

function writeMode(
  document: unknown,
  path: readonly string[],
  value: NamespaceMode | undefined,
): Result<unknown> {
  if (value?.mode === "container" && value.by === "service") {
    return failed("the Engine knows containers, not services");
  }
  return put(document, path, value && spellNamespaceMode(value));
}

/** The docker CLI names the mode among the endpoints too: left there, the container would join `host` all the same. */
function writeNetworkMode(document: unknown, value: NamespaceMode | undefined): Result<unknown> {
  const set = writeMode(document, ["HostConfig", "NetworkMode"], value);
  const isNone = value?.mode === "none";
  const enabled = set.ok && !isNone ? put(set.value, ["NetworkDisabled"], undefined) : set;
  if (!enabled.ok) return enabled;
  return update(enabled.value, ["NetworkingConfig", "EndpointsConfig"], (endpoints) => {
    if (!isRecord(endpoints)) return ok(endpoints);
    const others = ["host", "none"].filter((name) => name !== value?.mode && Object.hasOwn(endpoints, name));
    return ok(others.reduce((left, name) => withMember(left, name, undefined), endpoints));
  });
}

function writePathProtection(document: unknown, value: PathProtection | undefined): Result<unknown> {
  const lists = value?.mode === "unconfined" ? { masked: [], readonly: [] } : value;
  const masked = put(document, ["HostConfig", "MaskedPaths"], lists?.masked);
  return masked.ok ? put(masked.value, ["HostConfig", "ReadonlyPaths"], lists?.readonly) : masked;
}
