import { type Dirent, lstatSync, readdirSync, type Stats, statSync } from "node:fs";
import { codeInWords, codeOf } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { Container } from "../../model/container.ts";
import type { Device } from "../../model/container-values.ts";
import { type FactList, type SetFact, set, unresolved, unseen } from "../../model/fact.ts";
import { type DeviceNumbers, deviceNumbers, spellNode } from "../../model/host/device-node.ts";
import type { CgroupTree, Hierarchy } from "../cgroups/tree.ts";
import { readText, remembered } from "../files.ts";
import type { MountTable } from "../mounts/mount-table.ts";

/** A rule of v1's devices.list: `c 1:3 rwm`, `b *:* m`, `a *:* rwm`. */
interface DeviceRule {
  readonly type: "a" | "b" | "c";
  /** `*` is every number. */
  readonly major: string;
  readonly minor: string;
  /** Letters of `rwm`. */
  readonly access: string;
}

/** Parses devices.list. Takes any text; a line that is not of its shape is left out. */
export const parseDeviceRules = remembered((text): readonly DeviceRule[] =>
  text.split("\n").flatMap((line) => {
    const match = /^([abc]) (\*|\d+):(\*|\d+) ([rwm]+)$/.exec(line.trim());
    if (!match) return [];
    const [, type = "", major = "", minor = "", access = ""] = match;
    return type === "a" || type === "b" || type === "c" ? { type, major, minor, access } : [];
  }),
);

/** Every device with every access: what `--privileged` makes. */
export function allowsEveryDevice(rules: readonly DeviceRule[]): boolean {
  return rules.some(
    ({ type, major, minor, access }) =>
      type === "a" && major === "*" && minor === "*" && /r.*w|w.*r/.test(access),
  );
}

/**
 * What runc allows everybody: making any node, and null, zero, full, random, urandom, tty, console, ptmx, pts
 * and tun.
 */
const usualRules = new Set(["1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:1", "5:2", "10:200", "136:*"]);

export function isUsualRule({ type, major, minor, access }: DeviceRule): boolean {
  if (access === "m") return true;
  return type === "c" && usualRules.has(`${major}:${minor}`);
}

/** The letters that the rules allow for a device; "" is none. */
export function allowedAccess(
  rules: readonly DeviceRule[],
  device: { readonly type: "b" | "c"; readonly major: number; readonly minor: number },
): string {
  const letters = rules
    .filter(
      ({ type, major, minor }) =>
        (type === "a" || type === device.type) &&
        (major === "*" || Number(major) === device.major) &&
        (minor === "*" || Number(minor) === device.minor),
    )
    .map(({ access }) => access)
    .join("");
  return [..."rwm"].filter((letter) => letters.includes(letter)).join("");
}

export function spellRule({ type, major, minor, access }: DeviceRule): string {
  return `${type} ${major}:${minor} ${access}`;
}

/** The rules of the device cgroup. */
export interface DeviceCgroup {
  readonly rules: readonly DeviceRule[];
  readonly path: string;
}

/** Undefined on v2, where the rules are a program that cannot be read. */
export function readDeviceCgroup(tree: CgroupTree, where: Hierarchy | undefined): DeviceCgroup | undefined {
  if (where?.version !== 1) return undefined;
  const path = `${where.levels[0]}/devices.list`;
  const read = tree.read(path);
  return read.ok ? { rules: parseDeviceRules(read.value), path } : undefined;
}

/**
 * The devices that a container may use beyond Docker's usual ones: the nodes below its /dev, with what the
 * device cgroup allows on each, and rules that no node stands for. `root` is /proc/PID/root, `sysDev` /sys/dev.
 *
 * On v2 the rules are a program that cannot be read: a node counts as usable, and the rules are unseen. In a user namespace no
 * node can be made (mknod(2)), and the owner and mode of those that are there decide, whatever a rule allows.
 */
export function readDevices(
  root: string,
  mounts: MountTable,
  cgroup: DeviceCgroup | undefined,
  { sysDev, mapped }: { readonly sysDev: string; readonly mapped: MappedRoot | undefined },
): Pick<Container, "devices" | "deviceCgroupRules"> {
  const rulesFor = (nodes: readonly DeviceNode[]) =>
    mapped ? [] : cgroup ? spareRules(cgroup, nodes) : hiddenRules;
  const nodes = readDeviceNodes(root, mounts);
  if (!nodes.ok) {
    const denied = unresolved(nodes.reason, { kernel: `${root}/dev` });
    return { devices: [denied], deviceCgroupRules: rulesFor([]) };
  }
  const usable = nodes.value.flatMap((node): readonly SetFact<Device>[] => {
    const ruled = cgroup ? allowedAccess(cgroup.rules, node) : "rwm";
    const permissions = mapped ? both(ruled, openedBy(mapped, node)) : ruled;
    // Anybody may make a node; only what can be read or written gives a device.
    if (!/[rw]/.test(permissions)) return [];
    const device = {
      hostPath: hostName(sysDev, node),
      containerPath: node.path,
      permissions,
      nodes: [spellNode(node)],
    };
    return [set(device, { kernel: `${root}${node.path}` })];
  });
  return { devices: usable, deviceCgroupRules: rulesFor(nodes.value) };
}

