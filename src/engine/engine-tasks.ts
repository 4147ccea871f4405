import { posix } from "node:path";
import { statFields } from "../base/stat-fields.ts";
import { hostFiles as files } from "./host/files.ts";
import { flagValues, listensOn } from "./host/process.ts";

/** By their files' names. */
const engines = /^(?:dockerd|containerd|containerd-shim.*|runc)$/;

/** Where dockerd looks for a containerd that it does not start itself (moby: cmd/dockerd/daemon.go). */
const usualContainerd = "/run/containerd/containerd.sock";

/**
 * Every thread of the processes of this machine's Engines: each of them may start a container, or a process in one. What runs in
 * a container is none of them.
 */
export function engineTasks(proc = "/proc"): readonly number[] {
  // Not even root may look at a first process that has more capabilities.
  const hosts = files.readLink(`${proc}/1/ns/pid`) ?? files.readLink(`${proc}/self/ns/pid`);
  return pidsIn(proc)
    .filter((pid) => engines.test(programOf(pid, proc)) && files.readLink(`${proc}/${pid}/ns/pid`) === hosts)
    .flatMap((pid) => threadsOf(pid, proc));
}

/**
 * The same for one Engine: its dockerd, the containerd that it started or that it speaks to, and the shims of containers whose first
 * processes these are. Whatever else runs containers on this machine is left out.
 */
export function tasksOfEngine(dockerd: number, firsts: readonly number[], proc = "/proc"): readonly number[] {
  const shims = new Set(firsts.flatMap((pid) => shimOf(pid, proc) ?? []));
  return [dockerd, ...containerdsOf(dockerd, proc), ...shims].flatMap((pid) => threadsOf(pid, proc));
}

function containerdsOf(dockerd: number, proc: string): readonly number[] {
  const command = files.read(`${proc}/${dockerd}/cmdline`);
  const words = command.ok ? command.value.split("\0").slice(0, -1) : [];
  const socket = flagValues(words, ["--containerd"]).at(-1) ?? usualContainerd;
  return pidsIn(proc).filter(
    (pid) =>
      programOf(pid, proc) === "containerd" &&
      (parentOf(pid, proc) === dockerd || listensOn(`${proc}/${pid}`, socket, files)),
  );
}

function pidsIn(proc: string): readonly number[] {
  return files.list(proc).flatMap((name) => (/^\d+$/.test(name) ? Number(name) : []));
}

/** The name of a process's executable, which an update may have replaced; "" where it has ended, or is another user's. */
function programOf(pid: number, proc: string): string {
  const program = files.readLink(`${proc}/${pid}/exe`) ?? "";
  return posix.basename(program.replace(/ \(deleted\)$/, ""));
}

/** The threads of a process, as the kernel numbers its tasks; none where it has ended. */
export function threadsOf(pid: number, proc = "/proc"): readonly number[] {
  return files.list(`${proc}/${pid}/task`).map(Number);
}

/** Each container has a shim, which has started its first process and what docker exec runs in it. */
export function shimOf(pid: number, proc = "/proc"): number | undefined {
  const parent = parentOf(pid, proc);
  return programOf(parent, proc).startsWith("containerd-shim") ? parent : undefined;
}

/** 0 where it has ended. */
function parentOf(pid: number, proc: string): number {
  const stat = files.read(`${proc}/${pid}/stat`);
  return stat.ok ? Number(statFields(stat.value)[4]) : 0;
}
