import type { ContainerLists } from "../../model/container.ts";
import type { Kind } from "../../model/facts/row.ts";
import { isScalarFact, keyedIn, rowOf, type ScalarFact } from "../../model/facts/table.ts";
import type { Mount } from "../../model/mount.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { flagNameOf } from "../run-command/read/flags.ts";
import { type FlagText, flagOfItem, flagsOfScalar } from "../run-command/write/flag-texts.ts";

/** Tools whose files have keys of their own for the options of docker run. */
export type Tool = "ansible" | "terraform" | "quadlet" | "devcontainer";

/** How a tool writes a flag of docker run, with the value of the fact behind it. */
interface Syntax {
  readonly comment: string;
  /** Undefined where the tool has no key for it. */
  readonly line: (flag: FlagText, said: Said) => string | undefined;
  /** A variable without its value, which belongs into no file. */
  readonly variable: (name: string) => string;
  readonly image: (image: string) => string;
}

interface Said {
  readonly field: ContainerPatch["field"];
  readonly value: unknown;
}

const names: Readonly<Record<Tool, string>> = {
  ansible: "Ansible's docker_container",
  terraform: "Terraform's docker_container",
  quadlet: "Quadlet",
  devcontainer: "devcontainer.json",
};

/** The line that makes the patch in a file of the tool, for people to read. It says so where the tool has no key for it. */
export function spellToolPatch(tool: Tool, patch: ContainerPatch): string {
  const syntax = syntaxes[tool];
  const { comment } = syntax;
  const line = (flag: FlagText, said: Said) =>
    syntax.line(flag, said) ?? `${comment} ${names[tool]} has no key for --${spaced(flag)}`;
  switch (patch.op) {
    case "set":
      return spellSet(patch, syntax, line);
    case "unset":
      return `${comment} remove ${keyIn(syntax, patch.field)}`;
    case "add":
    case "remove": {
      const { field, value } = patch;
      if (field === "environment") {
        const variable = syntax.variable(value.name);
        return patch.op === "add" ? variable : `${comment} remove ${variable}`;
      }
      const made = line(itemFlag(field, value as never), { field, value });
      return patch.op === "add" || made.startsWith(comment) ? made : `${comment} remove ${made}`;
    }
    case "replace": {
      const { field } = patch;
      if (field === "environment")
        return `${syntax.variable(patch.with.name)}  ${comment} its value goes elsewhere`;
      const made = line(itemFlag(field, patch.with as never), { field, value: patch.with });
      const before = line(itemFlag(field, patch.value as never), { field, value: patch.value });
      return made.startsWith(comment) ? made : `${made}  ${comment} instead of ${before}`;
    }
  }
}

function spellSet(
  { field, value }: Extract<ContainerPatch, { readonly op: "set" }>,
  syntax: Syntax,
  line: (flag: FlagText, said: Said) => string,
): string {
  if (field === "image") return syntax.image(String(value));
  const flags = flagsOfScalar(field, value as never);
  // The tools have no key for Docker's own default.
  if (!flags.ok) return `${syntax.comment} remove ${keyIn(syntax, field)}`;
  return flags.value.map((flag) => line(flag, { field, value })).join("\n");
}

const securityOptions: Readonly<Partial<Record<ScalarFact, string>>> = {
  seccomp: "seccomp=…",
  apparmor: "apparmor=…",
  selinux: "label=…",
  noNewPrivileges: "no-new-privileges",
  pathProtection: "systempaths=unconfined",
};

/** What stands for the fact in a file, whatever its value. */
function keyIn(syntax: Syntax, field: ScalarFact): string {
  const option = securityOptions[field];
  const flag = option
    ? { name: "security-opt", value: option }
    : {
        name: flagName(field),
        value: isOneOf(field, "switch") ? undefined : "…",
      };
  return syntax.line(flag, { field, value: undefined }) ?? spaced(flag);
}

function flagName(field: ScalarFact): string {
  return field === "healthcheck" ? "health-cmd" : (flagNameOf(field) ?? field);
}

function isOneOf(field: ContainerPatch["field"], ...kinds: readonly Kind[]): boolean {
  return isScalarFact(field) && kinds.includes(rowOf(field).kind);
}

function itemFlag<K extends keyof ContainerLists>(field: K, value: ContainerLists[K]): FlagText {
  return flagOfItem(field, value);
}

function spaced({ name, value }: FlagText): string {
  return value === undefined ? name : `${name} ${value}`;
}

function pairOf(text: string): readonly [name: string, value: string] {
  const [name = "", ...rest] = text.split("=");
  return [name, rest.join("=")];
}

const quoted = (text: string) => JSON.stringify(text);

