import { failed, ok, type Result } from "../base/result.ts";
import { readText } from "./files.ts";
import type { KernelContainer, KernelRequest } from "./request.ts";

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
  return isNamedAfter(container, cgroup.value, mountinfo.ok ? mountinfo.value : "")
    ? ok(undefined)
    : failed(strangerReason(container));
}

/** Both texts hold a container's id only if it is that container's process. */
export function isNamedAfter({ id }: KernelContainer, cgroup: string, mountinfo: string): boolean {
  return cgroup.includes(id) || mountinfo.includes(id);
}

export function strangerReason({ name, pid }: KernelContainer): string {
  return `process ${pid} is not the container ${name}: its cgroup is not named after it`;
}
