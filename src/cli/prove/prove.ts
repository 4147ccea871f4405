import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import { isOfProof } from "../../engine/proof-register.ts";
import { folderOf } from "../../formats/compose/load/file-path.ts";
import { projectName } from "../../formats/compose/load/project.ts";
import { readCompose } from "../../formats/compose/read.ts";
import { valueOr } from "../../model/fact.ts";
import { labelName, sweep } from "../../prove/containers/proof-containers.ts";
import type { Probe } from "../../prove/probe.ts";
import { type ContainerProof, prove } from "../../prove/prove.ts";
import { probes } from "../../prove/registry.ts";
import {
  describeProof,
  type ProofLook,
  proofDocument,
  proofStatus,
  proofsDocument,
} from "../../prove/result/describe.ts";
import type { ProofTarget } from "../../prove/subject/subject.ts";
import { complain } from "../common/complain.ts";
import { deliver } from "../common/outputs.ts";
import { progressLine, wantsColour } from "../common/progress.ts";
import { readDeviations } from "./deviations.ts";
import type { ProveOptions } from "./options.ts";
import { openProvingEngine } from "./proving-engine.ts";

/** `bulkhead prove`. Answers the exit status: 0 all held, 1 something did not, 2 wrong use or inconclusive. */
export async function runProve(target: string | undefined, options: ProveOptions): Promise<number> {
  if (options.list) return listProbes(options.format);
  const wanted = wantedBy(target, options);
  if (!wanted.ok) return complain(wanted.reason);
  const chosen = chosenProbes(options);
  if (!chosen.ok) return complain(chosen.reason);
  if (options.inPlace && !chosen.value.some(({ inPlace }) => inPlace)) {
    return complain(
      `none of these probes runs in place: ${chosen.value.map(({ id }) => id).join(", ")}. Leave out --in-place to run them in a twin`,
    );
  }
  const opened = await openProvingEngine(options);
  if (!opened.ok) return complain(opened.reason);
  const { engine, close } = opened.value;
  const progress = progressLine(process.stderr);
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  for (const signal of signals) process.on(signal, interrupt);
  const proveOne = (one: ProofTarget) =>
    prove(
      {
        wanted: one,
        probes: chosen.value,
        inPlace: options.inPlace ?? false,
        patience: options.timeout * 1000,
        proc: options.proc,
        cgroup: options.cgroup,
        deviations: (id: string) => readDeviations(id, options),
        signal: abort.signal,
        progress: progress.show,
      },
      engine,
    );
  try {
    await sweep(engine.reader, engine.writer, Date.now() / 1000);
    if (wanted.value !== "all") {
      const outcome = await proveOne(wanted.value);
      progress.clear();
      return outcome.ok ? tellProof(outcome.value, options) : complain(outcome.reason);
    }
    const running = await runningContainers(engine.reader);
    if (!running.ok) return complain(running.reason);
    const all: ContainerProof[] = [];
    const unproven = [...running.value.unproven];
    for (const name of running.value.names) {
      const outcome = await proveOne({ kind: "container", name });
      if (outcome.ok) all.push(outcome.value);
      else unproven.push(outcome.reason);
      if (abort.signal.aborted) break;
    }
    progress.clear();
    return tellAll(all, unproven, options);
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    progress.clear();
    await close();
  }
}

/** What to prove: the target, or every container that runs. Fails with what to write instead. */
function wantedBy(target: string | undefined, { all, inPlace }: ProveOptions): Result<ProofTarget | "all"> {
  if (all) return target === undefined ? ok("all") : failed("--all proves every container: name none");
  if (target === undefined) {
    return failed("prove needs a container, an image or a compose.yaml#service, or --all");
  }
  const wanted = wantedOf(target);
  if (wanted.ok && inPlace && wanted.value.kind !== "container" && wanted.value.kind !== "either") {
    return failed("--in-place needs a running container");
  }
  return wanted;
}

interface Running {
  readonly names: readonly string[];
  readonly unproven: readonly string[];
}

