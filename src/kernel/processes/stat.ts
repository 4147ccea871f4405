import { statFields } from "../../base/stat-fields.ts";
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
  const fields = statFields(text);
  const flags = Number(fields[9] ?? 0);
  const start = fields[22];
  return {
    ended: /^[ZXx]$/.test(fields[3] ?? "") || (flags & exiting) !== 0,
    isKernels: (flags & kernelThread) !== 0,
    started: start !== undefined && /^\d{1,20}$/.test(start) ? Number(start) : Number.POSITIVE_INFINITY,
  };
});
