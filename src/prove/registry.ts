import type { Probe } from "./probe.ts";
import { burnCpu } from "./probes/burn-cpu.ts";
import { cgroupWrite } from "./probes/cgroup-write.ts";
import { chown } from "./probes/chown.ts";
import { chroot } from "./probes/chroot.ts";
import { corePattern } from "./probes/core-pattern.ts";
import { devices } from "./probes/devices.ts";
import { engineSocket } from "./probes/engine-socket.ts";
import { fillTmpfs } from "./probes/fill-tmpfs.ts";
import { forkUntilLimit } from "./probes/fork-until-limit.ts";
import { hostInterfaces } from "./probes/host-interfaces.ts";
import { hostIpc } from "./probes/host-ipc.ts";
import { hostName } from "./probes/host-name.ts";
import { hostProcesses } from "./probes/host-processes.ts";
import { ioPastLimit } from "./probes/io-past-limit.ts";
import { kernelLog } from "./probes/kernel-log.ts";
import { loadModule } from "./probes/load-module.ts";
import { maskedPaths } from "./probes/masked-paths.ts";
import { memoryPastLimit } from "./probes/memory-past-limit.ts";
import { mknodOpen } from "./probes/mknod-open.ts";
import { mount } from "./probes/mount.ts";
import { ptraceNeighbour } from "./probes/ptrace-neighbour.ts";
import { rawSocket } from "./probes/raw-socket.ts";
import { reboot } from "./probes/reboot.ts";
import { runAsRoot } from "./probes/run-as-root.ts";
import { scriptFromTmpfs } from "./probes/script-from-tmpfs.ts";
import { setClock } from "./probes/set-clock.ts";
import { setHostname } from "./probes/set-hostname.ts";
import { setuid } from "./probes/setuid.ts";
import { setuidBinary } from "./probes/setuid-binary.ts";
import { swapoff } from "./probes/swapoff.ts";
import { sysctl } from "./probes/sysctl.ts";
import { uidMap } from "./probes/uid-map.ts";
import { unshareMount } from "./probes/unshare-mount.ts";
import { unshareUser } from "./probes/unshare-user.ts";
import { writeReadOnlyVolume } from "./probes/write-read-only-volume.ts";
import { writeRoot } from "./probes/write-root.ts";

/** Every probe, in the order of the requirement's rows; those that use up what a container has come last. */
export const probes: readonly Probe[] = [
  engineSocket,
  devices,
  mknodOpen,
  writeRoot,
  writeReadOnlyVolume,
  scriptFromTmpfs,
  maskedPaths,
  corePattern,
  sysctl,
  cgroupWrite,
  unshareUser,
  kernelLog,
  rawSocket,
  chroot,
  chown,
  setuid,
  mount,
  unshareMount,
  ptraceNeighbour,
  loadModule,
  swapoff,
  setHostname,
  setClock,
  reboot,
  runAsRoot,
  setuidBinary,
  uidMap,
  hostProcesses,
  hostInterfaces,
  hostName,
  hostIpc,
  fillTmpfs,
  ioPastLimit,
  burnCpu,
  forkUntilLimit,
  memoryPastLimit,
];
