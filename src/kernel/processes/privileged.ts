import { allCapabilities, type Capability } from "../../model/container/capability.ts";
import { type Fact, set } from "../../model/fact.ts";
import type { DeviceCgroup } from "../devices/devices.ts";
import { allowsEveryDevice } from "../devices/rules.ts";
import type { MountTable } from "../mounts/mount-table.ts";
import { isReadOnly } from "../mounts/mountinfo.ts";
import type { ReadProcess } from "./process.ts";

/**
 * Whether a container has what `--privileged` gives, however it came by it: every capability that the engine
 * has, no seccomp filter, and every device.
 *
 * On cgroup v2 the rules for devices cannot be read. There a writable /sys and uncovered kernel paths stand
 * for them, which `--privileged` alone makes together.
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
  const sys = mounts?.at("/sys");
  return set(unprotected && sys !== undefined && !isReadOnly(sys), ...origins);
}
