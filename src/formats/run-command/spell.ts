import type { ContainerLists, ContainerScalars } from "../../model/container.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import { type Dialect, dockerRun, serviceCreate } from "./dialect.ts";
import { flags } from "./read/flags.ts";
import { type FlagText, flagOfItem, flagsOfScalar } from "./write/flag-texts.ts";
import { isPlain, quotings } from "./write/quote.ts";

/**
 * What to add to or leave out of a `docker run` line to make the patch, for people to read. A variable of the environment
 * shows its name alone: its value may be a secret.
 */
export function spellRunPatch(patch: ContainerPatch): string {
  return spellPatch(patch, dockerRun);
}

/** The same for a `docker service create` line. */
export function spellServicePatch(patch: ContainerPatch): string {
  return spellPatch(patch, serviceCreate);
}

function spellPatch(patch: ContainerPatch, dialect: Dialect): string {
  switch (patch.op) {
    case "unset":
      return `leave out ${flagOfField(patch.field, dialect)}`;
    case "set":
      return spellSet(patch.field, patch.value, dialect);
    case "add":
      return spellItem(patch.field, patch.value, dialect);
    case "remove":
      // The flag also joins the network: it stays.
      if (patch.field === "endpointOptions") {
        const { network, option, value } = patch.value;
        return `leave out driver-opt=${option}=${value} in --network name=${network}`;
      }
      return `leave out ${spellItem(patch.field, patch.value, dialect)}`;
    case "replace":
      if (patch.field === "environment") {
        return `${spellItem(patch.field, patch.with, dialect)}   without its value, which comes from the shell's environment`;
      }
      return `${spellItem(patch.field, patch.with, dialect)}   instead of ${spellItem(patch.field, patch.value, dialect)}`;
  }
}

function spellSet(field: keyof ContainerScalars, value: unknown, dialect: Dialect): string {
  if (field === "image") return `${value} as the image`;
  const spelled = flagsOfScalar(field, value as never);
  // docker run has no flag for its own default.
  if (!spelled.ok)
    return field === "healthcheck" ? "--health-cmd …" : `leave out ${flagOfField(field, dialect)}`;
  const isOff = value === false && field !== "noNewPrivileges";
  return isOff
    ? `leave out ${flagOfField(field, dialect)}`
    : spelled.value.map((flag) => spell(flag, dialect)).join(" ");
}

/** Security options share one flag, so that each is named by its key. */
const options: Readonly<Partial<Record<keyof ContainerScalars, string>>> = {
  seccomp: "seccomp=…",
  apparmor: "apparmor=…",
  selinux: "label=…",
  noNewPrivileges: "no-new-privileges",
  pathProtection: "systempaths=…",
};

function flagOfField(field: keyof ContainerScalars, dialect: Dialect): string {
  const option = options[field];
  if (option) return `--security-opt ${option}`;
  const flag = flags.find((each) => each.field === field && !each.aliasOf);
  return flag ? spell({ name: flag.name, value: undefined }, dialect) : field;
}

function spellItem<K extends keyof ContainerLists>(
  field: K,
  value: ContainerLists[K],
  dialect: Dialect,
): string {
  const flag = flagOfItem(field, value);
  if (field !== "environment") return spell(flag, dialect);
  return spell({ ...flag, value: flag.value?.split("=")[0] }, dialect);
}

function spell(flag: FlagText, dialect: Dialect): string {
  const spoken = dialect.spell(flag);
  const { name, value } = spoken.ok ? spoken.value : flag;
  const short = { volume: "-v", publish: "-p", "publish-all": "-P" }[name];
  const written = short ?? `--${name}`;
  if (value === undefined) return written;
  const [quote] = quotings("line");
  return `${written} ${isPlain(value) || !quote ? value : quote(value)}`;
}
