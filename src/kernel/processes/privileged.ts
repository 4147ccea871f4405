import { allCapabilities, type Capability } from "../../model/container/capability.ts";
import type { Container } from "../../model/container.ts";
import { type Fact, isOpen, mapFact, set, unresolved, unseen, unset } from "../../model/fact.ts";
import { allowsEveryDevice, type DeviceCgroup } from "../devices/devices.ts";
import { isReadOnly, type MountTable } from "../mounts/mount-table.ts";
import { isUnconfinedType, parseLsmLabel, type ReadProcess } from "./process.ts";

/**
 * Whether a container has what `--privileged` gives, however it came by it: every capability that the engine
 * has, no seccomp filter, and every device.
 *
 * On cgroup v2 the rules for devices cannot be read. There a writable /sys and uncovered kernel paths stand
 * for them, which `--privileged` alone makes together. A mark that cannot be read is left out of account.
 */
export function readPrivileged(sources: {
  readonly init: ReadProcess;
  /** Undefined where the engine's process cannot be read: then all that the kernel knows. */
  readonly engineBounding: ReadonlySet<Capability> | undefined;
  readonly devices: DeviceCgroup | undefined;
  readonly mounts: MountTable | undefined;
  readonly unprotected: boolean;
}): Fact<boolean> {
  const { init, engineBounding, devices, mounts, unprotected } = sources;
  const { capBounding, seccomp } = init.process;
  if (capBounding.state !== "set") return capBounding;
  if (seccomp.state !== "set") return seccomp;
  const origins = [...capBounding.origins, ...seccomp.origins];
  const every = [...(engineBounding ?? allCapabilities)];
  if (seccomp.value !== 0 || !every.every((name) => capBounding.value.has(name)))
    return set(false, ...origins);
  if (devices) return set(allowsEveryDevice(devices.rules), ...origins, { kernel: devices.path });
  if (!mounts) return unresolved("its mounts cannot be read, and neither can its device rules", ...origins);
  const sys = mounts.at("/sys");
  return set(unprotected && sys !== undefined && !isReadOnly(sys), ...origins);
}

type MacFacts = Pick<Container, "apparmor" | "selinux">;

/**
 * What the first process's label says of AppArmor or SELinux; the other one, and both where the kernel runs
 * neither, stay unset. A profile that only complains is named with its mode: it stops nothing.
 */
export function readMac(label: Fact<string>, impliesDisable: boolean): MacFacts {
  if (isOpen(label)) return { apparmor: label, selinux: label };
  if (label.state === "unset") return { apparmor: unset, selinux: unset };
  const parsed = parseLsmLabel(label.value);
  if (parsed?.module === "apparmor") {
    const { profile, mode } = parsed;
    const enforced = mode === undefined || mode === "enforce" || mode === "kill";
    return { apparmor: mapFact(label, () => (enforced ? profile : `${profile} (${mode})`)), selinux: unset };
  }
  if (parsed?.module === "selinux") {
    const { user, role, type, level } = parsed;
    const disable = isUnconfinedType(type);
    const value = { disable, user, role, type, level, implied: disable && impliesDisable };
    return { apparmor: unset, selinux: mapFact(label, () => value) };
  }
  return { apparmor: unset, selinux: unset };
}

const whichFilter = unseen("the kernel shows that a seccomp filter runs, not which");

/**
 * The seccomp fact. The kernel tells whether a filter runs, not which.
 */
export function readSeccomp(mode: Fact<number>): Container["seccomp"] {
  if (mode.state !== "set") return mode;
  return mode.value === 0 ? { ...mode, value: { profile: "unconfined" } } : whichFilter;
}
