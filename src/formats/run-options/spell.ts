import type { ContainerPatch } from "../../model/patch.ts";
import { spellRunPatch } from "../run-command/spell.ts";

const keys: Readonly<Record<string, string>> = {
  "--cap-add": "AddCapability",
  "--cap-drop": "DropCapability",
  "--device": "AddDevice",
  "--network": "Network",
  "--pids-limit": "PidsLimit",
  "--publish": "PublishPort",
  "-p": "PublishPort",
  "--tmpfs": "Tmpfs",
  "--user": "User",
  "--volume": "Volume",
  "-v": "Volume",
};

const whole: Readonly<Record<string, string>> = {
  "--read-only": "ReadOnly=true",
  "--security-opt apparmor=…": "AppArmor=…",
  "--security-opt label=…": "SecurityLabel…=…",
  "--security-opt no-new-privileges": "NoNewPrivileges=true",
  "--security-opt seccomp=…": "SeccompProfile=…",
  "--security-opt systempaths=…": "Unmask=…",
};

export function spellQuadletPatch(patch: ContainerPatch): string {
  return quadletLine(spellRunPatch(patch));
}

/** Undefined where it is written as an option of docker run. */
export function spellDevcontainerPatch(patch: ContainerPatch): string | undefined {
  const option = spellRunPatch(patch);
  if (!option.startsWith("--")) return undefined;
  const words = option.split(/ (.*)/s).filter(Boolean);
  return `"runArgs": [${words.map((word) => JSON.stringify(word)).join(", ")}]`;
}

function quadletLine(option: string): string {
  const left = /^leave out (.*)$/s.exec(option)?.[1];
  if (left !== undefined) {
    if (keys[left]) return `# remove ${keys[left]}=…`;
    return `# remove ${left.startsWith("-") ? quadletLine(left) : left}`;
  }
  const exact = whole[option];
  if (exact !== undefined) return exact;
  const [, name = "", value] = /^(\S+)(?: (.*))?$/s.exec(option) ?? [];
  const key = keys[name];
  if (key === "User" && value?.includes(":")) return `User=${value.replace(":", "\nGroup=")}`;
  if (key !== undefined && value !== undefined) return `${key}=${value}`;
  return value === undefined ? `PodmanArgs=${name}` : `PodmanArgs=${name}=${value}`;
}
