import type { NamespaceKind, NamespaceMode } from "../../model/container/namespace.ts";
import { spellNamespaceMode } from "../../model/container/namespace.ts";
import type { Container } from "../../model/container.ts";
import type { Fact } from "../../model/fact.ts";
import { isOpen, originsOf } from "../../model/fact.ts";
import type { Origin } from "../../model/origin.ts";
import type { Severity } from "../../model/severity.ts";
import { fail, pass, unknown, type Verdict } from "../../model/verdict.ts";
import type { Context } from "../control.ts";

export type NamespaceField =
  | "networkMode"
  | "pidMode"
  | "ipcMode"
  | "utsMode"
  | "cgroupnsMode"
  | "usernsMode";

const kinds: Readonly<Record<NamespaceField, NamespaceKind>> = {
  networkMode: "net",
  pidMode: "pid",
  ipcMode: "ipc",
  utsMode: "uts",
  cgroupnsMode: "cgroup",
  usernsMode: "user",
};

/** In which namespace of one kind a container ends up, after following whom it joins. */
export type Placement =
  /** The host's; `via` names the container through which, undefined where it says so itself. */
  | { readonly place: "host"; readonly via: string | undefined; readonly origins: readonly Origin[] }
  /** Not the host's: its own, none, or that of a container that has its own. */
  | { readonly place: "apart"; readonly mode: NamespaceMode | undefined; readonly origins: readonly Origin[] }
  | { readonly place: "unknown"; readonly reason: string; readonly origins: readonly Origin[] };

/** Follows `container:` and `service:` to the namespace that the container really uses. */
export function placementOf(container: Container, field: NamespaceField, context: Context): Placement {
  return follow(container, field, context, new Set());
}

function follow(container: Container, field: NamespaceField, context: Context, seen: Set<string>): Placement {
  const fact: Fact<NamespaceMode> = container[field];
  const origins = originsOf(fact);
  if (isOpen(fact)) return { place: "unknown", reason: fact.reason, origins };
  if (fact.state === "unset") return placementOfProcesses(container, kinds[field]);
  const mode = fact.value;
  if (mode.mode === "host") return { place: "host", via: undefined, origins };
  if (mode.mode !== "container") return { place: "apart", mode, origins };
  if (seen.has(mode.target)) return { place: "apart", mode, origins };
  seen.add(mode.target);
  const peer = context.peer(mode.target);
  if (!peer) {
    const reason = `it joins ${spellNamespaceMode(mode)}, which this audit does not see`;
    return { place: "unknown", reason, origins };
  }
  const theirs = follow(peer, field, context, seen);
  if (theirs.place === "host") return { place: "host", via: mode.target, origins };
  return theirs.place === "unknown" ? { ...theirs, origins } : { place: "apart", mode, origins };
}

/** Where nothing is configured, the kernel may still tell: one process in the host's namespace is enough. */
function placementOfProcesses({ processes }: Container, kind: NamespaceKind): Placement {
  const facts = processes
    .filter(({ role }) => role === "init" || role === "child")
    .map(({ sharesHost }) => sharesHost[kind]);
  const shared = facts.find((fact) => fact.state === "set" && fact.value);
  if (shared) return { place: "host", via: undefined, origins: originsOf(shared) };
  const open = facts.find(isOpen);
  if (open) return { place: "unknown", reason: open.reason, origins: open.origins };
  return { place: "apart", mode: undefined, origins: [] };
}

/**
 * Fails where the container is in the host's namespace. `name` is what a message calls it (`the host's network`),
 * `reach` what a process can do there.
 */
export function judgeHostNamespace(
  container: Container,
  field: NamespaceField,
  context: Context,
  { name, reach, severity }: { readonly name: string; readonly reach: string; readonly severity?: Severity },
): Verdict {
  const placement = placementOf(container, field, context);
  if (placement.place === "unknown") return unknown(placement.reason, placement.origins);
  if (placement.place === "apart") {
    return pass(placement.mode ? `${kinds[field]} ${spellNamespaceMode(placement.mode)}` : undefined);
  }
  const how = placement.via === undefined ? "runs in" : `joins ${placement.via}, which runs in`;
  return fail(`${how} ${name}: a process in it can ${reach}`, {
    origins: placement.origins,
    severity,
    evidence: kinds[field],
    about: field === "networkMode" && placement.via === undefined ? field : undefined,
    observed: `${kinds[field]} host`,
  });
}
