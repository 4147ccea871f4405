import { get, itemsOf, type Node } from "../yaml/node.ts";

/**
 * Whether docker compose would start a service. Without a profile asked for, every service counts here: whoever audits a
 * file means all of it.
 */
export function isEnabled(service: Node, profiles: readonly string[]): boolean {
  if (profiles.length === 0 || profiles.includes("*")) return true;
  const own = itemsOf(get(service, "profiles")).flatMap((each) =>
    each.kind === "scalar" ? [each.text] : [],
  );
  return own.length === 0 || own.some((name) => profiles.includes(name));
}
