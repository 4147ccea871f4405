import type { NamespaceMode } from "../../model/container/namespace.ts";
import { isUnconfinedType } from "../../model/container/selinux.ts";
import type { Container } from "../../model/container.ts";
import type { Engine } from "../../model/engine.ts";
import { type Fact, isOpen, originsOf, type SetFact, setItems, unset, valueOr } from "../../model/fact.ts";
import { isAtOrBelow } from "../../model/host/path.ts";
import type { Mount } from "../../model/mount.ts";
import type { Origin } from "../../model/origin.ts";
import { boundingSet } from "../capabilities/bounding-set.ts";
import { asksPrivileged } from "../capabilities/privilege.ts";
import { sayBytes } from "../cgroups/amounts.ts";
import { limits } from "../cgroups/limits.ts";
import { isPodman } from "../engine/docker-only.ts";
import { runsModule } from "../mac/security-module.ts";

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
    ...amounts(configured, effective, engine),
    ...diskLimits(configured, effective),
    ...switches(configured, effective),
    ...seccomp(configured, effective, engine),
    ...securityModules(configured, effective, engine),
    ...namespaces(configured, effective),
    ...addedInterfaces(configured, effective),
    ...forwarding(configured, effective),
    ...capabilities(configured, effective),
    ...deviceDifferences(configured, effective),
    ...mountDifferences(configured, effective),
  ];
}

