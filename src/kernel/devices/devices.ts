import type { Container } from "../../model/container.ts";
import type { Device } from "../../model/container-values.ts";
import { type FactList, type SetFact, set, unresolved, unseen } from "../../model/fact.ts";
import { spellNode } from "../../model/host/device-node.ts";
import type { CgroupTree, Hierarchy } from "../cgroups/tree.ts";
import { readText } from "../files.ts";
import type { MountTable } from "../mounts/mount-table.ts";
import { type DeviceNode, readDeviceNodes } from "./nodes.ts";
import { allowedAccess, type DeviceRule, isUsualRule, parseDeviceRules, spellRule } from "./rules.ts";

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
 * On v2 the rules are a program that cannot be read: a node counts as usable, and the rules are unseen.
 */
export function readDevices(
  root: string,
  mounts: MountTable,
  cgroup: DeviceCgroup | undefined,
  sysDev: string,
): Pick<Container, "devices" | "deviceCgroupRules"> {
  const nodes = readDeviceNodes(root, mounts);
  if (!nodes.ok) {
    const denied = unresolved(nodes.reason, { kernel: `${root}/dev` });
    return { devices: [denied], deviceCgroupRules: cgroup ? spareRules(cgroup, []) : hiddenRules };
  }
  const usable = nodes.value.flatMap((node): readonly SetFact<Device>[] => {
    const permissions = cgroup ? allowedAccess(cgroup.rules, node) : "rwm";
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
  return { devices: usable, deviceCgroupRules: cgroup ? spareRules(cgroup, nodes.value) : hiddenRules };
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
