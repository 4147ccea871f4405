import { failed, ok, type Result } from "../model/result.ts";
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
export function belongsTo(proc: string, { id, name, pid }: KernelContainer): Result<void> {
  const folder = `${proc}/${pid}`;
  const cgroup = readText(`${folder}/cgroup`);
  if (!cgroup.ok) return failed(cgroup.reason);
  if (cgroup.value.includes(id)) return ok(undefined);
  const mounts = readText(`${folder}/mountinfo`);
  if (mounts.ok && mounts.value.includes(id)) return ok(undefined);
  return failed(`process ${pid} is not the container ${name}: its cgroup is not named after it`);
}
