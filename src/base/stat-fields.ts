/**
 * The fields of a /proc/PID/stat by their numbers in proc_pid_stat(5), from the third on: the second, the command, may hold
 * spaces and brackets. Takes any text.
 */
export function statFields(text: string): readonly (string | undefined)[] {
  const rest = text
    .slice(text.lastIndexOf(")") + 1)
    .trim()
    .split(/\s+/);
  return [undefined, undefined, undefined, ...rest];
}
