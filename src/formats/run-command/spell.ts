import type { ContainerLists, ContainerScalars } from "../../model/container.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { flags } from "./read/flags.ts";
import { type FlagText, flagOfItem, flagsOfScalar } from "./write/flag-texts.ts";
import { isPlain, quotings } from "./write/quote.ts";

/**
 * What to add to or leave out of a `docker run` line to make the patch, for people to read. A variable of the environment
 * shows its name alone: its value may be a secret.
 */
export function spellRunPatch(patch: ContainerPatch): string {
  switch (patch.op) {
    case "unset":
      return `leave out ${flagOfField(patch.field)}`;
    case "set":
      return spellSet(patch.field, patch.value);
    case "add":
      return spellItem(patch.field, patch.value);
    case "remove":
      return `leave out ${spellItem(patch.field, patch.value)}`;
    case "replace":
      if (patch.field === "environment") {
        return `${spellItem(patch.field, patch.with)}   without its value, which comes from the shell's environment`;
      }
      return `${spellItem(patch.field, patch.with)}   instead of ${spellItem(patch.field, patch.value)}`;
  }
}

function spellSet(field: keyof ContainerScalars, value: unknown): string {
  if (field === "image") return `${value} as the image`;
  const spelled = flagsOfScalar(field, value as never);
  // docker run has no flag for what it does by itself.
  if (!spelled.ok) return field === "healthcheck" ? "--health-cmd …" : `leave out ${flagOfField(field)}`;
  const isOff = value === false && field !== "noNewPrivileges";
  return isOff ? `leave out ${flagOfField(field)}` : spelled.value.map(spell).join(" ");
}

/** Security options share one flag, so that each is named by its key. */
const options: Readonly<Partial<Record<keyof ContainerScalars, string>>> = {
  seccomp: "seccomp=…",
  apparmor: "apparmor=…",
  selinux: "label=…",
  noNewPrivileges: "no-new-privileges",
  pathProtection: "systempaths=…",
};

function flagOfField(field: keyof ContainerScalars): string {
  const option = options[field];
  if (option) return `--security-opt ${option}`;
  const flag = flags.find((each) => each.field === field && !each.aliasOf);
  return flag ? spell({ name: flag.name, value: undefined }) : field;
}

function spellItem<K extends keyof ContainerLists>(field: K, value: ContainerLists[K]): string {
  const flag = flagOfItem(field, value);
  if (field !== "environment") return spell(flag);
  return spell({ ...flag, value: flag.value?.split("=")[0] });
}

function spell({ name, value }: FlagText): string {
  const short = { volume: "-v", publish: "-p", "publish-all": "-P" }[name];
  const written = short ?? `--${name}`;
  if (value === undefined) return written;
  const [quote] = quotings("line");
  return `${written} ${isPlain(value) || !quote ? value : quote(value)}`;
}
