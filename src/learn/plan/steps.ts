import { sayBytes } from "../../controls/cgroups/amounts.ts";
import { getsPayload, sayPlaces } from "../../fix/plan/needs.ts";
import type { Step } from "../../fix/plan/step.ts";
import { tweakCapabilities } from "../../model/container/capability.ts";
import type { Container } from "../../model/container.ts";
import type { BlkioDeviceLimit } from "../../model/container-values.ts";
import { setItems, valueOr } from "../../model/fact.ts";
import { amountIn } from "../../model/facts/table.ts";
import { canonicalPath } from "../../model/host/path.ts";
import { mount } from "../../model/mount.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { Observation } from "../observe/observe.ts";
import type { WrittenFolder } from "../observe/places.ts";
import type { Peaks } from "../observe/usage.ts";
import { isPlainUser, type ProcessUser } from "../observe/users.ts";

/** What one service is to be run with. */
export interface Wish {
  readonly view: Container;
  readonly seen: Observation;
  /** Whom it starts as, where that is not whom it starts as today. */
  readonly user: ProcessUser | undefined;
  readonly capabilities: readonly string[];
  /** Folders that it was refused to write into, and that need not stay. */
  readonly scratch: readonly string[];
  /** Whether limits of memory and CPU may be set: something used it. */
  readonly isLoaded: boolean;
  /** The path of a seccomp profile, from the file's folder. */
  readonly seccomp: string | undefined;
  readonly hostCpus: number | undefined;
  /** Whether limits of disks are wanted, which name devices of this host. */
  readonly limitsDisks: boolean;
}

/** The controls whose steps learn makes itself; of the others it takes what fix does. */
export const learntControls = [
  "capabilities-drop",
  "capabilities-dangerous",
  "read-only-rootfs",
  "root-user",
  "memory-limit",
  "cpu-limit",
  "pids-limit",
  "host-network",
  "seccomp-profile",
] as const;

/** The capabilities that a container has today. */
export function capabilitiesOf({ privileged, capAdd, capDrop }: Container): readonly string[] {
  const names = (list: Container["capAdd"]) => setItems(list).map(({ value }) => value);
  return [...tweakCapabilities(valueOr(privileged, false), names(capAdd), names(capDrop))];
}

/** The steps that give a service what it was seen to need, and no more. Pure. */
export function stepsFor(wish: Wish): readonly Step[] {
  return [
    ...userStep(wish),
    ...capabilityStep(wish),
    ...rootStep(wish),
    ...limitSteps(wish),
    ...networkStep(wish),
    ...seccompStep(wish),
  ];
}

function step(
  control: string,
  summary: string,
  patches: readonly ContainerPatch[],
  ...breaks: readonly string[]
): Step {
  return {
    kind: "behavioural",
    keys: [`learn ${control}`],
    controls: [control],
    summary,
    why: "trial runs of the workload show it",
    breaks,
    patches,
  };
}

/** Whether it has Docker's own profile. */
export function hasDockersSeccomp({ seccomp, privileged }: Container): boolean {
  return (
    !valueOr(privileged, false) &&
    (seccomp.state === "unset" || valueOr(seccomp, undefined)?.profile === "default")
  );
}

function seccompStep({ view, seccomp: path }: Wish): readonly Step[] {
  if (path === undefined || valueOr(view.seccomp, undefined)?.profile === "custom") return [];
  const value = { profile: "custom", path, allowsAll: undefined } as const;
  const breaks = "A system call that no run made fails: EPERM, or SIGSYS in some programs.";
  const summary = `Allow only the system calls that it makes (${path}).`;
  return [step("seccomp-profile", summary, [{ op: "set", field: "seccomp", value }], breaks)];
}

function userStep({ view, user }: Wish): readonly Step[] {
  if (!user) return [];
  const value = `${user.uid}:${user.gid}`;
  if (valueOr(view.user, "") === value) return [];
  return [
    step(
      "root-user",
      `Start as ${value}, the user that it switches to.`,
      [{ op: "set", field: "user", value }],
      "It cannot open data that another user wrote: EACCES.",
    ),
  ];
}

function capabilityStep({ view, capabilities }: Wish): readonly Step[] {
  const added = setItems(view.capAdd).map(({ value }) => value);
  const dropped = setItems(view.capDrop).map(({ value }) => value);
  const patches: ContainerPatch[] = [
    ...(dropped.includes("ALL") ? [] : [{ op: "add", field: "capDrop", value: "ALL" } as const]),
    ...added
      .filter((name) => !capabilities.includes(name))
      .map((value) => ({ op: "remove", field: "capAdd", value }) as const),
    ...capabilities
      .filter((name) => !added.includes(name))
      .map((value) => ({ op: "add", field: "capAdd", value }) as const),
  ];
  if (patches.length === 0) return [];
  const kept = capabilities.length === 0 ? "" : ` and give back ${capabilities.join(", ")}`;
  const breaks = "A feature that no run used may need another capability: EPERM.";
  return [step("capabilities-drop", `Drop all capabilities${kept}.`, patches, breaks)];
}

