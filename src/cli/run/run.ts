import { writeSync } from "node:fs";
import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { controls } from "../../controls/registry.ts";
import { needsByBundle, withSeen } from "../../fix/plan/kinds.ts";
import { readRunArguments } from "../../formats/run-command/argv.ts";
import { runDocker } from "../../run/docker.ts";
import { harden } from "../../run/harden.ts";
import { policyOf } from "../../run/policy.ts";
import { shellWords } from "../../run/shell-words.ts";
import { loadConfig } from "../audit/settings.ts";
import { bundlesIn } from "../common/bundles.ts";
import { complain } from "../common/complain.ts";
import { engineTarget } from "../common/engine-target.ts";
import { askLocalEngine } from "../common/local-engine.ts";
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
  const { image } = readRunArguments(words, io);
  const isAsked = image !== undefined && config.run?.harden === undefined;
  const shown = isAsked ? await imageIn(image, options) : undefined;
  const bundles = bundlesIn(settings.value, io);
  if (!bundles.ok) return complain(bundles.reason);
  const hardened = harden({
    arguments: words,
    policy: policyOf(config),
    controls,
    rules: { ignores, today: new Date().toISOString().slice(0, 10) },
    needs: (subject) =>
      withSeen(needsByBundle(subject, bundles.value, shown?.identity), undefined, shown?.programs),
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

/** The image; undefined where it is not on an Engine of this machine. */
async function imageIn(image: string, options: RunOptions) {
  return await askLocalEngine(engineTarget(options), async (reader) => {
    const { imagesOf } = await import("../../fix/live/running.ts");
    return (await imagesOf(reader, [image])).get(image);
  });
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
