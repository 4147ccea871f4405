import { remembered } from "../remembered.ts";

/** What /proc/PID/stat says of a process or a thread (proc_pid_stat(5)). */
export interface Stat {
  /**
   * Whether it is a zombie or dead (field 3), or on the way there (PF_EXITING of field 9): then it has left its cgroups
   * on cgroup v1, and shows "/".
   */
  readonly ended: boolean;
  /** Its start in clock ticks since boot (field 22); infinity for another text. */
  readonly started: number;
  /** A thread of the kernel (PF_KTHREAD), which no program runs in. */
  readonly isKernels: boolean;
}

/** PF_EXITING and PF_KTHREAD (include/linux/sched.h). */
const exiting = 0x4;
const kernelThread = 0x20_0000;

/** Parses /proc/PID/stat. Takes any text. */
export const parseStat = remembered((text): Stat => {
  // The fields from the third on: the command before them may hold spaces and brackets.
  const fields = text
    .slice(text.lastIndexOf(")") + 1)
    .trim()
    .split(/\s+/);
  const start = fields[19];
  return {
    ended: /^[ZXx]$/.test(fields[0] ?? "") || (Number(fields[6] ?? 0) & exiting) !== 0,
    isKernels: (Number(fields[6] ?? 0) & kernelThread) !== 0,
    started: start !== undefined && /^\d{1,20}$/.test(start) ? Number(start) : Number.POSITIVE_INFINITY,
  };
});
