import { statFields } from "../../base/stat-fields.ts";
import { type Capability, capabilitiesFromMask } from "../../model/container/capability.ts";
import { remembered } from "../files.ts";

/**
 * The fields of /proc/PID/status that say what a process may do (proc_pid_status(5)). A field that the
 * kernel does not print, or that does not parse, is undefined.
 */
export interface Status {
  readonly name: string | undefined;
  readonly ppid: number | undefined;
  /** The effective ids, as the reader's user namespace numbers them. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** The process's id in each pid namespace, outermost (the reader's) first. */
  readonly nspid: readonly number[];
  readonly capPermitted: ReadonlySet<Capability> | undefined;
  readonly capEffective: ReadonlySet<Capability> | undefined;
  readonly capBounding: ReadonlySet<Capability> | undefined;
  readonly capAmbient: ReadonlySet<Capability> | undefined;
  /** 0 off, 1 strict, 2 filter. */
  readonly seccomp: number | undefined;
  readonly noNewPrivs: boolean | undefined;
}

/** Parses /proc/PID/status. Takes any text; what is not there is undefined. */
export const parseStatus = remembered((text): Status => {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    // The first of a name wins. The kernel escapes a newline in Name, so no command can forge a field.
    if (colon > 0 && !fields.has(line.slice(0, colon))) {
      fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
    }
  }
  const flag = decimal(fields.get("NoNewPrivs"));
  return {
    name: fields.get("Name"),
    ppid: decimal(fields.get("PPid")),
    uid: decimal(fields.get("Uid")?.split(/\s+/)[1]),
    gid: decimal(fields.get("Gid")?.split(/\s+/)[1]),
    nspid: (fields.get("NSpid") ?? "").split(/\s+/).flatMap((word) => decimal(word) ?? []),
    capPermitted: capabilities(fields.get("CapPrm")),
    capEffective: capabilities(fields.get("CapEff")),
    capBounding: capabilities(fields.get("CapBnd")),
    capAmbient: capabilities(fields.get("CapAmb")),
    seccomp: decimal(fields.get("Seccomp")),
    noNewPrivs: flag === undefined ? undefined : flag !== 0,
  };
});

function decimal(word: string | undefined): number | undefined {
  return word !== undefined && /^\d{1,10}$/.test(word) ? Number(word) : undefined;
}

/** Masks repeat from process to process: a host has a handful. */
const known = new Map<string, ReadonlySet<Capability>>();

function capabilities(mask: string | undefined): ReadonlySet<Capability> | undefined {
  if (mask === undefined || !/^[0-9a-f]{1,16}$/i.test(mask)) return undefined;
  const before = known.get(mask);
  if (before) return before;
  const parsed = capabilitiesFromMask(mask);
  if (known.size < 256) known.set(mask, parsed);
  return parsed;
}

/** What /proc/PID/stat says of a process or a thread (proc_pid_stat(5)). */
interface Stat {
  /**
   * Whether it is a zombie or dead (field 3), or on the way there (PF_EXITING of field 9): then it has left its cgroups
   * on cgroup v1, and shows "/".
   */
  readonly ended: boolean;
  /** Its start in clock ticks since boot (field 22); infinity for another text. */
  readonly started: number;
  /** A thread of the kernel (PF_KTHREAD), which no program runs in. */
  readonly isKernels: boolean;
  /** It was forked and has executed no program since (PF_FORKNOEXEC): it runs its parent's. Only a fork sets that. */
  readonly forkedOnly: boolean;
}

/** PF_EXITING, PF_FORKNOEXEC and PF_KTHREAD (include/linux/sched.h). */
const exiting = 0x4;
const neverExecuted = 0x40;
const kernelThread = 0x20_0000;

/** Parses /proc/PID/stat. Takes any text. */
export const parseStat = remembered((text): Stat => {
  const fields = statFields(text);
  const flags = Number(fields[9] ?? 0);
  const start = fields[22];
  return {
    ended: /^[ZXx]$/.test(fields[3] ?? "") || (flags & exiting) !== 0,
    isKernels: (flags & kernelThread) !== 0,
    forkedOnly: (flags & neverExecuted) !== 0,
    started: start !== undefined && /^\d{1,20}$/.test(start) ? Number(start) : Number.POSITIVE_INFINITY,
  };
});