/** A scalar as YAML and HCL both take it. */
function scalarText({ field, value }: Said, text: string | undefined): string {
  if (isOneOf(field, "switch")) return text ?? "true";
  return isOneOf(field, "integer", "microseconds") && value !== undefined ? (text ?? "") : quoted(text ?? "");
}

/** The keys of the facts in the table by their flag. */
function keysOf(tool: "ansible" | "terraform" | "quadlet"): ReadonlyMap<string, string> {
  return new Map(keyedIn(tool).map(({ field, key }) => [flagName(field), key]));
}

const ansibleKeys = keysOf("ansible");
const ansibleLists: Readonly<Record<string, string>> = {
  "cap-add": "capabilities",
  "cap-drop": "cap_drop",
  device: "devices",
  "device-cgroup-rule": "device_cgroup_rules",
  "group-add": "groups",
  link: "links",
  publish: "published_ports",
  "security-opt": "security_opts",
  tmpfs: "tmpfs",
  volume: "volumes",
  "volumes-from": "volumes_from",
};
const ansibleMaps: Readonly<Record<string, string>> = {
  label: "labels",
  "log-opt": "log_options",
  "storage-opt": "storage_opts",
  sysctl: "sysctls",
};

const ansible: Syntax = {
  comment: "#",
  image: (image) => `image: ${image}`,
  variable: (name) => `env: { ${name}: "{{ ${name} }}" }`,
  line({ name, value }, said) {
    const key = ansibleKeys.get(name);
    if (key) return `${key}: ${said.field === "nanoCpus" ? value : scalarText(said, value)}`;
    if (name === "memory-swap") return `memory_swap: ${quoted(value ?? "")}`;
    if (ansibleLists[name]) return `${ansibleLists[name]}: [${quoted(value ?? "")}]`;
    if (ansibleMaps[name]) {
      const [first, rest] = pairOf(value ?? "");
      return `${ansibleMaps[name]}: { ${first}: ${quoted(rest)} }`;
    }
    if (name === "no-healthcheck") return 'healthcheck: { test: ["NONE"] }';
    if (name === "health-cmd") return "healthcheck: { test: … }";
    if (name === "ulimit") return `ulimits: [${quoted((value ?? "").replace("=", ":"))}]`;
    if (name === "mount") return `mounts: [{ ${mountFields(said, ": ").join(", ")} }]`;
    if (/^device-(?:read|write)-(?:bps|iops)$/.test(name)) {
      const [, path, rate] = /^(.*):([^:]*)$/s.exec(value ?? "") ?? [];
      return `${name.replaceAll("-", "_")}: [{ path: ${path}, rate: ${rate} }]`;
    }
    return undefined;
  },
};

function mountFields({ value }: Said, separator: string): readonly string[] {
  if (value === undefined) return ["…"];
  const { type, source, target, readOnly } = value as Mount;
  const fields = Object.entries({ type, source, target, ...(readOnly && { read_only: true }) });
  return fields.flatMap(([key, text]) =>
    text === undefined ? [] : [`${key}${separator}${quoted(String(text))}`],
  );
}

const terraformKeys = keysOf("terraform");
const terraformLists: Readonly<Record<string, string>> = {
  env: "env",
  "device-cgroup-rule": "device_cgroup_rules",
  "group-add": "group_add",
  "security-opt": "security_opts",
};
const terraformMaps: Readonly<Record<string, string>> = {
  "log-opt": "log_opts",
  "storage-opt": "storage_opts",
  sysctl: "sysctls",
};

const terraform: Syntax = {
  comment: "#",
  image: (image) => `image = ${quoted(image)}`,
  variable: (name) => `env = ["${name}=\${var.${name}}"]`,
  line({ name, value = "" }, said) {
    const key = terraformKeys.get(name);
    // The provider takes megabytes. It has no key for the limit of processes in every version.
    if (key && said.field !== "pidsLimit") {
      if (isOneOf(said.field, "bytes") && said.value !== undefined)
        return `${key} = ${Number(said.value) < 0 ? said.value : Math.ceil(Number(said.value) / 1024 ** 2)}`;
      return `${key} = ${scalarText(said, value === "" ? undefined : value)}`;
    }
    if (name === "cap-add" || name === "cap-drop")
      return `capabilities { ${name.slice(4)} = [${quoted(value)}] }`;
    if (terraformLists[name]) return `${terraformLists[name]} = [${quoted(value)}]`;
    if (name === "tmpfs") return `tmpfs = { ${value.split(/:(.*)/s, 2).map(quoted).join(" = ")} }`;
    const [first, rest] = pairOf(value);
    if (terraformMaps[name]) return `${terraformMaps[name]} = { ${quoted(first)} = ${quoted(rest)} }`;
    if (name === "label") return `labels { label = ${quoted(first)}, value = ${quoted(rest)} }`;
    if (name === "no-healthcheck") return 'healthcheck { test = ["NONE"] }';
    if (name === "health-cmd") return "healthcheck { test = … }";
    if (name === "volume" || name === "mount") return `mounts { ${mountFields(said, " = ").join(", ")} }`;
    if (name === "device") {
      const [host = "", inside = host, permissions = "rwm"] = value.split(":");
      return `devices { host_path = ${quoted(host)}, container_path = ${quoted(inside)}, permissions = ${quoted(permissions)} }`;
    }
    if (name === "publish") return `ports { ${portFields(value).join(", ")} }`;
    if (name === "volumes-from") return `volumes { from_container = ${quoted(value)} }`;
    if (name !== "ulimit") return undefined;
    const [soft = "", hard = soft] = rest.split(":");
    return `ulimit { name = ${quoted(first)}, soft = ${soft}, hard = ${hard} }`;
  },
};