function rootStep(wish: Wish): readonly Step[] {
  const { view, seen } = wish;
  if (!seen.places || valueOr(view.readonlyRootfs, false)) return [];
  const shown = wish.scratch.map((path) => {
    return { path, uid: undefined, gid: undefined, mode: undefined, bytes: 0, written: [] };
  });
  const known = new Set(seen.places.scratch.map(({ path }) => path));
  const scratch = [...seen.places.scratch, ...shown.filter(({ path }) => !known.has(path))];
  const mounted = new Set(setItems(view.mounts).map(({ value }) => canonicalPath(value.target)));
  const places = scratch.filter(({ path }) => !mounted.has(canonicalPath(path)));
  // How much comes to a folder only a load shows, and only where its files were still there when it was looked at. A volume
  // belongs to whom the image's folder belongs to: where root does not open it, what was seen has to do.
  const isRoots = wish.user === undefined && !isPlainUser(seen.startsAs);
  const isSized = ({ path, written, mode = 0 }: WrittenFolder) =>
    !getsPayload(path) || (written.length > 0 && (wish.isLoaded || !(isRoots || (mode & 0o002) !== 0)));
  const inMemory = places.filter(isSized);
  const onDisk = places.filter((place) => !isSized(place));
  const paths = { inMemory: pathsOf(inMemory), onDisk: pathsOf(onDisk) };
  return [
    step(
      "read-only-rootfs",
      `Make the root file system read-only${sayPlaces(paths)}.`,
      [
        { op: "set", field: "readonlyRootfs", value: true },
        ...inMemory.map((place) => ({ op: "add", field: "mounts", value: tmpfsAt(place, wish) }) as const),
        ...onDisk.map(({ path }) => {
          return { op: "add", field: "mounts", value: mount({ type: "volume", target: path }) } as const;
        }),
      ],
      "A write elsewhere fails: EROFS. What is in a tmpfs is gone after a stop.",
      ...inMemory.map(
        ({ path, bytes }) =>
          `More than ${sayBytes(tmpfsSize(bytes))} in ${path} fails: ENOSPC (“No space left on device”).`,
      ),
    ),
  ];
}

function pathsOf(places: readonly WrittenFolder[]): readonly string[] {
  return places.map(({ path }) => path);
}

/** With the owner and mode that the folder has, or had been given by whom it now does not start as. */
function tmpfsAt({ path, uid, gid, mode, bytes }: WrittenFolder, { user, seen }: Wish) {
  const isOpen = mode === undefined || (mode & 0o002) !== 0;
  const starts = /^\d+$/.test(seen.startsAs) ? Number(seen.startsAs) : undefined;
  const owner = user && (uid ?? 0) === 0 ? user : { uid: uid ?? starts ?? 0, gid: gid ?? 0 };
  const options = {
    size: tmpfsSize(bytes),
    mode: mode ?? 0o1777,
    ...(!isOpen && owner.uid !== 0 && { uid: owner.uid }),
    ...(!isOpen && owner.gid !== 0 && { gid: owner.gid }),
    ...{ exec: false, suid: false, dev: false },
  };
  return mount({ type: "tmpfs", target: path, tmpfs: options });
}

/** The limits of disks that a service does not have yet. */
export function missingDiskLimits(view: Container, { peaks }: Observation): readonly BlkioDeviceLimit[] {
  const has = setItems(view.blkioDeviceLimits);
  return limitsFrom(peaks, undefined).disks.filter(
    ({ kind, path }) => !has.some(({ value }) => value.kind === kind && value.path === path),
  );
}

export function diskPatches(limits: readonly BlkioDeviceLimit[]): readonly ContainerPatch[] {
  return limits.map((value) => ({ op: "add", field: "blkioDeviceLimits", value }));
}

/** Such as `written to /dev/sda 16 MiB a second`. */
function sayDiskLimit({ kind, path, rate }: BlkioDeviceLimit): string {
  return `${kind === "read-bps" ? "read from" : "written to"} ${path} ${sayBytes(rate)} a second`;
}

