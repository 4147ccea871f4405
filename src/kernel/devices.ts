import { type Dirent, lstatSync, readdirSync } from "node:fs";
import type { Container } from "../model/container.ts";
import type { Device } from "../model/container-values.ts";
import { type FactList, type SetFact, set, unresolved } from "../model/fact.ts";
import type { CgroupMembership } from "./cgroup.ts";
import type { CgroupTree } from "./cgroup-tree.ts";
import { allowedAccess, type DeviceRule, isUsualRule, parseDeviceRules, spellRule } from "./device-rules.ts";
import { readText } from "./files.ts";
import type { MountEntry } from "./mountinfo.ts";

/** The rules of the device cgroup; undefined on v2, where they are a program that cannot be read. */
export interface DeviceCgroup {
  readonly rules: readonly DeviceRule[];
  readonly path: string;
}

export function readDeviceCgroup(tree: CgroupTree, membership: CgroupMembership): DeviceCgroup | undefined {
  const where = tree.hierarchy(membership, "devices");
  if (where?.version !== 1) return undefined;
  const path = `${where.levels[0]}/devices.list`;
  const read = tree.read(path);
  return read.ok ? { rules: parseDeviceRules(read.value), path } : undefined;
}

/**
 * The devices that a container may use beyond Docker's usual ones: the nodes below its /dev, with what the
 * device cgroup allows on each, and rules that no node stands for.
 *
 * `root` is /proc/PID/root, `sysDev` is /sys/dev. On v2 the rules are unknown, so that a node counts as usable, and a rule without a node is not seen.
 */
export function readDevices(
  root: string,
  entries: readonly MountEntry[],
  cgroup: DeviceCgroup | undefined,
  sysDev: string,
): Pick<Container, "devices" | "deviceCgroupRules"> {
  const nodes = deviceNodes(root, entries);
  if (!nodes.ok) {
    const denied = unresolved(nodes.reason, { kernel: `${root}/dev` });
    return { devices: [denied], deviceCgroupRules: cgroup ? spare(cgroup, []) : [] };
  }
  const usable = nodes.value.flatMap((node): readonly SetFact<Device>[] => {
    const permissions = cgroup ? allowedAccess(cgroup.rules, node) : "rwm";
    // Anybody may make a node; only what can be read or written gives a device.
    if (!/[rw]/.test(permissions)) return [];
    const origin = { kernel: `${root}${node.path}` };
    return [set({ hostPath: hostName(sysDev, node), containerPath: node.path, permissions }, origin)];
  });
  return { devices: usable, deviceCgroupRules: cgroup ? spare(cgroup, nodes.value) : [] };
}

/** The node's path on the host by its numbers; its path in the container where the kernel does not say. */
function hostName(sysDev: string, { type, major, minor, path }: DeviceNode): string {
  const read = readText(`${sysDev}/${type === "b" ? "block" : "char"}/${major}:${minor}/uevent`);
  const name = read.ok ? /^DEVNAME=(.+)$/m.exec(read.value)?.[1] : undefined;
  return name === undefined ? path : `/dev/${name}`;
}

/** The rules beyond the usual ones that no single node accounts for. */
function spare(cgroup: DeviceCgroup, nodes: readonly DeviceNode[]): FactList<string> {
  return cgroup.rules
    .filter((rule) => !isUsualRule(rule))
    .filter(
      ({ type, major, minor }) =>
        !nodes.some((node) => node.type === type && `${node.major}:${node.minor}` === `${major}:${minor}`),
    )
    .map((rule) => set(spellRule(rule), { kernel: cgroup.path }));
}

interface DeviceNode {
  readonly path: string;
  readonly type: "b" | "c";
  readonly major: number;
  readonly minor: number;
}

/**
 * What every container has (OCI runtime specification, "Default Devices"): null, zero, full, random, urandom,
 * tty, console, ptmx. By number, for `--device /dev/sda:/dev/null` gives a disk that name.
 */
const usualNodes = new Set(["1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:1", "5:2"]);

/** More than a whole /dev of a big host; beyond it nobody reads on. */
const mostNodes = 4096;

function deviceNodes(
  root: string,
  entries: readonly MountEntry[],
):
  | { readonly ok: true; readonly value: readonly DeviceNode[] }
  | { readonly ok: false; readonly reason: string } {
  const mounted = new Set(entries.map(({ target }) => target));
  const dev = entries.findLast(({ target }) => target === "/dev");
  // A /dev of the host is a mount of its own account; any other file system there could make us wait.
  if (dev?.type !== "tmpfs" || !dev.root.startsWith("/")) return { ok: true, value: [] };
  const found: DeviceNode[] = [];
  const pending = ["/dev"];
  for (let folder = pending.pop(); folder !== undefined && found.length < mostNodes; folder = pending.pop()) {
    const listing = list(`${root}${folder}`);
    if (typeof listing === "string") {
      if (folder === "/dev") return { ok: false, reason: listing };
      continue;
    }
    for (const entry of listing) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory() && !mounted.has(path) && pending.length < mostNodes) pending.push(path);
      if (!entry.isCharacterDevice() && !entry.isBlockDevice()) continue;
      const node = stat(root, path);
      const usual = node?.type === "c" && usualNodes.has(`${node.major}:${node.minor}`);
      if (node && !usual) found.push(node);
    }
  }
  return { ok: true, value: found };
}

function list(path: string): readonly Dirent[] | string {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return `${path} cannot be read (${code === "EACCES" ? "permission denied" : code})`;
  }
}

function stat(root: string, path: string): DeviceNode | undefined {
  try {
    const { rdev, mode } = lstatSync(`${root}${path}`);
    const type = (mode & 0o170000) === 0o060000 ? "b" : "c";
    return { path, type, ...deviceNumbers(rdev) };
  } catch {
    return undefined;
  }
}

/** Splits a dev_t as glibc's major() and minor() do (makedev(3)). */
export function deviceNumbers(device: number): { readonly major: number; readonly minor: number } {
  const high = Math.floor(device / 2 ** 32);
  const low = device >>> 0;
  return {
    major: ((low >>> 8) & 0xfff) + (high & 0xfffff000),
    minor: (low & 0xff) + ((low >>> 12) & 0xfff00),
  };
}
