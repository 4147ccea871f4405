/** NO_COLOR (any value but empty) and FORCE_COLOR speak first; else a terminal gets colours. */
export function wantsColour(): boolean {
  if (process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR) return process.env.FORCE_COLOR !== "0";
  return process.stdout.isTTY === true && process.env.TERM !== "dumb";
}
