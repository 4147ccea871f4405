import { writeSync } from "node:fs";
import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { controls } from "../../controls/registry.ts";
import { needsOf } from "../../fix/plan/kinds.ts";
import { runDocker } from "../../run/docker.ts";
import { harden } from "../../run/harden.ts";
import { policyOf } from "../../run/policy.ts";
import { shellWords } from "../../run/shell-words.ts";
import { loadConfig } from "../audit/settings.ts";
import type { RunOptions } from "./options.ts";

/** `bulkhead run`. Answers docker's exit status. */
export async function runContainer(words: readonly string[], options: RunOptions): Promise<number> {
  const io = diskFiles();
  const settings = await loadConfig(
    { only: [], skip: [], ...(options.config !== undefined && { config: options.config }) },
    io,
  );
  if (!settings.ok) return 2;
  const { config, ignores } = settings.value;
  const hardened = harden({
    arguments: words,
    policy: policyOf(config),
    controls,
    rules: { ignores, today: new Date().toISOString().slice(0, 10) },
    needs: needsOf,
    io,
  });
  const command = [...globalFlags(options), "run", ...hardened.arguments];
  if (options.dryRun) {
    process.stdout.write(`docker ${shellWords(command)}\n`);
    return 0;
  }
  if (!hardened.quiet) {
    if (hardened.flags.length > 0) tell(`added ${hardened.flags.map(shellWords).join(" ")}`);
    if (hardened.note !== undefined) tell(hardened.note);
  }
  return await runDocker(command);
}

function globalFlags({ host, context }: RunOptions): readonly string[] {
  return [
    ...(host === undefined ? [] : ["--host", host]),
    ...(context === undefined ? [] : ["--context", context]),
  ];
}

/** At once, and before docker says anything. */
function tell(sentence: string): void {
  try {
    writeSync(2, `bulkhead: ${sentence}\n`);
  } catch {
    // A standard error that nobody reads does not keep a container from running.
  }
}