/** The outer ids of root in a user namespace. */
interface MappedRoot {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** What a node's owner and mode let that root do: its capabilities hold only for files of ids that are mapped. */
function openedBy({ uid, gid }: MappedRoot, node: DeviceNode): string {
  const bits = node.uid === uid ? node.mode >> 6 : node.gid === gid ? node.mode >> 3 : node.mode;
  return `${bits & 4 ? "r" : ""}${bits & 2 ? "w" : ""}`;
}

function both(some: string, others: string): string {
  return [...some].filter((letter) => others.includes(letter)).join("");
}

const hiddenRules = [unseen("the rules of its device cgroup cannot be read here")];

/** The node's path on the host by its numbers; its path in the container where the kernel does not say. */
function hostName(sysDev: string, { type, major, minor, path }: DeviceNode): string {
  const read = readText(`${sysDev}/${type === "b" ? "block" : "char"}/${major}:${minor}/uevent`);
  const name = read.ok ? /^DEVNAME=(.+)$/m.exec(read.value)?.[1] : undefined;
  return name === undefined ? path : `/dev/${name}`;
}

/** The rules beyond the usual ones that no single node accounts for. */
function spareRules({ rules, path }: DeviceCgroup, nodes: readonly DeviceNode[]): FactList<string> {
  const told = new Set(nodes.map(spellNode));
  return rules
    .filter((rule) => !isUsualRule(rule) && !told.has(`${rule.type} ${rule.major}:${rule.minor}`))
    .map((rule) => set(spellRule(rule), { kernel: path }));
}

interface DeviceNode extends DeviceNumbers {
  /** Inside the container. */
  readonly path: string;
  /** Permission bits and owners, as numbered here. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * What every container has (OCI runtime specification, "Default Devices"): null, zero, full, random, urandom,
 * tty, console, ptmx. By number, for `--device /dev/sda:/dev/null` gives a disk that name.
 */
const usual = new Set(["1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:1", "5:2"]);

/** More than a whole /dev of a big host; beyond it nobody reads on. */
const most = 4096;

interface Seen {
  readonly root: string;
  /** When something was last made, renamed or taken away in /dev: nanoseconds, which nobody in a container can set. */
  readonly changed: bigint;
  readonly nodes: readonly DeviceNode[];
}

/** What was found below a /dev without folders, by the mounts that it was found under. */
const seenNodes = new WeakMap<MountTable, Seen>();

/** The kernel's clock for files ticks some hundred times a second: what changed a moment ago may change again unnoticed. */
const settled = 1_000_000_000n;

/**
 * The device nodes below a container's /dev beyond the usual ones. `root` is /proc/PID/root. Only walks the
 * tmpfs that the runtime made: a /dev of the host is a mount of its own account, and any other file system
 * (FUSE, NFS) could make us wait. With the same mounts as before it looks again only where /dev changed.
 */
function readDeviceNodes(root: string, mounts: MountTable): Result<readonly DeviceNode[]> {
  if (mounts.at("/dev")?.type !== "tmpfs") return ok([]);
  const changed = lastChange(`${root}/dev`);
  const before = seenNodes.get(mounts);
  if (before && before.root === root && before.changed === changed) return ok(before.nodes);
  const found: DeviceNode[] = [];
  const pending = ["/dev"];
  let seen = 0;
  for (; pending.length > 0 && seen < most; seen++) {
    const folder = pending.pop() ?? "/dev";
    const listing = list(`${root}${folder}`);
    if (!listing.ok) {
      if (folder === "/dev") return listing;
      continue;
    }
    for (const entry of listing.value.slice(0, most)) {
      const path = `${folder}/${entry.name}`;
      const mounted = mounts.at(path);
      if (entry.isDirectory() && !mounted) pending.push(path);
      // In a user namespace a node is a bind of the host's, over an empty file.
      if (!entry.isCharacterDevice() && !entry.isBlockDevice() && mounted?.type !== "devtmpfs") continue;
      const node = nodeAt(root, path);
      if (node && !(node.type === "c" && usual.has(`${node.major}:${node.minor}`))) found.push(node);
    }
  }
  const isSettled = changed !== undefined && BigInt(Date.now()) * 1_000_000n - changed > settled;
  if (isSettled && seen === 1) seenNodes.set(mounts, { root, changed, nodes: found });
  return ok(found);
}

function lastChange(path: string): bigint | undefined {
  try {
    return statSync(path, { bigint: true }).ctimeNs;
  } catch {
    return undefined;
  }
}

function list(path: string): Result<readonly Dirent[]> {
  try {
    return ok(readdirSync(path, { withFileTypes: true }));
  } catch (error) {
    const code = codeOf(error);
    const why = codeInWords(code) ?? (code || "unknown error");
    return failed(`${path} cannot be read (${why})`);
  }
}

function nodeAt(root: string, path: string): DeviceNode | undefined {
  let entry: Stats;
  try {
    entry = lstatSync(`${root}${path}`);
  } catch {
    return undefined;
  }
  if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return undefined;
  const { mode, uid, gid } = entry;
  return { path, type: entry.isBlockDevice() ? "b" : "c", ...deviceNumbers(entry.rdev), mode, uid, gid };
}
