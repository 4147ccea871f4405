import { failed, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import { connectEngine } from "../../engine/connect.ts";
import { ownLabel } from "../../engine/owner.ts";
import { openWriter } from "../../engine/write-client.ts";
import { dockerAt, requireCompose } from "../../trial/docker.ts";
import type { TrialEngine } from "../../trial/run.ts";
import { openScratch, type Scratch, sweepTrials } from "../../trial/scratch.ts";
import type { SessionOptions } from "../../trial/session.ts";
import { watchRefusals } from "../../why/in-trials.ts";
import { complain } from "./complain.ts";
import { engineTarget } from "./engine-target.ts";
import { limitsInVain, nounsOf } from "./limits-in-vain.ts";
import { progressLine } from "./progress.ts";
import { dataLimitOf, type TrialOptions } from "./trial-options.ts";

export interface TrialTools {
  readonly engine: TrialEngine;
  readonly scratch: Scratch;
  readonly options: SessionOptions;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Opens what trials need, sweeps what killed ones left, and takes everything away at the end. The first signal ends the
 * trial at hand and cleans up. A second one ends bulkhead at once; the next start sweeps then.
 */
export async function withTrials<T>(
  options: TrialOptions & { readonly host?: string; readonly context?: string },
  use: (tools: TrialTools) => Promise<Result<T>>,
): Promise<Result<T>> {
  const target = engineTarget(options);
  const { host, context } = target;
  const reader = await connectEngine(target);
  if (!reader.ok) return reader;
  const writer = openWriter(target, reader.value.apiVersion);
  const progress = progressLine(process.stderr, true);
  const abort = new AbortController();
  const interrupt = () => {
    if (abort.signal.aborted) process.exit(2);
    progress.clear();
    process.stderr.write("bulkhead: stopping the trial and removing it\n");
    abort.abort();
  };
  for (const signal of signals) process.on(signal, interrupt);
  let scratch: Scratch | undefined;
  let refusals: ReturnType<typeof watchRefusals>;
  try {
    if (!writer.ok) return writer;
    const docker = dockerAt({ host, context });
    const able = await requireCompose(docker, abort.signal);
    if (!able.ok) return able;
    const engine = { reader: reader.value, writer: writer.value, docker };
    await sweepTrials(engine);
    scratch = openScratch();
    await sayLimitsInVain(reader.value);
    refusals = watchRefusals(reader.value);
    const used = await use({
      engine,
      scratch,
      options: {
        ...sessionOptions(options, abort.signal, progress.show),
        refusals,
      },
    });
    return abort.signal.aborted ? failed("it was interrupted: nothing was changed") : used;
  } catch (error) {
    const full = error instanceof Error && "code" in error && error.code === "ENOSPC";
    if (!full) throw error;
    return failed("the disk is full: nothing was changed");
  } finally {
    progress.clear();
    scratch?.remove();
    refusals?.close();
    for (const signal of signals) process.off(signal, interrupt);
    await reader.value.close();
    if (writer.ok) await writer.value.close();
  }
}

/** A trial under a limit that nothing enforces shows nothing of it. */
async function sayLimitsInVain(reader: EngineClient): Promise<void> {
  const vain = await limitsInVain(reader);
  if (vain)
    complain(
      `limits (${nounsOf(vain)}) were not tried: this Engine sets none, since ${vain.why}. What is written holds on an Engine that sets them (engine-limits)`,
    );
}

function sessionOptions(
  options: TrialOptions,
  signal: AbortSignal,
  progress: SessionOptions["progress"],
): SessionOptions {
  const { checkCmd, checkExec, checkHttp, checkService, checkTimeout, settle, startTimeout, allow } = options;
  return {
    checks: {
      ...{ commands: checkCmd, exec: checkExec, http: checkHttp, services: checkService },
      limit: checkTimeout * 1000,
    },
    settle: settle * 1000,
    patience: startTimeout * 1000,
    allow,
    withData: dataLimitOf(options),
    signal,
    owner: ownLabel(),
    progress,
  };
}
