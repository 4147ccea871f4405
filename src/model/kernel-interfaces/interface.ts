import type { Advisory } from "../advisories/advisory.ts";
import type { Capability } from "../container/capability.ts";

/** System calls that a question is asked by. */
export type AskingCall =
  | ("add_key" | "adjtimex" | "bpf" | "clock_settime" | "clone" | "clone3" | "finit_module" | "fsopen")
  | ("getpid" | "init_module" | "io_uring_setup" | "ioctl" | "kexec_file_load" | "kexec_load" | "keyctl")
  | ("open_by_handle_at" | "open_tree" | "openat" | "perf_event_open" | "personality" | "pidfd_getfd")
  | ("pidfd_open" | "process_vm_readv" | "ptrace" | "request_key" | "setsid" | "settimeofday" | "socket")
  | ("socketcall" | "splice" | "unshare" | "userfaultfd" | "vmsplice");

/** A number, a text, 32-bit numbers in memory (its address is what is given), or the result of an earlier call. */
export type AskingArgument =
  | number
  | string
  | { readonly numbers: readonly number[] }
  | { readonly resultOf: number };

/**
 * One way to ask the kernel for an interface, harmless even where it is granted. All its calls must succeed.
 * What a program can do by a native call it may also try by a 32-bit and an x32 call.
 */
export interface Ask {
  /** As a call: `socket(AF_ALG)`. No other ask has the same. */
  readonly what: string;
  readonly calls: readonly (readonly [AskingCall, ...(readonly AskingArgument[])])[];
  /** Errors that come only after the kernel granted it. */
  readonly granted?: readonly string[];
  /** The calls show only that they are let through: the capability tells the rest. */
  readonly byCapability?: true;
  /**
   * What a filter of a profile may miss: the family behind a pointer (socketcall), which no filter sees, or one with an upper bit,
   * which the kernel cuts off and Docker's own filter lets through (`> 40`).
   */
  readonly hidden?: "pointer" | "upper bits";
}

/** A part of the kernel that a container may reach: one row of the table. */
export interface KernelInterface {
  /** Stable, kebab-case. */
  readonly id: string;
  /** What it is, in a few words: `AF_ALG sockets (the kernel's cryptography)`. */
  readonly what: string;
  readonly asks: readonly [Ask, ...(readonly Ask[])];
  /**
   * The capability that the kernel asks for. `own`: in the user namespace of the container, so that a container of a remapped
   * Engine has it, and so has anyone who makes a user namespace. `initial`: in the host's.
   */
  readonly needs?: { readonly capability: Capability; readonly in: "own" | "initial" };
  /** A sysctl of the host that closes it, with the value: `kernel.io_uring_disabled=2`. */
  readonly sysctl?: string;
  /** It is a file: it is closed by how /proc, /sys and /dev are mounted, not by a system call filter. */
  readonly file?: "proc" | "sys" | "dev";
  /** The socket family, or another protocol, as the kernel asks modprobe for it: `net-pf-38`. */
  readonly module?: string;
  /** Its name in /proc/net/protocols, once the kernel has it. */
  readonly protocol?: string;
  /** Those that name it, oldest first. */
  readonly advisories: readonly Advisory[];
  /** Docker's own seccomp profile closes it since this Engine, unless the container has one of the capabilities. */
  readonly dockers?: { readonly since: string; readonly unless?: readonly Capability[] };
  /** The AppArmor profile docker-default denies it since this Engine. */
  readonly apparmorSince?: string;
  /** Docker's own profile leaves it open, and an advisory asks to close it: `bulkhead profile` does. */
  readonly isAsked?: true;
}

/** A row as it is written: its advisories name it. */
export type InterfaceRow = Omit<KernelInterface, "advisories">;
