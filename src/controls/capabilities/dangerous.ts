import type { Severity } from "../../model/severity.ts";

export interface Danger {
  readonly severity: Severity;
  /** What a process does with it, after “with it a process can”. */
  readonly allows: string;
}

/**
 * Capabilities that undo the container's isolation, with what they allow (capabilities(7)). None of them is in Docker's
 * default set. Left out is what harms little beyond the container itself: WAKE_ALARM, BLOCK_SUSPEND, SYS_TTY_CONFIG, …
 */
export const dangerousCapabilities: ReadonlyMap<string, Danger> = new Map<string, Danger>([
  ["ALL", { severity: "critical", allows: "do nearly all that root on the host can" }],
  [
    "SYS_ADMIN",
    { severity: "critical", allows: "mount file systems, enter namespaces and so leave the container" },
  ],
  ["SYS_MODULE", { severity: "critical", allows: "load a module into the host's kernel" }],
  ["SYS_RAWIO", { severity: "critical", allows: "reach I/O ports, physical memory and raw disks" }],
  ["BPF", { severity: "critical", allows: "load programs into the host's kernel" }],
  ["SYS_PTRACE", { severity: "high", allows: "read and change the memory of every process it can see" }],
  ["SYS_BOOT", { severity: "high", allows: "reboot the host or load another kernel" }],
  ["DAC_READ_SEARCH", { severity: "high", allows: "open any file of the host's file systems by its handle" }],
  ["NET_ADMIN", { severity: "high", allows: "rewrite routes, firewall rules and addresses of its network" }],
  ["PERFMON", { severity: "high", allows: "observe the host's kernel and every process" }],
  ["SYSLOG", { severity: "high", allows: "read the kernel's log and its addresses" }],
  ["MAC_ADMIN", { severity: "high", allows: "change the policy of the security module" }],
  ["MAC_OVERRIDE", { severity: "high", allows: "override the policy of the security module" }],
  ["AUDIT_CONTROL", { severity: "high", allows: "switch the host's audit log off" }],
  // Tried on Linux 6.18: `nice -n -20` and `chrt -f 99` succeed with it and fail without (EACCES, EPERM).
  [
    "SYS_NICE",
    { severity: "medium", allows: "run before every other process, and take a CPU from the host" },
  ],
  // mlock of 4 MiB past a RLIMIT_MEMLOCK of 64 KiB succeeds with it and fails without (ENOMEM).
  ["IPC_LOCK", { severity: "low", allows: "lock memory that the host can then not swap out" }],
  // F_SETLEASE on another user's file succeeds with it and fails without (EACCES); its writers wait up to 45 s.
  ["LEASE", { severity: "low", allows: "delay others that open the same files (fcntl F_SETLEASE)" }],
  ["SYS_TIME", { severity: "high", allows: "set the host's clock, which certificates and logs rely on" }],
]);