function limitSteps({ view, seen, isLoaded, hostCpus, limitsDisks }: Wish): readonly Step[] {
  const { memory, pids, cpus } = limitsFrom(seen.peaks, hostCpus);
  const hasCpus = amountIn(view, "nanoCpus") !== undefined || amountIn(view, "cpuQuota") !== undefined;
  const found: Step[] = [];
  // An idle minute says nothing of how much a workload needs.
  if (!isLoaded) return found;
  if (pids !== undefined && amountIn(view, "pidsLimit") === undefined) {
    const patch = { op: "set", field: "pidsLimit", value: pids } as const;
    const sampled = seen.peaks.pidsSampled
      ? " It comes from samples: this kernel keeps no peak, and between two samples there may have been more."
      : "";
    const breaks = `A fork beyond it fails: EAGAIN.${sampled}`;
    found.push(step("pids-limit", `Limit the processes to ${pids}.`, [patch], breaks));
  }
  if (memory !== undefined && amountIn(view, "memory") === undefined) {
    const patch = { op: "set", field: "memory", value: memory } as const;
    const breaks = "A larger load is killed: exit status 137.";
    found.push(step("memory-limit", `Limit the memory to ${sayBytes(memory)}.`, [patch], breaks));
  }
  if (cpus !== undefined && !hasCpus) {
    const patch = { op: "set", field: "nanoCpus", value: Math.round(cpus * 1e9) } as const;
    found.push(step("cpu-limit", `Limit the CPUs to ${cpus}.`, [patch], "A larger load takes longer."));
  }
  const disks = limitsDisks ? missingDiskLimits(view, seen) : [];
  if (disks.length > 0) {
    const summary = `Limit what is ${disks.map(sayDiskLimit).join(", ")}.`;
    const breaks = "A larger load waits. On a host without the device the container does not start.";
    found.push(step("io-limit", summary, diskPatches(disks), breaks));
  }
  return found;
}

/** Below this nothing was sent but what the kernel sends by itself (neighbour discovery). Bytes. */
const silence = 2_048;

/** Whether it used its network at all. */
export function isSilent({ listens, network }: Observation): boolean {
  const { peers, sentBytes } = network;
  return listens.length === 0 && peers.length === 0 && sentBytes !== undefined && sentBytes < silence;
}

function networkStep({ view, seen }: Wish): readonly Step[] {
  const isPlain = view.networkMode.state === "unset" && view.networks.length === 0 && view.ports.length === 0;
  if (!isPlain || !isSilent(seen)) return [];
  const patch = { op: "set", field: "networkMode", value: { mode: "none" } } as const;
  const breaks = "A connection that it makes rarely fails: ENETUNREACH.";
  return [
    step("host-network", "Remove its network: it listened on no port and sent nothing.", [patch], breaks),
  ];
}

/** Limits from what was used under a load, with the head room that each leaves. */
interface LearntLimits {
  /** Bytes. */
  readonly memory: number | undefined;
  readonly pids: number | undefined;
  readonly cpus: number | undefined;
  /** For each disk that it was seen to read from or write to. */
  readonly disks: readonly BlkioDeviceLimit[];
}

/** How many times its peak a container may use; the report states it. */
export const headRoom = { memory: 2, pids: 4, cpus: 2, disks: 2 } as const;

const mebibyte = 1024 ** 2;

/** Less than this saves nothing, and a start may already need it. */
export const least = { memory: 64 * mebibyte, pids: 64, cpus: 0.5, disks: 16 * mebibyte } as const;

/** Rounded up: memory to 16 MiB, CPUs to a quarter, disks to 1 MiB a second. CPUs that the host does not have are no limit. */
export function limitsFrom({ memory, pids, cpus, disks }: Peaks, hostCpus: number | undefined): LearntLimits {
  const step = 16 * mebibyte;
  const cap = cpus === undefined ? undefined : Math.max(least.cpus, Math.ceil(cpus * headRoom.cpus * 4) / 4);
  return {
    memory:
      memory === undefined
        ? undefined
        : Math.max(least.memory, Math.ceil((memory * headRoom.memory) / step) * step),
    pids: pids === undefined ? undefined : Math.max(least.pids, pids * headRoom.pids),
    cpus: cap === undefined || (hostCpus !== undefined && cap >= hostCpus) ? undefined : cap,
    disks: disks.flatMap(({ path, readRate, writeRate }) => [
      ...(readRate > 0 ? [{ kind: "read-bps", path, rate: diskRate(readRate) } as const] : []),
      ...(writeRate > 0 ? [{ kind: "write-bps", path, rate: diskRate(writeRate) } as const] : []),
    ]),
  };
}

/** Bytes a second. */
function diskRate(peak: number): number {
  return Math.max(least.disks, Math.ceil((peak * headRoom.disks) / mebibyte) * mebibyte);
}

/** The size of a tmpfs: four times what was in it, at least 16 MiB, in whole MiB. */
export function tmpfsSize(bytes: number): number {
  return Math.max(16, Math.ceil((bytes * 4) / mebibyte)) * mebibyte;
}
