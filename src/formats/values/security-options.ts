import type { Container } from "../../model/container.ts";
import type { SelinuxLabel } from "../../model/container-values.ts";
import { type Fact, type FactList, set, unresolved, unset } from "../../model/fact.ts";
import type { FileSystem } from "../../model/mount.ts";
import type { Origin } from "../../model/origin.ts";
import { readSeccomp } from "./seccomp.ts";

export type SecurityFacts = Pick<
  Container,
  "seccomp" | "apparmor" | "selinux" | "noNewPrivileges" | "pathProtection"
>;

const noOptions: SecurityFacts = {
  seccomp: unset,
  apparmor: unset,
  selinux: unset,
  noNewPrivileges: unset,
  pathProtection: unset,
};

const noLabel: SelinuxLabel = {
  disable: false,
  user: undefined,
  role: undefined,
  type: undefined,
  level: undefined,
  implied: false,
};

/**
 * The options of `--security-opt` in order, the last of each repeated one winning
 * (moby: daemon/daemon_unix.go, parseSecurityOpt; docker/cli: parseSystemPaths). Both `key=value` and the old
 * `key:value` are read. An option that could not be evaluated may be any of them, so what no later option sets
 * is unresolved.
 */
export function readSecurityOptions(
  options: FactList<string>,
  readProfile?: (path: string) => string | undefined,
): SecurityFacts {
  let facts = noOptions;
  for (const option of options) {
    facts =
      option.state !== "set"
        ? forgotten(option.reason, option.origins)
        : { ...facts, ...readOption(facts, option.value, option.origins, readProfile) };
  }
  return facts;
}

function readOption(
  facts: SecurityFacts,
  option: string,
  origins: readonly Origin[],
  readProfile: ((path: string) => string | undefined) | undefined,
): Partial<SecurityFacts> {
  const { key, value } = splitOption(option);
  if (key === "no-new-privileges") {
    return { noNewPrivileges: readBoolean(value, origins) };
  }
  if (key === "seccomp") return { seccomp: set(readSeccomp(value, readProfile), ...origins) };
  if (key === "apparmor") return { apparmor: set(value, ...origins) };
  if (key === "systempaths" && value === "unconfined") {
    return { pathProtection: set({ mode: "unconfined" }, ...origins) };
  }
  if (key === "label") {
    const before = facts.selinux.state === "set" ? facts.selinux : set(noLabel);
    return { selinux: set(readLabel(before.value, value), ...before.origins, ...origins) };
  }
  return {};
}

function splitOption(option: string): { readonly key: string; readonly value: string } {
  const equals = option.indexOf("=");
  const split = equals >= 0 ? equals : option.indexOf(":");
  if (split < 0) return { key: option, value: "" };
  const key = option.slice(0, split);
  // `label:level=x` would be the old form with an equals sign inside: the key ends at the first separator.
  const colon = key.indexOf(":");
  if (colon >= 0) return { key: key.slice(0, colon), value: option.slice(colon + 1) };
  return { key, value: option.slice(split + 1) };
}

/**
 * `writable-cgroups=true` mounts the container's own cgroups read-write where Docker mounts them read-only
 * (moby: daemon/oci_linux.go). The last one counts.
 */
export function cgroupsMountedBy(options: FactList<string>): FactList<FileSystem> {
  const last = options.findLast(
    (option) => option.state !== "set" || splitOption(option.value).key === "writable-cgroups",
  );
  if (last?.state !== "set") return last ? [last] : [];
  const isOn = readBoolean(splitOption(last.value).value, last.origins);
  if (isOn.state === "unresolved") return [isOn];
  if (isOn.state !== "set" || !isOn.value) return [];
  const value = {
    type: "cgroup2",
    target: "/sys/fs/cgroup",
    readOnly: false,
    showsHost: false,
    device: undefined,
  };
  return [set(value, ...last.origins)];
}

/** strconv.ParseBool's spellings; the bare option is true. */
function readBoolean(value: string, origins: readonly Origin[]): Fact<boolean> {
  if (["", "1", "t", "T", "TRUE", "true", "True"].includes(value)) return set(true, ...origins);
  if (["0", "f", "F", "FALSE", "false", "False"].includes(value)) return set(false, ...origins);
  return unresolved(`no-new-privileges takes true or false, not “${value}”`, ...origins);
}

function readLabel(before: SelinuxLabel, value: string): SelinuxLabel {
  if (value === "disable") return { ...before, disable: true };
  const part = /^(user|role|type|level)[:=](.*)$/s.exec(value);
  return part ? { ...before, [part[1] ?? ""]: part[2] } : before;
}

function forgotten(reason: string, origins: readonly Origin[]): SecurityFacts {
  const open = unresolved(reason, ...origins);
  return { seccomp: open, apparmor: open, selinux: open, noNewPrivileges: open, pathProtection: open };
}
