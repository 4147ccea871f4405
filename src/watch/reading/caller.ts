import { join } from "node:path";
import { hostFiles } from "../../engine/host/files.ts";
import { passwdLine } from "../../engine/host/root.ts";
import { parseStatus, type Status } from "../../kernel/processes/status.ts";
import type { KernelCause } from "../change.ts";
import type { KernelCall } from "./kernel-events.ts";

/** Ancestors that are named; the topmost is the machine's first process, which says nothing. */
const mostParents = 4;

/** What the kernel gives for who never logged in (loginuid, as an unsigned 32-bit number). */
const nobodyLoggedIn = 4_294_967_295;

/** The call as a cause, with where its caller comes from, while that still runs. */
export function causeOfCall({ call, process, caller }: KernelCall, proc: string): KernelCause {
  const cause = { kind: "kernel", call, process, pid: caller } as const;
  const own = statusOf(caller, proc);
  if (own === undefined) return { ...cause, ended: true };
  const user = userOf(caller, own, proc);
  return { ...cause, parents: parentsOf(own, proc), ...(user !== undefined && { user }) };
}

/** Undefined where it has ended. */
function statusOf(pid: number, proc: string): Status | undefined {
  const read = hostFiles.read(join(proc, String(pid), "status"));
  return read.ok ? parseStatus(read.value) : undefined;
}

function parentsOf({ ppid }: Status, proc: string): readonly string[] {
  const names: string[] = [];
  for (let pid = ppid ?? 0; pid > 1 && names.length < mostParents; ) {
    const status = statusOf(pid, proc);
    if (status === undefined) break;
    names.push(status.name ?? "");
    pid = status.ppid ?? 0;
  }
  return names;
}

/** Who logged in, also after `sudo`; else whom it runs as. By the host's accounts, or as a number. */
function userOf(pid: number, { uid }: Status, proc: string): string | undefined {
  const login = hostFiles.read(join(proc, String(pid), "loginuid"));
  const logged = login.ok && login.value.trim() !== "" ? Number(login.value) : nobodyLoggedIn;
  const id = logged === nobodyLoggedIn ? uid : logged;
  if (id === undefined) return undefined;
  const [name = `uid ${id}`] = passwdLine(id, join(proc, "1/root"), hostFiles);
  return name;
}
