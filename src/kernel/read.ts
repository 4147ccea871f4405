import type { Container } from "../model/container.ts";
import { type Gap, gap } from "../model/gap.ts";
import type { Process } from "../model/process.ts";
import { openCgroupTree } from "./cgroup-tree.ts";
import { readText } from "./files.ts";
import { hostPaths } from "./host-paths.ts";
import { parseMountinfo } from "./mountinfo.ts";
import { readReference } from "./namespaces.ts";
import { readProcess } from "./processes.ts";
import type { KernelContainer, KernelReading, KernelRequest } from "./request.ts";
import { assignRoles } from "./roles.ts";
import { readMembership, scanProcesses } from "./scan.ts";
import { findSockets, usualSockets } from "./sockets.ts";
import { readStartTime } from "./start-time.ts";
import { parseStatus } from "./status.ts";
import { type Host, type Member, viewOf } from "./view.ts";
import { belongsTo } from "./visible.ts";

/**
 * Reads what the kernel enforces for running containers: the `effective` level. Only reads entries of /proc,
 * /sys and cgroupfs, starts no process, and never throws. What may not be read is an unresolved fact; a
 * process that ends meanwhile drops out; a container that ends is a gap.
 */
export function readKernel(request: KernelRequest): KernelReading {
  const proc = request.proc ?? "/proc";
  const host = readHost(request, proc);
  const gaps: Gap[] = [];
  const members: Member[] = [];
  for (const given of request.containers) {
    const member = readMember(proc, given, host);
    if (typeof member !== "string") members.push(member);
    else gaps.push(gap(member, { subject: `container:${given.name}` }));
  }
  const pids = scanProcesses(proc, host.tree, members);
  const views = new Map<string, Container>();
  const execs = new Map<string, readonly Process[]>();
  for (const member of members) {
    const read = (pids.get(member.id) ?? []).flatMap((pid) => {
      const process = pid === member.pid ? member.init : readProcess(proc, pid, host.reference);
      return process ? [process] : [];
    });
    const roles = assignRoles(member.given, read, member.sharesHostPid);
    views.set(member.id, viewOf(member, members, roles.processes, host));
    for (const [execId, processes] of roles.execs) execs.set(execId, processes);
  }
  return { views, execs, gaps };
}

/** What is read once for all containers. Without the engine's process, PID 1 tells the host's mounts. */
function readHost(request: KernelRequest, proc: string): Host {
  const { enginePid, cgroup = "/sys/fs/cgroup", dataRoot, sockets = usualSockets } = request;
  const anchor = `${proc}/${enginePid ?? 1}`;
  const mountinfo = readText(`${anchor}/mountinfo`);
  const paths = mountinfo.ok ? hostPaths(parseMountinfo(mountinfo.value)) : undefined;
  const status = enginePid === undefined ? undefined : readText(`${anchor}/status`);
  return {
    proc,
    sysDev: cgroup.replace(/\/fs\/cgroup\/?$/, "/dev"),
    tree: openCgroupTree(cgroup),
    reference: readReference(proc, enginePid),
    engineBounding: status?.ok ? parseStatus(status.value).capBounding : undefined,
    paths,
    sockets: paths ? findSockets(`${anchor}/root`, sockets, paths) : [],
    dataRoot,
  };
}

/** Reads a container's first process, or says why that is not possible. */
function readMember(proc: string, given: KernelContainer, host: Host): Member | string {
  const belongs = belongsTo(proc, given);
  const init = belongs.ok ? readProcess(proc, given.pid, host.reference) : undefined;
  if (!belongs.ok) return belongs.reason;
  if (!init) return "the container stopped while it was read";
  const { pid } = init.process.sharesHost;
  return {
    id: given.id,
    name: given.name,
    pid: given.pid,
    given,
    init,
    namespaces: init.namespaces,
    started: readStartTime(proc, given.pid),
    sharesHostPid: pid.state !== "set" || pid.value,
    membership: readMembership(proc, given.pid),
    mountinfo: readText(`${proc}/${given.pid}/mountinfo`),
  };
}
