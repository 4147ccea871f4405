import { textAt, textsOf } from "../../base/json.ts";
import { field, isNothing, type JsonNode } from "../../formats/create-request/json.ts";
import type { Engine } from "../../model/engine.ts";
import { type Fact, set, unresolved, unset } from "../../model/fact.ts";
import type { Origin } from "../../model/origin.ts";

export type SecurityInfo = Pick<
  Engine,
  | "rootless"
  | "usernsRemap"
  | "noNewPrivileges"
  | "seccompProfile"
  | "seccompSupported"
  | "apparmorEnabled"
  | "selinuxEnabled"
>;

/**
 * `SecurityOptions`: `name=seccomp,profile=builtin`, `name=apparmor`, `name=selinux`, `name=userns`,
 * `name=rootless`, `name=no-new-privileges` (moby: daemon/info.go, fillSecurityOptions). One that is not listed
 * is off.
 */
export function readSecurity(info: JsonNode): SecurityInfo {
  const node = field(info, "SecurityOptions");
  if (node.problem !== undefined || (!isNothing(node.value) && !Array.isArray(node.value))) {
    return everything(unresolved("the Engine's security options cannot be read", { pointer: node.pointer }));
  }
  if (isNothing(info.value)) return everything(unresolved("the Engine did not describe itself"));
  const options = textsOf(node.value).map((text, index) => ({
    ...parseOption(text),
    origin: { pointer: `${node.pointer}/${index}` },
  }));
  const find = (name: string) => options.find((option) => option.name === name);
  const flag = (name: string) =>
    set(find(name) !== undefined, find(name)?.origin ?? { pointer: node.pointer });
  const seccomp = find("seccomp");
  const userns = find("userns");
  return {
    rootless: flag("rootless"),
    usernsRemap: set(userns ? remapping(info) : "", userns?.origin ?? { pointer: node.pointer }),
    noNewPrivileges: flag("no-new-privileges"),
    seccompSupported: flag("seccomp"),
    seccompProfile: seccomp ? seccompProfile(seccomp.parts.get("profile"), seccomp.origin) : unset,
    apparmorEnabled: flag("apparmor"),
    selinuxEnabled: flag("selinux"),
  };
}

function everything(fact: Fact<never>): SecurityInfo {
  return {
    rootless: fact,
    usernsRemap: fact,
    noNewPrivileges: fact,
    seccompProfile: fact,
    seccompSupported: fact,
    apparmorEnabled: fact,
    selinuxEnabled: fact,
  };
}

/** `name=seccomp,profile=builtin`; before Docker 1.13's form, and from podman, a bare name. */
function parseOption(text: string): { readonly name: string; readonly parts: ReadonlyMap<string, string> } {
  const pairs = text.split(",").map((part): [string, string] => {
    const equals = part.indexOf("=");
    return equals < 0 ? ["name", part] : [part.slice(0, equals), part.slice(equals + 1)];
  });
  const parts = new Map(pairs);
  return { name: parts.get("name") ?? "", parts };
}

/** Docker calls its own profile `builtin`, until Docker 23 `default`. */
function seccompProfile(profile: string | undefined, origin: Origin): Fact<string> {
  if (profile === undefined || profile === "") return unset;
  return set(profile === "default" ? "builtin" : profile, origin);
}

/** Who root is remapped to is not told, but the data root ends with their numbers: `/var/lib/docker/100000.100000`. */
function remapping(info: JsonNode): string {
  const numbers = /\/(\d+)\.(\d+)\/?$/.exec(textAt(info.value, "DockerRootDir") ?? "");
  return numbers ? `${numbers[1]}:${numbers[2]}` : "default";
}
