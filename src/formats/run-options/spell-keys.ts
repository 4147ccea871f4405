import type { ContainerLists } from "../../model/container.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { type FlagText, flagOfItem, flagsOfScalar } from "../run-command/write/flag-texts.ts";

/** How a file with keys says an option of docker run. */
interface Keys {
  /** A value under a key; what a list or a map holds is given in its brackets. */
  readonly one: (key: string, value: string) => string;
  readonly list: (key: string, item: string) => string;
  readonly map: (key: string, name: string, value: string) => string;
  readonly keys: Readonly<Record<string, Key>>;
}

type Key = readonly [key: string, kind: "text" | "number" | "boolean" | "list" | "map", block?: string];

const ansible: Keys = {
  one: (key, value) => `${key}: ${value}`,
  list: (key, item) => `${key}: [${JSON.stringify(item)}]`,
  map: (key, name, value) => `${key}: { ${name}: ${JSON.stringify(value)} }`,
  keys: {
    "blkio-weight": ["blkio_weight", "number"],
    "cap-add": ["capabilities", "list"],
    "cap-drop": ["cap_drop", "list"],
    "cgroup-parent": ["cgroup_parent", "text"],
    cgroupns: ["cgroupns_mode", "text"],
    cpus: ["cpus", "number"],
    device: ["devices", "list"],
    env: ["env", "map"],
    "group-add": ["groups", "list"],
    ipc: ["ipc_mode", "text"],
    "log-driver": ["log_driver", "text"],
    "log-opt": ["log_options", "map"],
    memory: ["memory", "text"],
    "memory-swap": ["memory_swap", "text"],
    network: ["network_mode", "text"],
    pid: ["pid_mode", "text"],
    "pids-limit": ["pids_limit", "number"],
    privileged: ["privileged", "boolean"],
    publish: ["published_ports", "list"],
    "read-only": ["read_only", "boolean"],
    "security-opt": ["security_opts", "list"],
    "storage-opt": ["storage_opts", "map"],
    sysctl: ["sysctls", "map"],
    tmpfs: ["tmpfs", "list"],
    user: ["user", "text"],
    userns: ["userns_mode", "text"],
    uts: ["uts", "text"],
    volume: ["volumes", "list"],
  },
};

const terraform: Keys = {
  one: (key, value) => `${key} = ${value}`,
  list: (key, item) => `${key} = [${JSON.stringify(item)}]`,
  map: (key, name, value) => `${key} = { ${JSON.stringify(name)} = ${JSON.stringify(value)} }`,
  keys: {
    "cap-add": ["add", "list", "capabilities"],
    "cap-drop": ["drop", "list", "capabilities"],
    "cgroup-parent": ["cgroup_parent", "text"],
    cgroupns: ["cgroupns_mode", "text"],
    cpus: ["cpus", "text"],
    env: ["env", "list"],
    "group-add": ["group_add", "list"],
    ipc: ["ipc_mode", "text"],
    "log-driver": ["log_driver", "text"],
    "log-opt": ["log_opts", "map"],
    memory: ["memory", "number"],
    "memory-swap": ["memory_swap", "number"],
    network: ["network_mode", "text"],
    pid: ["pid_mode", "text"],
    privileged: ["privileged", "boolean"],
    "publish-all": ["publish_all_ports", "boolean"],
    "read-only": ["read_only", "boolean"],
    "security-opt": ["security_opts", "list"],
    "storage-opt": ["storage_opts", "map"],
    sysctl: ["sysctls", "map"],
    user: ["user", "text"],
    userns: ["userns_mode", "text"],
  },
};

export const spellAnsiblePatch = (patch: ContainerPatch) => spellWith(ansible, patch);
export const spellTerraformPatch = (patch: ContainerPatch) => spellWith(terraform, patch);

/** The line that makes the patch, for people to read; undefined where the file has no key for it. */
function spellWith(keys: Keys, patch: ContainerPatch): string | undefined {
  switch (patch.op) {
    case "set": {
      const flags = flagsOfScalar(patch.field, patch.value as never);
      return flags.ok ? joinedLines(flags.value.map((flag) => spell(keys, flag))) : undefined;
    }
    case "unset":
      return undefined;
    case "add":
      return spell(keys, itemFlag(patch.field, patch.value as never));
    case "remove": {
      const line = spell(keys, itemFlag(patch.field, patch.value as never));
      return line && `# remove ${line}`;
    }
    case "replace": {
      if (patch.field === "environment") return undefined;
      const line = spell(keys, itemFlag(patch.field, patch.with as never));
      const before = spell(keys, itemFlag(patch.field, patch.value as never));
      return line && before && `${line}  # instead of ${before}`;
    }
  }
}

function itemFlag<K extends keyof ContainerLists>(field: K, value: ContainerLists[K]): FlagText {
  return flagOfItem(field, value);
}

function joinedLines(lines: readonly (string | undefined)[]): string | undefined {
  return lines.every((line) => line !== undefined) && lines.length > 0 ? lines.join("\n") : undefined;
}

function spell(keys: Keys, { name, value }: FlagText): string | undefined {
  const key = Object.hasOwn(keys.keys, name) ? keys.keys[name] : undefined;
  if (!key) return undefined;
  const [called, kind, block] = key;
  const line = lineOf(keys, called, kind, value);
  return block === undefined ? line : `${block} { ${line} }`;
}

function lineOf(keys: Keys, called: string, kind: Key[1], value: string | undefined): string {
  switch (kind) {
    case "boolean":
      return keys.one(called, value ?? "true");
    case "number":
      // Terraform takes megabytes.
      return keys.one(called, keys === terraform ? megabytes(value ?? "") : (value ?? ""));
    case "text":
      return keys.one(called, JSON.stringify(value ?? ""));
    case "list":
      return keys.list(called, value ?? "");
    case "map": {
      const [first = "", ...rest] = (value ?? "").split("=");
      return keys.map(called, first, rest.join("="));
    }
  }
}

function megabytes(text: string): string {
  const [, amount = "", unit = ""] = /^(\d+)([bkmg]?)$/.exec(text) ?? [];
  const scale = { b: 1 / 1024 ** 2, k: 1 / 1024, m: 1, g: 1024 }[unit || "b"] ?? 1;
  return amount === "" ? text : String(Math.ceil(Number(amount) * scale));
}
