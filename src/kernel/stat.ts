/** Field 22 of /proc/PID/stat (proc_pid_stat(5)); infinity for another text. */
export function parseStartTime(text: string): number {
  const word = fieldsOf(text)[19];
  return word !== undefined && /^\d{1,20}$/.test(word) ? Number(word) : Number.POSITIVE_INFINITY;
}

/** Whether the process or thread is a zombie or dead (field 3). */
export function hasEnded(text: string): boolean {
  return /^[ZXx]$/.test(fieldsOf(text)[0] ?? "");
}

/** The fields from the third on: the command before them may hold spaces and brackets. */
function fieldsOf(text: string): readonly string[] {
  return text
    .slice(text.lastIndexOf(")") + 1)
    .trim()
    .split(/\s+/);
}
