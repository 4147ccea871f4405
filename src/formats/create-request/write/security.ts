import { failed, ok, type Result } from "../../../base/result.ts";
import type { ContainerScalars } from "../../../model/container.ts";
import type { SeccompProfile, SelinuxLabel } from "../../../model/container-values.ts";
import { update } from "./update.ts";

export type SecurityField = "seccomp" | "apparmor" | "selinux" | "noNewPrivileges";

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
