import type { Report } from "../../audit/finding.ts";
import { type Gap, gap } from "../../model/gap.ts";
import type { Proof } from "../../model/proof.ts";
import { sweep } from "../../prove/containers/proof-containers.ts";
import { prove } from "../../prove/prove.ts";
import { probes } from "../../prove/registry.ts";
import { describeProof } from "../../prove/result/describe.ts";
import type { ReportContext } from "../../report/context.ts";
import type { AuditOptions } from "../audit/options.ts";
import { readDeviations } from "./deviations.ts";
import { openProvingEngine } from "./proving-engine.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Milliseconds that one experiment may take. */
const patience = 10_000;

/**
 * The report with a proof of each container of the Engine that it is about, one after the other. What could not be proven
 * is a gap.
 */
export async function withProofs(
  report: Report,
  options: Pick<AuditOptions, "host" | "context" | "proc" | "cgroup" | "only" | "skip">,
  progress: (done: string) => Promise<void>,
): Promise<Report> {
  const names = report.subjects.flatMap(({ kind, source, name }) =>
    kind === "container" && source === "engine-api" ? [name] : [],
  );
  if (names.length === 0) {
    return withGaps(report, [gap("there is nothing to prove: name a container (container:NAME), or engine")]);
  }
  const opened = await openProvingEngine(options);
  if (!opened.ok) return withGaps(report, [gap(opened.reason, { subject: "engine" })]);
  const { engine, close } = opened.value;
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  for (const signal of signals) process.on(signal, interrupt);
  const proofs: Proof[] = [];
  const gaps: Gap[] = [];
  try {
    await sweep(engine.reader, engine.writer, Date.now() / 1000);
    for (const name of names) {
      const outcome = await prove(
        {
          wanted: { kind: "container", name },
          probes: probes.filter(
            ({ control }) =>
              (options.only.length === 0 || options.only.includes(control)) &&
              !options.skip.includes(control),
          ),
          inPlace: false,
          patience,
          proc: options.proc ?? "/proc",
          cgroup: options.cgroup ?? "/sys/fs/cgroup",
          deviations: (id) => readDeviations(id, options),
          signal: abort.signal,
          progress,
        },
        engine,
      );
      if (outcome.ok) proofs.push(outcome.value.proof);
      else gaps.push(gap(outcome.reason, { subject: `container:${name}` }));
      if (abort.signal.aborted) break;
    }
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    await close();
  }
  return withGaps({ ...report, proofs }, gaps);
}

/** The proofs of a report for a reader, below its findings. */
export function proofsText(
  { proofs }: Report,
  { colour, width }: Pick<ReportContext, "colour" | "width">,
): string {
  const tries = new Map(probes.map((probe) => [probe.id, probe.tries]));
  const look = { colour, width, tries: (id: string) => tries.get(id) ?? id };
  return (proofs ?? []).map((proof) => `\n${describeProof(proof, [], look)}`).join("");
}

function withGaps(report: Report, gaps: readonly Gap[]): Report {
  return { ...report, gaps: [...report.gaps, ...gaps] };
}
