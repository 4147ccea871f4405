import { failed, ok, type Result } from "../base/result.ts";
import { isNamedAfter } from "../model/container/named-after.ts";
import type { Process } from "../model/container/process.ts";
import type { Container } from "../model/container.ts";
import type { Gap } from "../model/gap.ts";
import { readText } from "./files.ts";
import type { KernelMemory } from "./memory.ts";
import type { NamespaceMember } from "./processes/namespaces.ts";

/** A running container, as the Engine's inspect document names it. */
export interface KernelContainer {
  readonly id: string;
  readonly name: string;
  /** State.Pid: the container's first process, as the engine's pid namespace numbers it. */
  readonly pid: number;
  /** The processes of its execs, from /exec/ID/json. */
  readonly execPids: readonly { readonly execId: string; readonly pid: number }[];
  /** The Engine does not know it: nothing is named as it would name it, and nobody lists what is run in it. */
  readonly foreign?: boolean;
  /** A program made it for itself (unshare, a browser's sandbox), no container runtime. */
  readonly byProgram?: boolean;
}

export interface KernelRequest {
  readonly containers: readonly KernelContainer[];
  /** dockerd's own process: the reference for "the host's". Undefined where it is not known. */
  readonly enginePid: number | undefined;
  /** Where procfs is: `/host/proc` in a container that mounts the host's there. `/proc` by default. */
  readonly proc?: string;
  /** Where cgroupfs is. `/sys/fs/cgroup` by default. */
  readonly cgroup?: string;
  /** The engine's data root, as the engine says it. Without it Docker's own paths are told by their shape. */
  readonly dataRoot?: string | undefined;
  /** Paths of engine and containerd sockets on the host. The usual ones by default. */
  readonly sockets?: readonly string[];
  /** Containers of an earlier reading that are not read again, for who shares a namespace with whom. */
  readonly others?: readonly NamespaceMember[];
  /** What earlier readings left, by container id; filled in. */
  readonly memory?: KernelMemory;
}

export interface KernelReading {
  /** By container id. A container that ended while it was read has none, and a gap. */
  readonly views: ReadonlyMap<string, Container>;
  /** By exec id: the exec's process and what descends from it. */
  readonly execs: ReadonlyMap<string, readonly Process[]>;
  /** By container id: for `others` of a later reading. */
  readonly members: ReadonlyMap<string, NamespaceMember>;
  readonly gaps: readonly Gap[];
}

/**
 * Whether the kernel that runs these containers is the one seen here: each first process exists and stands in
 * a cgroup (or, for an engine that makes none, has a mount) that is named after its container. Another
 * machine's pid may well exist here, too.
 */
export function kernelVisible(request: KernelRequest): Result<void> {
  const proc = request.proc ?? "/proc";
  for (const container of request.containers) {
    const belongs = belongsTo(proc, container);
    if (!belongs.ok) return belongs;
  }
  if (request.containers.length > 0 || request.enginePid === undefined) return ok(undefined);
  const engine = readText(`${proc}/${request.enginePid}/status`);
  return engine.ok ? ok(undefined) : failed(engine.reason);
}

/** Whether the container's first process is what the Engine says. */
function belongsTo(proc: string, container: KernelContainer): Result<void> {
  const cgroup = readText(`${proc}/${container.pid}/cgroup`);
  if (!cgroup.ok) return failed(cgroup.reason);
  const mountinfo = readText(`${proc}/${container.pid}/mountinfo`);
  return isNamedAfter(container.id, cgroup.value, mountinfo.ok ? mountinfo.value : "")
    ? ok(undefined)
    : failed(strangerReason(container));
}

export function strangerReason({ name, pid }: KernelContainer): string {
  return `process ${pid} is not the container ${name}: its cgroup is not named after it`;
}
