import type { BenchmarkResult, RecommendationResult } from "../../../audit/benchmark/benchmark.ts";
import { cis } from "../../../audit/benchmark/cis/cis.ts";
import { judgeBenchmark } from "../../../audit/benchmark/judge.ts";
import type { Rules } from "../../../audit/evaluate.ts";
import { diskFiles } from "../../../audit/inputs/disk-files.ts";
import { readLiveEngine } from "../../../audit/live/read-live.ts";
import { survey } from "../../../audit/survey.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { ConnectOptions } from "../../../engine/connect/endpoint.ts";
import { redactSentence, remembered } from "../../../report/secrets/redact.ts";
import type { KernelPlaces } from "../../../watch/inventory/inventory.ts";
import { type Portrait, type PortraitResult, portraitLimits, shortened } from "../../protocol/portrait.ts";
import { settingsOf } from "./settings.ts";

export interface PortraitRequest {
  readonly connect: ConnectOptions;
  readonly places: KernelPlaces;
  readonly rules: Rules;
}

/** Reads an Engine and its host as `bulkhead audit engine --benchmark cis-1.6` does. A reason says why there is no portrait. */
export async function takePortrait(request: PortraitRequest): Promise<Result<Portrait>> {
  const { connect, places, rules } = request;
  const { ignores, severities, today, controls, spell } = rules;
  const taken = Date.now();
  const io = diskFiles();
  const nothing = { paths: [], texts: [], composeFiles: [], exclude: [] };
  const live = async (mentioned: readonly string[]) =>
    await readLiveEngine(
      {
        ...{ required: true, whole: true, containers: [], images: [], benchmark: true },
        ...{ host: connect.host, context: connect.context, environment: connect.environment },
        ...{ home: connect.home, proc: places.proc, cgroup: places.cgroup },
      },
      mentioned,
    );
  const seen = await survey(
    { ...nothing, compose: { profiles: [], envFiles: [] }, live, controls, ignores, severities, today },
    spell,
    io,
    breathe,
  );
  const engine = seen.live?.engine?.views.at(-1);
  if (!engine) return failed(seen.gaps[0]?.reason ?? "the Engine did not describe itself");
  const results: PortraitResult[] = [];
  const redact = remembered(redactSentence);
  // A watch must stay quick to hear the kernel: one section at a time.
  for (const section of cis.sections) {
    const part = judgeBenchmark({ ...cis, sections: [section] }, seen.subjects, rules);
    results.push(...resultsOf(part).map((each) => resultNow(each, redact)));
    await breathe();
  }
  return ok({ taken, settings: settingsOf(engine), benchmark: { id: cis.id, results } });
}

function resultsOf({ sections }: BenchmarkResult): readonly RecommendationResult[] {
  return sections.flatMap((section) => section.results);
}

function resultNow(result: RecommendationResult, redact: (text: string) => string): PortraitResult {
  const { number, outcome, evidence, more, remedy } = result;
  const shown = evidence.slice(0, portraitLimits.evidence);
  return {
    number,
    outcome,
    evidence: shown.map(({ subject, message }) => ({
      subject: shortened(subject),
      message: shortened(redact(message)),
    })),
    more: more + evidence.length - shown.length,
    remedy: remedy === null ? null : shortened(redact(remedy)),
  };
}

async function breathe(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
