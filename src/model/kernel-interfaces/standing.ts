import type { KernelInterface } from "./interface.ts";

/** The questions that a seccomp profile lets through, each with the capabilities of which one is needed; none: always. */
export type Opens = Readonly<Record<string, readonly string[]>>;

/** How a container stands to an interface of the kernel. */
export interface Standing {
  readonly row: KernelInterface;
  readonly state: "reached" | "stopped" | "unknown";
  /** The layers that stop it; why, where it is not known. */
  readonly by: readonly string[];
  /** The calls that reach it, or what each met. */
  readonly through: readonly string[];
}

/** Which of the kernel's interfaces a container reaches. */
export interface Reached {
  readonly subject: string;
  /** Whether the kernel was asked, or what is written was read. */
  readonly asked: "kernel" | "profile";
  readonly interfaces: readonly Standing[];
  /** What of the subject could not be brought into its twin. */
  readonly missing: readonly string[];
  /** Sysctls of the table that the kernel is seen not to have. */
  readonly lacking: readonly string[];
}

/** Whether an advisory used it, and a profile closes it that breaks nothing usual: Docker's own of today, or bulkhead's over it. */
export function shouldBeClosed({ advisories, dockers, isAsked }: KernelInterface): boolean {
  return advisories.length > 0 && (dockers !== undefined || isAsked === true);
}

/**
 * Whether it reaches a door of an advisory that a profile would close. No profile sees the family behind socketcall(2), which
 * 32-bit programs need: an LSM alone can.
 */
export function isOpenDoor({ row, state, through }: Standing): boolean {
  return state === "reached" && shouldBeClosed(row) && !isOnlySocketcall(through);
}

export function isOnlySocketcall(through: readonly string[]): boolean {
  return through.every((call) => call.startsWith("socketcall("));
}
