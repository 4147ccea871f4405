import type { ContainerPatch } from "../../model/patch.ts";
import { spellRunPatch } from "../run-command/spell.ts";
import { optionsHostOf } from "./looks-like.ts";

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

/** How the patch is written in a file of this name; undefined where it is written as an option of docker run. */
export function spellOptionPatch(patch: ContainerPatch, file: string): string | undefined {
  const host = optionsHostOf(file);
  const option = spellRunPatch(patch);
  if (host === "quadlet") return quadletLine(option);
  if (host === "devcontainer" && option.startsWith("--")) {
    return `"runArgs": [${option
      .split(/ (.*)/s)
      .filter(Boolean)
      .map((word) => JSON.stringify(word))
      .join(", ")}]`;
  }
  return undefined;
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
