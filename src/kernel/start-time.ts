import { readText } from "./files.ts";

/** Field 22 of /proc/PID/stat: clock ticks since boot at which a process started; infinity where unknown. */
export function readStartTime(proc: string, pid: number): number {
  const read = readText(`${proc}/${pid}/stat`);
  return read.ok ? parseStartTime(read.value) : Number.POSITIVE_INFINITY;
}

/** The command (field 2) may hold spaces and brackets: fields count from the last one. */
export function parseStartTime(text: string): number {
  const word = text
    .slice(text.lastIndexOf(")") + 1)
    .trim()
    .split(/\s+/)[19];
  return word !== undefined && /^\d{1,20}$/.test(word) ? Number(word) : Number.POSITIVE_INFINITY;
}
