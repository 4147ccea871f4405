/** Of a terminal that does not say how many it has. */
const usualRows = 24;

/**
 * Shows a long text in the pager of the terminal ($PAGER, else less), as git does. False where there is no terminal, the text
 * fits on the screen, PAGER is empty or `cat`, or the pager cannot be started: print it yourself then.
 */
export function page(text: string, environment: NodeJS.ProcessEnv): boolean {
  const { stdout } = process;
  const lines = text.split("\n").length;
  if (!stdout.isTTY || lines <= (stdout.rows || usualRows)) return false;
  const pager = environment.PAGER ?? "less";
  if (pager === "" || pager === "cat" || environment.TERM === "dumb") return false;
  // F: do not wait where it fits; R: show colours; X: leave the text on the screen.
  const env = { ...environment, LESS: environment.LESS ?? "FRX" };
  // Loaded only here, for it costs two milliseconds.
  const { spawnSync } = process.getBuiltinModule("node:child_process");
  const ran = spawnSync("/bin/sh", ["-c", pager], {
    input: text,
    stdio: ["pipe", "inherit", "inherit"],
    env,
  });
  const isMissing = ran.status === 127 || ran.status === 126;
  // Whoever ends the pager early has read enough: EPIPE.
  const isBroken = ran.error !== undefined && (ran.error as NodeJS.ErrnoException).code !== "EPIPE";
  return !isMissing && !isBroken;
}