/** `[IP:][HOST:]CONTAINER[/PROTOCOL]`. */
function portFields(text: string): readonly string[] {
  const [, ip, external, internal, protocol] =
    /^(?:(?:\[?([^\]]*?)\]?:)?([\d-]*):)?([\d-]+)(?:\/(\w+))?$/.exec(text) ?? [];
  return [
    `internal = ${internal ?? text}`,
    ...(external ? [`external = ${external}`] : []),
    ...(ip ? [`ip = ${quoted(ip)}`] : []),
    ...(protocol ? [`protocol = ${quoted(protocol)}`] : []),
  ];
}

const quadletKeys: ReadonlyMap<string, string> = new Map([
  ...[...keysOf("quadlet")].filter(([, key]) => key !== "PodmanArgs"),
  ["annotation", "Annotation"],
  ["cap-add", "AddCapability"],
  ["cap-drop", "DropCapability"],
  ["device", "AddDevice"],
  ["env", "Environment"],
  ["group-add", "GroupAdd"],
  ["health-cmd", "HealthCmd"],
  ["label", "Label"],
  ["log-opt", "LogOpt"],
  ["mount", "Mount"],
  ["network", "Network"],
  ["publish", "PublishPort"],
  ["sysctl", "Sysctl"],
  ["tmpfs", "Tmpfs"],
  ["ulimit", "Ulimit"],
  ["user", "User"],
  ["userns", "UserNS"],
  ["volume", "Volume"],
]);

const quadlet: Syntax = {
  comment: "#",
  image: (image) => `Image=${image}`,
  variable: (name) => `Secret=${name},type=env`,
  line({ name, value }, { field }) {
    if (name === "security-opt") return securityKey(value ?? "");
    if (name === "no-healthcheck") return "HealthCmd=none";
    if (name === "user" && value?.includes(":")) return `User=${value.replace(":", "\nGroup=")}`;
    const key = quadletKeys.get(name);
    if (key) return `${key}=${value ?? (isOneOf(field, "switch") ? "true" : "")}`;
    return value === undefined ? `PodmanArgs=--${name}` : `PodmanArgs=--${name}=${value}`;
  },
};

function securityKey(option: string): string {
  const [key, value = ""] = option.split(/[=:](.*)/s);
  if (key === "no-new-privileges") return `NoNewPrivileges=${value === "false" ? "false" : "true"}`;
  if (key === "seccomp") return `SeccompProfile=${value}`;
  if (key === "apparmor") return `AppArmor=${value}`;
  if (option === "systempaths=unconfined") return "Unmask=ALL";
  if (value === "disable") return "SecurityLabelDisable=true";
  const [part = "", label] = value.split(/[=:](.*)/s);
  const known = { type: "SecurityLabelType", level: "SecurityLabelLevel" }[part];
  if (known) return `${known}=${label}`;
  return value === "…" ? "SecurityLabel…=…" : `PodmanArgs=--security-opt=${option}`;
}

const devcontainer: Syntax = {
  comment: "//",
  image: (image) => `"image": ${quoted(image)}`,
  variable: (name) => `"containerEnv": { ${quoted(name)}: "\${localEnv:${name}}" }`,
  line({ name, value }, { field }) {
    const property = isScalarFact(field) ? rowOf(field).devcontainer : undefined;
    if (property && value !== "…")
      return `${quoted(property)}: ${isOneOf(field, "switch") ? (value ?? "true") : quoted(value ?? "")}`;
    if (name === "cap-add") return `"capAdd": [${quoted(value ?? "")}]`;
    if (name === "security-opt" && field !== "pathProtection")
      return `"securityOpt": [${quoted(value ?? "")}]`;
    const words = value === undefined ? [`--${name}`] : [`--${name}`, value];
    return `"runArgs": [${words.map(quoted).join(", ")}]`;
  },
};

const syntaxes: Readonly<Record<Tool, Syntax>> = { ansible, terraform, quadlet, devcontainer };