/** What the Engine and the kernel limit, by the table of facts. A difference of a thousandth is the kernel's rounding. */
function amounts(
  configured: Container,
  effective: Container,
  engine: Engine | undefined,
): readonly Difference[] {
  return limits.flatMap(({ field, facts, amountIn, say }): readonly Difference[] => {
    const asked = amountIn(configured) ?? impliedAmount(field, configured);
    // Podman's API says 0 where no swappiness was set.
    if (field === "memory-swappiness" && asked === 0 && isPodman(engine)) return [];
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

/** How the kernel itself calls disks; anything else in /dev may be a link to one. */
const kernelDisk = /^\/dev\/(?:[shv]d|xvd|nvme|mmcblk|dm-|md|nbd|loop|zram|sr)[a-z0-9]*$/;

/**
 * What caps the reads and writes of a disk. The kernel shows the disk by its own name: behind another one of the Engine's
 * (/dev/disk/by-id/…) it is known only where there is one of its kind. Of two caps of a disk the last holds.
 */
function diskLimits(configured: Container, effective: Container): readonly Difference[] {
  const shown = effective.blkioDeviceLimits;
  if (shown.some(isOpen) || configured.blkioDeviceLimits.some(isOpen)) return [];
  const asked = setItems(configured.blkioDeviceLimits).map(({ value }) => value);
  const last = new Map(asked.map((each) => [`${each.kind} ${each.path}`, each]));
  return [...last.values()].flatMap((limit): readonly Difference[] => {
    const { kind, path, rate } = limit;
    if (kind === "weight" || rate === 0) return [];
    const ofKind = setItems(shown).filter(({ value }) => value.kind === kind);
    const isOne = ofKind.length === 1 && [...last.values()].filter((each) => each.kind === kind).length === 1;
    const other = kernelDisk.test(path) ? undefined : ofKind;
    const own = ofKind.find(({ value }) => value.path === path) ?? (isOne ? other?.[0] : undefined);
    // Several under other names: nobody knows which is which.
    if (!own && other && other.length > 0) return [];
    if (own && own.value.rate <= rate) return [];
    const say = (amount: number) => `${kind.endsWith("bps") ? sayBytes(amount) : amount} a second`;
    return [
      {
        field: `device-${kind} ${path}`,
        configured: say(rate),
        effective: own ? say(own.value.rate) : "no limit",
        origins: own?.origins ?? [],
      },
    ];
  });
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

/**
 * A profile that was removed from the kernel or put into complain mode, a process that was started without the label. Another profile
 * that is enforced is fine: a profile may lead its program into one.
 */
function securityModules(
  configured: Container,
  { apparmor, selinux }: Container,
  engine: Engine | undefined,
): readonly Difference[] {
  if (asksPrivileged(configured)) return [];
  const found: Difference[] = [];
  const asked = configured.apparmor.state === "set" ? configured.apparmor.value : "";
  const isLoose = apparmor.state === "set" && /^unconfined$| \([a-z]+\)$/.test(apparmor.value);
  if (isLoose && asked !== "" && asked !== "unconfined" && asked !== apparmor.value)
    found.push({
      field: "apparmor",
      configured: asked,
      effective: apparmor.value,
      origins: apparmor.origins,
    });
  const label = configured.selinux;
  const isAsked =
    label.state === "set"
      ? !label.value.disable && !label.value.implied && !isUnconfinedType(label.value.type)
      : label.state === "unset" && runsModule("selinux", engine) === true;
  if (isAsked && selinux.state === "set" && selinux.value.disable && !selinux.value.implied) {
    const said = label.state === "set" ? (label.value.type ?? "a label") : "the default label";
    const now = selinux.value.type ?? "no label";
    found.push({ field: "selinux", configured: said, effective: now, origins: selinux.origins });
  }
  return found;
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

/** Somebody moved an interface into a network namespace that was to have none. With NET_ADMIN its own process may make one. */
function addedInterfaces(
  configured: Container,
  { interfaces, networkMode: now }: Container,
): readonly Difference[] {
  const { networkMode } = configured;
  const names = interfaces?.value ?? [];
  if (networkMode.state !== "set" || networkMode.value.mode !== "none" || !interfaces || names.length === 0)
    return [];
  // A container in the host's namespace has the host's interfaces: host-network reports that.
  if (now.state === "set" && now.value.mode === "host") return [];
  const bounding = boundingSet(configured);
  if (bounding.state !== "set" || bounding.value.has("NET_ADMIN")) return [];
  return [
    { field: "interfaces", configured: "none", effective: names.join(", "), origins: interfaces.origins },
  ];
}

/** Of the sysctls in a container's network this is the one that the kernel shows without entering its namespace. */
const forwards = ["net.ipv4.ip_forward", "net.ipv4.conf.all.forwarding"];

function forwarding(configured: Container, { forwarding: now }: Container): readonly Difference[] {
  if (!now?.value) return [];
  return setItems(configured.sysctls).flatMap(({ value: { name, value } }) =>
    forwards.includes(name) && value === "0"
      ? [{ field: `sysctl ${name}`, configured: "0", effective: "1", origins: now.origins }]
      : [],
  );
}

/** Anyone who joins another container can be on the host's through it. */
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

/** One property that the kernel enforces less strictly than the Engine says. */
export interface Difference {
  /** Docker's name of it: `memory`, `pids-limit`, `mount /data`. */
  readonly field: string;
  readonly configured: string;
  readonly effective: string;
  readonly origins: readonly Origin[];
}

/**
 * Mounts that the kernel has and the Engine did not make, and those that became writable. A container whose mounts the Engine
 * cannot tell in full (`--volumes-from`, one that is not resolved) is left out.
 */
function mountDifferences(configured: Container, effective: Container): readonly Difference[] {
  if (configured.volumesFrom.length > 0 || configured.mounts.some(({ state }) => state !== "set")) return [];
  const asked = setItems(configured.mounts).map(({ value }) => value);
  return setItems(effective.mounts).flatMap((mounted) => compare(mounted, asked));
}

function compare({ value, origins }: SetFact<Mount>, asked: readonly Mount[]): readonly Difference[] {
  const same = asked.find((each) => isSame(each, value));
  const field = `mount ${value.target}`;
  if (same) {
    if (!same.readOnly || value.readOnly) return [];
    return [{ field, configured: "read-only", effective: "writable", origins }];
  }
  // What lies below a bind came along with it.
  if (asked.some((each) => each.type !== "tmpfs" && isAtOrBelow(value.target, each.target))) return [];
  if (isRuntimes(value)) return [];
  const source = value.hostPath ?? value.source ?? value.type;
  return [{ field, configured: "no mount", effective: source, origins }];
}

/** The target of a mount can lie behind a link of the image (`/var/run`): then its source tells which it is. */
function isSame(asked: Mount, mounted: Mount): boolean {
  if (trimmed(asked.target) === mounted.target) return true;
  if (asked.type !== mounted.type) return false;
  if (asked.type === "tmpfs") return asked.target.endsWith(lastOf(mounted.target));
  const path = mounted.resolvedPath ?? mounted.hostPath;
  const isSource = path !== undefined && [asked.resolvedPath, asked.hostPath].includes(path);
  return isSource || (asked.source !== undefined && asked.source === mounted.source);
}

function trimmed(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/"));
}

/** What the Engine mounts for every container, where its reader could not tell it from a user's. */
function isRuntimes({ target }: Mount): boolean {
  return ["/dev", "/proc", "/sys", "/run/secrets"].some((folder) => isAtOrBelow(target, folder));
}

/** A rule of the device cgroup: `b 8:* rw`. */
interface Rule {
  readonly type: string;
  readonly major: string;
  readonly minor: string;
  readonly access: string;
}

/**
 * Devices that a container may use and the Engine did not give it: by a rule in its device cgroup, and by a node in its /dev
 * that a rule opens. Where the Engine gave it devices without saying which (CDI, GPUs, a runtime that adds its own), a
 * rule for a single one may be theirs: then only rules for many are compared.
 */
function deviceDifferences(configured: Container, effective: Container): readonly Difference[] {
  if (asksPrivileged(configured)) return [];
  const devices = setItems(configured.devices).map(({ value }) => value);
  const rules = setItems(configured.deviceCgroupRules).map(({ value }) => value);
  const allowed = [
    ...rules,
    ...devices.flatMap(({ nodes = [], permissions }) => nodes.map((node) => `${node} ${permissions}`)),
  ].flatMap((text) => parse(text) ?? []);
  const isWhole =
    !configured.deviceCgroupRules.some(isOpen) &&
    !configured.devices.some(isOpen) &&
    devices.every(({ nodes }) => nodes !== undefined) &&
    isPlain(configured);
  const isExcess = (rule: Rule) =>
    !isCovered(rule, allowed) && (isWhole || rule.type === "a" || rule.major === "*" || rule.minor === "*");
  const none = allowed.length > 0 ? "no such rule" : "no rule";
  return [
    ...setItems(effective.deviceCgroupRules).flatMap(({ value, origins }) => {
      const rule = parse(value);
      if (!rule || !isExcess(rule)) return [];
      return [{ field: "device-cgroup-rule", configured: none, effective: value, origins }];
    }),
    ...nodes(effective, isExcess),
  ];
}

/** Nodes in /dev that a rule opens. Where the rules are not seen (cgroup v2), nobody knows which of them can be used. */
function nodes(effective: Container, isExcess: (rule: Rule) => boolean): readonly Difference[] {
  if (effective.deviceCgroupRules.some(isOpen)) return [];
  return setItems(effective.devices).flatMap(({ value, origins }) => {
    const { containerPath, permissions } = value;
    const excess = (value.nodes ?? []).filter((node) => {
      const rule = parse(`${node} ${permissions}`);
      return rule && !isUsual(rule) && isExcess(rule);
    });
    return excess.map((node) => ({
      ...{ field: `device ${containerPath}`, configured: "no such device", origins },
      effective: `${node} ${permissions}`,
    }));
  });
}

function parse(text: string): Rule | undefined {
  const [, type, major, minor, access] =
    /^([abc]) +(\*|\d+):(\*|\d+) +([rwm]+)$/.exec(text.trim().replace(/^a$/, "a *:* rwm")) ?? [];
  if (type === undefined || major === undefined || minor === undefined || access === undefined)
    return undefined;
  return { type, major, minor, access };
}

/** Each letter is allowed by a rule. Every container may make nodes. */
function isCovered({ type, major, minor, access }: Rule, allowed: readonly Rule[]): boolean {
  const fits = (rule: Rule) =>
    (rule.type === "a" || rule.type === type) &&
    (rule.major === "*" || rule.major === major) &&
    (rule.minor === "*" || rule.minor === minor);
  const letters = allowed.filter(fits).map((rule) => rule.access);
  return [...access].every((letter) => letter === "m" || letters.some((each) => each.includes(letter)));
}

/** runc opens tun to every container, and a process in it can make its node. */
function isUsual({ type, major, minor }: Rule): boolean {
  return type === "c" && major === "10" && minor === "200";
}

/** Runtimes that add no devices of their own, as nvidia's does. */
const plain: ReadonlySet<string> = new Set(["", "runc", "io.containerd.runc.v2", "crun"]);

function isPlain({ runtime }: Container): boolean {
  return !isOpen(runtime) && plain.has(valueOr(runtime, ""));
}
