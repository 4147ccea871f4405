import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { shellWords } from "../../base/shell-words.ts";
import { controls } from "../../controls/registry.ts";
import { needsByBundle, withSeen } from "../../fix/plan/kinds.ts";
import { limitOf } from "../../fix/plan/limits.ts";
import { readRunArguments, withLastFlag } from "../../formats/run-command/argv.ts";
import { runDocker } from "../../run/docker.ts";
import { type Hardened, harden, imageToHarden } from "../../run/harden.ts";
import { policyOf } from "../../run/policy.ts";
import { loadConfig } from "../audit/settings.ts";
import { bundlesIn } from "../common/bundles.ts";
import { complain } from "../common/complain.ts";
import { engineArgs, engineTarget } from "../common/engine-target.ts";
import { limitsInVain, nounsOf } from "../common/limits-in-vain.ts";
import { askLocalEngine } from "../common/local-engine.ts";
import { seeImage } from "./image.ts";
import type { RunOptions } from "./options.ts";
import { tell } from "./tell.ts";

/** `bulkhead run`. Answers docker's exit status. */
export async function runContainer(words: readonly string[], options: RunOptions): Promise<number> {
  const io = diskFiles();
  const settings = await loadConfig(
    { only: [], skip: [], ...(options.config !== undefined && { config: options.config }) },
    io,
  );
  if (!settings.ok) return 2;
  const { config, ignores } = settings.value;
  const policy = policyOf(config);
  const read = readRunArguments(words, io);
  const image = policy.harden === undefined ? imageToHarden(read, policy) : undefined;
  const seen = image === undefined ? undefined : await seeImage(image, read, options);
  if (typeof seen === "number") return seen;
  const { shown, isPulled, unseen } = seen ?? {};
  const bundles = bundlesIn(settings.value, io);
  if (!bundles.ok) return complain(bundles.reason);
  const hardened = harden({
    arguments: isPulled && read.lastOf("pull") ? withLastFlag(words, "--pull", "never") : words,
    policy,
    controls,
    rules: { ignores, today: new Date().toISOString().slice(0, 10) },
    needs: (subject) =>
      withSeen(needsByBundle(subject, bundles.value, shown?.identity), undefined, shown?.programs),
    unseen,
    io,
  });
  const command = [...engineArgs(options), "run", ...hardened.arguments];
  if (options.dryRun) process.stdout.write(`docker ${shellWords(command)}\n`);
  else if (!hardened.quiet && hardened.flags.length > 0)
    tell(`added ${hardened.flags.map(shellWords).join(" ")}`);
  if (!hardened.quiet && hardened.note !== undefined) tell(hardened.note);
  if (!hardened.quiet) await sayLimitsInVain(hardened, options);
  return options.dryRun ? 0 : await runDocker(command);
}

/** The Engine is asked only where a limit was added: that costs some milliseconds. */
async function sayLimitsInVain({ patches }: Hardened, options: RunOptions): Promise<void> {
  if (!patches.some(limitOf)) return;
  const vain = await askLocalEngine(engineTarget(options), limitsInVain);
  const nouns = vain && nounsOf(vain, patches);
  if (nouns !== undefined)
    tell(`added limits (${nouns}) have no effect: this Engine sets none, since ${vain?.why} (engine-limits)`);
}
