import { execFileSync } from "node:child_process";

/** Whether the program is here: it runs with these arguments and ends with 0. */
export function hasProgram(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