/** The containers that run, without those of other proofs. A label that anybody can set leaves nothing out in silence. */
async function runningContainers(reader: EngineClient): Promise<Result<Running>> {
  const list = await reader.get("/containers/json");
  if (!list.ok) return failed(list.reason);
  const names: string[] = [];
  const unproven: string[] = [];
  for (const item of itemsOf(list.value).filter(isRecord)) {
    const name = textsOf(item.Names)[0]?.replace(/^\//, "");
    if (name === undefined || isOfProof({ name, id: textAt(item, "Id") ?? "" })) continue;
    if (labelName in recordAt(item, "Labels")) {
      unproven.push(`container:${name} was not proven: its label ${labelName} says that it is a proof's own`);
    } else names.push(name);
  }
  return ok({ names, unproven });
}

export const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

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

function tellProof(outcome: ContainerProof, options: ProveOptions): number {
  const { proof, missing } = outcome;
  const text =
    options.format === "json"
      ? `${JSON.stringify(proofDocument(proof, missing), null, 2)}\n`
      : describeProof(proof, missing, lookOf(options));
  const written = deliver(options.output, text);
  if (!written.ok) return complain(written.reason);
  return proofStatus(proof);
}

/** Prints every proof and what could not be proven. The latter makes the status 2, whatever was proven. */
function tellAll(
  outcomes: readonly ContainerProof[],
  unproven: readonly string[],
  options: ProveOptions,
): number {
  const look = lookOf(options);
  const text =
    options.format === "json"
      ? `${JSON.stringify(proofsDocument(outcomes, unproven), null, 2)}\n`
      : outcomes.map(({ proof, missing }) => describeProof(proof, missing, look)).join("\n");
  const written = deliver(options.output, text);
  if (!written.ok) return complain(written.reason);
  for (const reason of unproven) complain(reason);
  if (outcomes.length === 0 && unproven.length === 0) return complain("no container runs on the Engine");
  const statuses = outcomes.map(({ proof }) => proofStatus(proof));
  if (unproven.length > 0) return 2;
  if (statuses.includes(1)) return 1;
  return statuses.includes(2) ? 2 : 0;
}

function lookOf(options: ProveOptions): ProofLook {
  const tries = new Map(probes.map((probe) => [probe.id, probe.tries]));
  const toTerminal = options.output === undefined || options.output === "-";
  return {
    colour: toTerminal && options.color !== false && wantsColour(),
    width: toTerminal ? (process.stdout.columns ?? 100) : 100,
    tries: (id) => tries.get(id) ?? id,
  };
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

/** What is to be proven: `compose.yaml#web` is a service; `container:` and `image:` say what a name is. */
export function wantedOf(target: string): Result<ProofTarget> {
  if (target.startsWith("container:")) return named("container", target.slice("container:".length));
  if (target.startsWith("image:")) return named("image", target.slice("image:".length));
  const hash = target.lastIndexOf("#");
  if (hash > 0) return service(target.slice(0, hash), target.slice(hash + 1));
  // A file is not a container's name: a service in it is meant.
  return /\.ya?ml$/i.test(target) && diskFiles().exists(target)
    ? service(target, "")
    : named("either", target);
}

function named(kind: "container" | "image" | "either", name: string): Result<ProofTarget> {
  if (name === "") return failed(`a name is missing: ${kind === "image" ? "image:NAME" : "container:NAME"}`);
  return ok(kind === "image" ? { kind, reference: name } : { kind, name });
}

function service(file: string, name: string): Result<ProofTarget> {
  const io = diskFiles();
  const readable = io.read(file);
  if (!readable.ok) return failed(`${file} cannot be read: ${readable.reason}`);
  const reading = readCompose({ files: [file], io });
  const services = reading.subjects.filter((subject) => subject.kind === "container");
  const found = services.find((subject) => subject.name === name);
  const view = found?.views[0];
  if (!found || !view) {
    const [gap] = reading.gaps;
    if (services.length === 0 && gap) return failed(`${file} cannot be read: ${gap.reason}`);
    const names = services.map((subject) => subject.name);
    if (names.length === 0) return failed(`${file} has no service`);
    if (name === "")
      return failed(`name one service of ${file}: ${names.map((each) => `${file}#${each}`).join(", ")}`);
    return failed(`${file} has no service ${name}; it has ${names.join(", ")}`);
  }
  if (view.image.state === "unresolved")
    return failed(`the image of ${found.id} is not known: ${view.image.reason}`);
  const image = valueOr(view.image, undefined) ?? `${projectOf(file)}-${name}`;
  return ok({ kind: "service", id: found.id, image, view });
}

function projectOf(file: string): string {
  return projectName(file, folderOf(file), diskFiles());
}
