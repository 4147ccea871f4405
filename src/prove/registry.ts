import type { Probe } from "./probe.ts";
import { devices, mknodOpen } from "./probes/devices.ts";
import { engineSocket } from "./probes/engine-socket.ts";
import { maskedPaths, scriptFromTmpfs, writeReadOnlyVolume, writeRoot } from "./probes/files.ts";
import { burnCpu } from "./probes/limits/burn-cpu.ts";
import { fillTmpfs } from "./probes/limits/fill-tmpfs.ts";
import { forkUntilLimit } from "./probes/limits/fork-until-limit.ts";
import { ioPastLimit } from "./probes/limits/io-past-limit.ts";
import { memoryPastLimit } from "./probes/limits/memory-past-limit.ts";
import {
  cgroupWrite,
  corePattern,
  kernelLog,
  loadModule,
  rawSocket,
  reboot,
  setClock,
  setHostname,
  swapoff,
  sysctl,
} from "./probes/machine.ts";
import { hostInterfaces, hostIpc, hostName, hostProcesses, uidMap } from "./probes/namespaces.ts";
import { engineTcp, hostPorts, metadata } from "./probes/network.ts";
import { chown, chroot, mount, openByHandle, setuid, unshareMount, unshareUser } from "./probes/rights.ts";
import { ptraceNeighbour, runAsRoot, setuidBinary } from "./probes/users.ts";

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
  openByHandle,
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
