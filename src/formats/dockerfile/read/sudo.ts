import type { Command } from "./commands.ts";
import { programOf, wrapped } from "./wrappers.ts";

/** A cheap first look, so that shell is parsed only where it may matter. */
export function mayBeSudo(text: string): boolean {
  return text.includes("sudo");
}

/**
 * `sudo apt-get`: the word and the program that it runs, for its arguments may be secrets. Undefined for any other
 * command, also for one that only names sudo (`apt-get install sudo`, `command -v sudo`).
 */
export function sudoOf(words: Command): string | undefined {
  if (programOf(words) !== "sudo") return undefined;
  const program = wrapped(words)[0]?.[0];
  return program?.literal && /^[\w./+-]{1,40}$/.test(program.text) ? `sudo ${program.text}` : "sudo";
}
