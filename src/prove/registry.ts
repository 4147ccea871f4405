import type { Probe } from "./probe.ts";
import { cgroupWrite } from "./probes/cgroup-write.ts";
import { chown } from "./probes/chown.ts";
import { chroot } from "./probes/chroot.ts";
import { corePattern } from "./probes/core-pattern.ts";
import { kernelLog } from "./probes/kernel-log.ts";
import { burnCpu } from "./probes/limits/burn-cpu.ts";
import { fillTmpfs } from "./probes/limits/fill-tmpfs.ts";
import { forkUntilLimit } from "./probes/limits/fork-until-limit.ts";
import { ioPastLimit } from "./probes/limits/io-past-limit.ts";
import { memoryPastLimit } from "./probes/limits/memory-past-limit.ts";
import { loadModule } from "./probes/load-module.ts";
import { mount } from "./probes/mount.ts";
import { hostInterfaces } from "./probes/namespaces/host-interfaces.ts";
import { hostIpc } from "./probes/namespaces/host-ipc.ts";
import { hostName } from "./probes/namespaces/host-name.ts";
import { hostProcesses } from "./probes/namespaces/host-processes.ts";
import { uidMap } from "./probes/namespaces/uid-map.ts";
import { rawSocket } from "./probes/raw-socket.ts";
import { devices } from "./probes/reach/devices.ts";
import { engineSocket } from "./probes/reach/engine-socket.ts";
import { engineTcp } from "./probes/reach/engine-tcp.ts";
import { hostPorts } from "./probes/reach/host-ports.ts";
import { maskedPaths } from "./probes/reach/masked-paths.ts";
import { metadata } from "./probes/reach/metadata.ts";
import { mknodOpen } from "./probes/reach/mknod-open.ts";
import { scriptFromTmpfs } from "./probes/reach/script-from-tmpfs.ts";
import { writeReadOnlyVolume } from "./probes/reach/write-read-only-volume.ts";
import { writeRoot } from "./probes/reach/write-root.ts";
import { reboot } from "./probes/reboot.ts";
import { setClock } from "./probes/set-clock.ts";
import { setHostname } from "./probes/set-hostname.ts";
import { setuid } from "./probes/setuid.ts";
import { swapoff } from "./probes/swapoff.ts";
import { sysctl } from "./probes/sysctl.ts";
import { unshareMount } from "./probes/unshare-mount.ts";
import { unshareUser } from "./probes/unshare-user.ts";
import { ptraceNeighbour } from "./probes/users/ptrace-neighbour.ts";
import { runAsRoot } from "./probes/users/run-as-root.ts";
import { setuidBinary } from "./probes/users/setuid-binary.ts";

/** Every probe, in the order of the requirement's rows; those that use up what a container has come last. */
export const probes: readonly Probe[] = [
  engineSocket,
  engineTcp,
  hostPorts,
  metadata,
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
