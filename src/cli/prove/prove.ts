import { failed, ok, type Result } from "../../base/result.ts";
import { sweep } from "../../prove/containers/leftovers.ts";
import type { Probe } from "../../prove/probe.ts";
import { type Outcome, prove } from "../../prove/prove.ts";
import { probes } from "../../prove/registry.ts";
import { describeProof } from "../../prove/result/describe.ts";
import { proofDocument, proofStatus } from "../../prove/result/document.ts";
import { wantsColour } from "../common/colour.ts";
import { complain } from "../common/complain.ts";
import { deliver } from "../common/deliver.ts";
import { progressLine } from "../common/progress.ts";
import { readDeviations } from "./deviations.ts";
import type { ProveOptions } from "./options.ts";
import { openProvingEngine } from "./proving-engine.ts";
import { wantedOf } from "./target.ts";

/** `bulkhead prove`. Answers the exit status: 0 all held, 1 something did not, 2 wrong use or nothing that can be told. */
export async function runProve(target: string | undefined, options: ProveOptions): Promise<number> {
  if (options.list) return listProbes(options.format);
  if (target === undefined) return complain("prove needs a container, an image or a compose.yaml#service");
  const chosen = chosenProbes(options);
  if (!chosen.ok) return complain(chosen.reason);
  const wanted = wantedOf(target);
  if (!wanted.ok) return complain(wanted.reason);
  if (options.inPlace && wanted.value.kind !== "container" && wanted.value.kind !== "either")
    return complain("--in-place needs a running container");
  const opened = await openProvingEngine(options);
  if (!opened.ok) return complain(opened.reason);
  const { engine, close } = opened.value;
  const progress = progressLine(process.stderr);
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  for (const signal of signals) process.on(signal, interrupt);
  try {
    await sweep(engine.reader, engine.writer, Date.now() / 1000);
    const request = {
      wanted: wanted.value,
      probes: chosen.value,
      inPlace: options.inPlace ?? false,
      patience: options.timeout * 1000,
      proc: options.proc,
      cgroup: options.cgroup,
      deviations: (id: string) => readDeviations(id, options),
      signal: abort.signal,
      progress: progress.show,
    };
    const outcome = await prove(request, engine);
    progress.clear();
    if (!outcome.ok) return complain(outcome.reason);
    return tellProof(outcome.value, options);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    progress.clear();
    await close();
  }
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function chosenProbes({ only, skip }: ProveOptions): Result<readonly Probe[]> {
  const known = new Set(probes.flatMap(({ id, control }) => [id, control]));
  const strange = [...only, ...skip].filter((name) => !known.has(name));
  if (strange.length > 0) {
    const names = strange.map((name) => `“${name}”`).join(", ");
    return failed(
      `there is no probe ${names}, and no control that one tries; bulkhead prove --list lists them`,
    );
  }
  const isNamed = (names: readonly string[], probe: Probe) =>
    names.includes(probe.id) || names.includes(probe.control);
  const chosen = probes.filter(
    (probe) => (only.length === 0 || isNamed(only, probe)) && !isNamed(skip, probe),
  );
  return chosen.length > 0 ? ok(chosen) : failed("--only and --skip leave no probes to run");
}

function tellProof({ proof, missing }: Outcome, options: ProveOptions): number {
  const tries = new Map(probes.map((probe) => [probe.id, probe.tries]));
  const toTerminal = options.output === undefined || options.output === "-";
  const text =
    options.format === "json"
      ? `${JSON.stringify(proofDocument(proof, missing), null, 2)}\n`
      : describeProof(proof, missing, {
          colour: toTerminal && options.color !== false && wantsColour(),
          width: toTerminal ? (process.stdout.columns ?? 100) : 100,
          tries: (id) => tries.get(id) ?? id,
        });
  const written = deliver(options.output, text);
  if (!written.ok) return complain(written.reason);
  return proofStatus(proof);
}

function listProbes(format: "text" | "json"): number {
  const rows = probes.map(({ id, control, tries, inPlace }) => ({
    id,
    control,
    tries,
    inPlace,
  }));
  if (format === "json") process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else
    for (const { id, control, tries } of rows)
      process.stdout.write(`${id.padEnd(24)}${control.padEnd(26)}${tries}\n`);
  return 0;
}
