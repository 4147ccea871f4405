import { recordAt } from "../../base/json.ts";
import { connectEngine } from "../../engine/connect.ts";
import { watchContainer } from "../../learn/in-place.ts";
import { mergeRemembered } from "../../learn/remembered.ts";
import { describeWatched, type WatchedReport, watchedDocument } from "../../learn/report/watched.ts";
import { complain } from "../common/complain.ts";
import { engineTarget } from "../common/engine-target.ts";
import { wantsColour } from "../common/progress.ts";
import type { LearnOptions } from "./options.ts";

/** Milliseconds, where --for says nothing. */
const usual = 30_000;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** `bulkhead learn container:NAME --in-place`. Ctrl-C ends the watching early, and what was seen is told. */
export async function watchInPlace(name: string, options: LearnOptions): Promise<number> {
  const wrong = [
    options.apply && "--apply",
    options.output !== undefined && "--output",
    options.while && "--while",
    options.diskLimits && "--disk-limits",
  ];
  const given = wrong.find(Boolean);
  if (given) return complain(`${given} does not go with --in-place, which only watches`);
  const target = engineTarget(options);
  const reader = await connectEngine(target);
  if (!reader.ok) return complain(reader.reason);
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  for (const signal of signals) process.on(signal, interrupt);
  try {
    const watched = await watchContainer(reader.value, name, options.for ?? usual, abort.signal);
    if (!watched.ok) return complain(watched.reason);
    const kept = options.merge ? mergeRemembered(`container:${name}`, watched.value.seen) : undefined;
    if (kept && !kept.ok) return complain(kept.reason);
    const report: WatchedReport = { ...watched.value, subject: `container:${name}`, runs: 1, ...kept?.value };
    const info = await reader.value.get("/info");
    const cpus = info.ok ? recordAt({ info: info.value }, "info").NCPU : undefined;
    const hostCpus = typeof cpus === "number" ? cpus : undefined;
    const look = { colour: options.color !== false && wantsColour(), width: process.stdout.columns ?? 100 };
    process.stdout.write(
      options.format === "json"
        ? `${JSON.stringify(watchedDocument(report, hostCpus), null, 2)}\n`
        : describeWatched(report, look),
    );
    return 0;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    await reader.value.close();
  }
}
