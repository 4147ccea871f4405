import type { NamespaceMode } from "../../model/container/namespace.ts";
import type { Container } from "../../model/container.ts";
import type { Engine } from "../../model/engine.ts";
import { type Fact, isOpen, originsOf, unset, valueOr } from "../../model/fact.ts";
import { boundingSet } from "../capabilities/bounding-set.ts";
import { asksPrivileged } from "../capabilities/privilege.ts";
import { limits } from "../cgroups/limits.ts";
import { deviceDifferences } from "./device-differences.ts";
import type { Difference } from "./difference.ts";
import { mountDifferences } from "./mount-differences.ts";

/**
 * Where the kernel is looser than the Engine says. A kernel that is stricter is no finding: a parent cgroup may limit a
 * container further. Facts that either side does not tell are left out.
 */
export function differences(
  configured: Container,
  effective: Container,
  engine: Engine | undefined,
): readonly Difference[] {
  return [
    ...amounts(configured, effective),
    ...switches(configured, effective),
    ...seccomp(configured, effective, engine),
    ...namespaces(configured, effective),
    ...capabilities(configured, effective),
    ...deviceDifferences(configured, effective),
    ...mountDifferences(configured, effective),
  ];
}

/** What the Engine and the kernel limit, by the table of facts. A difference of a thousandth is the kernel's rounding. */
function amounts(configured: Container, effective: Container): readonly Difference[] {
  return limits.flatMap(({ field, facts, amountIn, say }): readonly Difference[] => {
    const asked = amountIn(configured) ?? impliedAmount(field, configured);
    const shown = facts.map((fact): Fact<unknown> => effective[fact]).find(({ state }) => state === "set");
    if (asked === undefined || !shown) return [];
    const now = amountIn(effective);
    if (now !== undefined && now <= (field === "cpus" ? asked * 1.001 : asked)) return [];
    const unit = field === "cpus" ? " CPUs" : "";
    const effectively = now === undefined ? "no limit" : `${say(now)}${unit}`;
    return [{ field, configured: `${say(asked)}${unit}`, effective: effectively, origins: originsOf(shown) }];
  });
}

/** Without a word about swap Docker allows as much of it as memory. */
function impliedAmount(field: string, { memory, memorySwap }: Container): number | undefined {
  const isSilent = field === "memory-swap" && valueOr(memorySwap, 0) === 0;
  const amount = valueOr(memory, 0);
  return isSilent && amount > 0 ? 2 * amount : undefined;
}

function switches(configured: Container, effective: Container): readonly Difference[] {
  const found: Difference[] = [];
  const gone = (field: string, was: string, now: string, fact: Fact<unknown>) =>
    found.push({ field, configured: was, effective: now, origins: originsOf(fact) });
  const is = (fact: Fact<boolean>) => fact.state === "set" && fact.value;
  const isNot = (fact: Fact<boolean>) => fact.state === "set" && !fact.value;
  if (is(configured.readonlyRootfs) && isNot(effective.readonlyRootfs))
    gone("read-only", "read-only", "writable", effective.readonlyRootfs);
  if (is(configured.noNewPrivileges) && isNot(effective.noNewPrivileges))
    gone("no-new-privileges", "on", "off", effective.noNewPrivileges);
  if (!is(configured.oomKillDisable) && is(effective.oomKillDisable))
    gone("oom-kill-disable", "off", "on", effective.oomKillDisable);
  if (!asksPrivileged(configured) && is(effective.privileged))
    gone("privileged", "not privileged", "privileged", effective.privileged);
  const uid = /^\d+/.exec(valueOr(configured.user, ""))?.[0];
  if (uid !== undefined && Number(uid) !== 0 && valueOr(effective.user, "") === "0")
    gone("user", uid, "0 (root)", effective.user);
  return found;
}

/** Who names no profile gets the Engine's, which is one unless the Engine was told otherwise. */
function seccomp(
  configured: Container,
  { seccomp }: Container,
  engine: Engine | undefined,
): readonly Difference[] {
  if (asksPrivileged(configured) || seccomp.state !== "set" || seccomp.value.profile !== "unconfined")
    return [];
  const asked = configured.seccomp;
  const named = asked.state === "set" ? asked.value.profile : undefined;
  const usual = asked.state === "unset" ? valueOr(engine?.seccompProfile ?? unset, undefined) : undefined;
  const isFilter = usual !== undefined && usual !== "unconfined";
  const profile =
    named === "default" || named === "custom" ? named : isFilter ? "the Engine's profile" : undefined;
  if (profile === undefined) return [];
  return [{ field: "seccomp", configured: profile, effective: "no filter", origins: seccomp.origins }];
}

function namespaces(configured: Container, effective: Container): readonly Difference[] {
  const fields = [
    ["network", configured.networkMode, effective.networkMode],
    ["pid", configured.pidMode, effective.pidMode],
    ["ipc", configured.ipcMode, effective.ipcMode],
    ["uts", configured.utsMode, effective.utsMode],
    ["cgroupns", configured.cgroupnsMode, effective.cgroupnsMode],
  ] as const;
  return fields.flatMap(([field, was, now]): readonly Difference[] => {
    // Which one is the default hangs on the version of cgroups.
    if (field === "cgroupns" && was.state === "unset") return [];
    if (now.state !== "set" || now.value.mode !== "host" || mayBeHost(was)) return [];
    const said = was.state === "set" ? was.value.mode : "private";
    return [{ field, configured: said, effective: "the host's", origins: now.origins }];
  });
}

/** Whoever joins another container can be on the host's through it. */
function mayBeHost(mode: Fact<NamespaceMode>): boolean {
  if (isOpen(mode)) return true;
  return mode.state === "set" && (mode.value.mode === "host" || mode.value.mode === "container");
}

function capabilities(configured: Container, effective: Container): readonly Difference[] {
  const allowed = boundingSet(configured);
  const first = effective.processes.find(({ role }) => role === "init");
  if (allowed.state !== "set" || first?.capBounding.state !== "set") return [];
  const more = [...first.capBounding.value].filter((name) => !allowed.value.has(name));
  if (more.length === 0) return [];
  const { origins } = first.capBounding;
  return [
    { field: "cap-add", configured: "not among its capabilities", effective: more.join(", "), origins },
  ];
}
