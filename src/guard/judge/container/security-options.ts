import { textsOf } from "../../../base/json.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { isGuardsProfile } from "./host-rights.ts";

/**
 * What no control can tell the strength of: a seccomp profile of the client's own, a profile of AppArmor or a type of SELinux
 * that somebody loaded on the host for something else, and options that are not known. What is said and means the default
 * passes; so do the words that a control judges (`unconfined`, `disable`).
 */
export function checkSecurityOptions(value: unknown, { policy }: CheckContext): readonly Reason[] {
  return textsOf(value).flatMap((option) => {
    const what = chosenProfile(option);
    return what === undefined ? [] : against(policy, "custom-profile", what);
  });
}

function chosenProfile(option: string): string | undefined {
  const [, key = option, argument = ""] = /^([^=:]*)[=:](.*)$/s.exec(option) ?? [];
  switch (key) {
    case "no-new-privileges":
      return undefined;
    case "seccomp":
      return ["unconfined", "builtin", "default", ""].includes(argument) || isGuardsProfile(argument)
        ? undefined
        : "brings its own seccomp profile, and the guard cannot tell what that lets through";
    case "apparmor":
      return ["unconfined", "docker-default", ""].includes(argument)
        ? undefined
        : `chooses the AppArmor profile ${argument}, which somebody loaded on the host for something else`;
    case "label":
      return /^(?:disable|level[:=].*)$/.test(argument)
        ? undefined
        : `chooses the SELinux label ${argument}, which need not confine a container`;
    default:
      return `sets the security option ${key}, which is not known here`;
  }
}
