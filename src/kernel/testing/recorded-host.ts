import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Namespaces } from "../processes/namespaces.ts";

/** The entries of one process as its /proc/PID shows them. What is not given does not exist. */
export interface RecordedProcess {
  readonly pid: number;
  readonly status: string;
  readonly cgroup: string;
  readonly mountinfo?: string;
  readonly uidMap?: string;
  readonly gidMap?: string;
  /** attr/current; left out where the kernel runs no security module. */
  readonly label?: string;
  /** By kind, the inode number that the link shows; `undefined` for one that may not be read. */
  readonly namespaces: Partial<Record<keyof Namespaces, number>>;
  /** When it started, in clock ticks. */
  readonly started?: number;
  /** `S` sleeping, `Z` zombie. */
  readonly state?: "S" | "Z";
  /** PF_FORKNOEXEC: it was forked, and runs its parent's program still. */
  readonly forkedOnly?: boolean;
}

export interface RecordedHost {
  readonly processes: readonly RecordedProcess[];
  /** Files below /sys/fs/cgroup. */
  readonly cgroup: Readonly<Record<string, string>>;
  /** More files below /proc. */
  readonly proc?: Readonly<Record<string, string>>;
  /** Links below /proc: `self`. */
  readonly links?: Readonly<Record<string, string>>;
}

/** Lays a recorded host in a temporary folder, which goes away with the test. Gives the two mount points. */
export function layHost({ processes, cgroup, proc = {}, links = {} }: RecordedHost): {
  proc: string;
  cgroup: string;
} {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-recorded-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const at = { proc: join(folder, "proc"), cgroup: join(folder, "sys/fs/cgroup") };
  mkdirSync(at.cgroup, { recursive: true });
  for (const [path, text] of Object.entries(cgroup)) write(join(at.cgroup, path), text);
  for (const [path, text] of Object.entries(proc)) write(join(at.proc, path), text);
  for (const process of processes) {
    const own = join(at.proc, String(process.pid));
    write(join(own, "status"), process.status);
    write(join(own, "cgroup"), process.cgroup);
    write(join(own, "mountinfo"), process.mountinfo ?? "");
    write(join(own, "uid_map"), process.uidMap ?? hostMap);
    write(join(own, "gid_map"), process.gidMap ?? process.uidMap ?? hostMap);
    write(join(own, "stat"), stat(process));
    if (process.label !== undefined) write(join(own, "attr/current"), process.label);
    mkdirSync(join(own, "root/dev"), { recursive: true });
    mkdirSync(join(own, "ns"));
    for (const [kind, inode] of Object.entries(process.namespaces)) {
      symlinkSync(`${kind}:[${inode}]`, join(own, "ns", kind));
    }
  }
  for (const [path, target] of Object.entries(links)) {
    mkdirSync(dirname(join(at.proc, path)), { recursive: true });
    symlinkSync(target, join(at.proc, path));
  }
  return at;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The fields of /proc/PID/stat that anybody reads: state (3), flags (9) and start time (22). */
export function stat({
  pid,
  state = "S",
  started = pid,
  forkedOnly = false,
}: Pick<RecordedProcess, "pid" | "state" | "started" | "forkedOnly">) {
  return `${pid} (x) ${state} 1 0 0 0 0 ${forkedOnly ? 64 : 0} ${"0 ".repeat(12)}${started} 0\n`;
}

/** /proc/PID/uid_map of the initial user namespace. */
export const hostMap = "         0          0 4294967295\n";

/** A status as Linux 5.15 to 6.18 print it, without the fields that nobody reads. */
export function status(fields: {
  readonly name: string;
  readonly pid: number;
  readonly ppid: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly cap?: string;
  readonly bounding?: string;
  readonly noNewPrivs?: number;
  readonly seccomp?: number;
}): string {
  const { name, pid, ppid, uid = 0, gid = 0, noNewPrivs = 0, seccomp = 0 } = fields;
  const { cap = everyCapability, bounding = cap } = fields;
  return `Name:	${name}
Umask:	0022
State:	S (sleeping)
Tgid:	${pid}
Ngid:	0
Pid:	${pid}
PPid:	${ppid}
TracerPid:	0
Uid:	${uid}	${uid}	${uid}	${uid}
Gid:	${gid}	${gid}	${gid}	${gid}
FDSize:	64
NSpid:	${pid}	1
VmPeak:	    4456 kB
Threads:	1
CapInh:	0000000000000000
CapPrm:	${cap}
CapEff:	${cap}
CapBnd:	${bounding}
CapAmb:	0000000000000000
NoNewPrivs:	${noNewPrivs}
Seccomp:	${seccomp}
Seccomp_filters:	${seccomp === 0 ? 0 : 1}
Cpus_allowed_list:	0-3
`;
}

/** CapBnd of root on the host from Linux 5.9 on: 41 capabilities. */
export const everyCapability = "000001ffffffffff";
/** Docker's default set (moby: oci/caps/defaults.go). */
export const defaultCapability = "00000000a80425fb";
export const noCapability = "0000000000000000";
