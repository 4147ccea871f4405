import { failed, ok, type Result } from "../../base/result.ts";
import { sayBytes } from "../../controls/cgroups/amounts.ts";
import { type LimitSetting, limitSettings } from "../../controls/cgroups/limits.ts";
import type { Context } from "../../controls/control.ts";
import type { Container } from "../../model/container.ts";
import { valueOr } from "../../model/fact.ts";
import type { Patch } from "../../model/patch.ts";
import type { Needs } from "./needs.ts";
import type { Step } from "./step.ts";

/** A limit with who gave it: `--memory`, `bulkhead.yaml`, `its peak of 40 MiB`. */
export interface Limit {
  readonly value: number;
  readonly source: string;
  /** Why it is only told and not set: a sentence. */
  readonly onlyTold?: string;
}

/** What may be set where a limit is missing. Memory and CPU are never guessed. */
export interface Limits {
  /** Bytes. */
  readonly memory?: Limit;
  readonly cpus?: Limit;
  /** Processes and threads. */
  readonly pids?: Limit;
}

export type LimitName = keyof Limits & LimitSetting;

export const limitNames = Object.keys(limitSettings) as readonly LimitName[];

const units: Readonly<Record<LimitName, string>> = { memory: "", cpus: " CPU", pids: "" };

/**
 * The steps with the limits that somebody gave. Without one for memory or CPU the step is advice; processes get the default,
 * which no ordinary workload reaches.
 */
export function withLimits(
  steps: readonly Step[],
  view: Container,
  limits: Limits,
  context: Context,
): readonly Step[] {
  return steps.flatMap((step) => {
    const name = limitOfStep(step, view);
    if (!name) return [step];
    const limit = limits[name];
    // Advice says by itself what its image needs.
    if (!limit && step.patches.length === 0) return [step];
    if (!limit) return [name === "pids" ? defaultLimit(step) : advice(step, sayWhat(name))];
    if (limit.onlyTold !== undefined) return [advice(step, limit.onlyTold)];
    const made = limitPatch(name, limit, view, context);
    if (!made.ok) return [advice(step, made.reason)];
    return [
      {
        ...step,
        kind: step.kind === "manual" ? "behavioural" : step.kind,
        summary: `Limit the ${name === "pids" ? "processes" : limitSettings[name].noun} to ${say(name, limit)}.`,
        patches: [made.value],
      },
    ];
  });
}

/** Which limit a step sets, or advises to set where a control has no number to start from. */
function limitOfStep({ patches, controls }: Step, view: Container): LimitName | undefined {
  const [patch] = patches;
  if (patch) return patches.length > 1 ? undefined : limitOf(patch);
  const names = controls.flatMap((control) => limitOfControl(control) ?? []);
  return names.find((name) => limitSettings[name].amountIn(view) === undefined);
}

/** Which limit a control asks for. */
export function limitOfControl(control: string): LimitName | undefined {
  return limitNames.find((name) => limitSettings[name].control === control);
}

/** Which limit a patch sets, where it sets one that depends on the workload. */
export function limitOf(patch: Patch): LimitName | undefined {
  if (patch.op !== "set") return undefined;
  return limitNames.find((name) => limitSettings[name].facts.some((field) => field === patch.field));
}

/** As every limit it may be too low: a server of four thousand threads fails. */
function defaultLimit(step: Step): Step {
  return {
    ...step,
    kind: "behavioural",
    summary: `Limit the processes to ${defaultPids}, a default that stops a fork bomb; --pids-limit sets another.`,
    patches: [{ op: "set", field: "pidsLimit", value: defaultPids }],
  };
}

function advice(step: Step, summary: string): Step {
  return { ...step, kind: "manual", summary, breaks: [], patches: [] };
}

function sayWhat(name: LimitName): string {
  return `Set a limit with ${limitSettings[name].flag} ${limitSettings[name].example} (or fix.limits.${name} in bulkhead.yaml); \`docker stats\` under load shows what it needs.`;
}

function say(name: LimitName, { value, source }: Limit): string {
  return `${limitSettings[name].say(value)}${units[name]} (from ${source})`;
}

/** The patch that sets a limit; why Docker would refuse it, as a sentence. */
export function limitPatch(
  name: LimitName,
  { value, source }: Limit,
  view: Container,
  context: Context,
): Result<Patch> {
  if (name === "pids") return ok({ op: "set", field: "pidsLimit", value });
  if (name === "cpus") return ok(cpuPatch(value, view));
  const why = whyNotMemory(value, source, view, context);
  return why === undefined ? ok({ op: "set", field: "memory", value }) : failed(why);
}

/** Docker takes either `--cpus` or a period with its quota, not both. */
function cpuPatch(cpus: number, { cpuPeriod }: Container): Patch {
  const period = valueOr(cpuPeriod, 0);
  return period > 0
    ? { op: "set", field: "cpuQuota", value: Math.round(period * cpus) }
    : { op: "set", field: "nanoCpus", value: Math.round(cpus * 1e9) };
}

/** Docker refuses a limit below the reservation, a memory-and-swap below the limit, and less than 6 MiB. */
function whyNotMemory(
  value: number,
  source: string,
  { memoryReservation, memorySwap }: Container,
  { engine }: Context,
): string | undefined {
  const asked = `${sayBytes(value)} of memory, from ${source}, cannot be set`;
  const reserved = valueOr(memoryReservation, 0);
  const swap = valueOr(memorySwap, 0);
  const total = engine ? valueOr(engine.memoryTotal, 0) : 0;
  if (value < 6 * 1024 ** 2) return `${asked}: Docker accepts no less than 6 MiB.`;
  if (value < reserved) return `${asked}: it reserves ${sayBytes(reserved)}; lower that or set more.`;
  if (swap > 0 && value > swap) return `${asked}: its memory and swap together are ${sayBytes(swap)}.`;
  if (total > 0 && value > total) return `${asked}: the host has only ${sayBytes(total)}.`;
  return undefined;
}

/** A swap limit that follows the memory limit follows the one that is set now. */
export function withSwap(steps: readonly Step[]): readonly Step[] {
  const memory = steps.flatMap(({ patches }) => patches).find((patch) => isSet(patch, "memory"));
  if (memory?.op !== "set") return steps;
  return steps.map((step) => ({
    ...step,
    patches: step.patches.map((patch) =>
      isSet(patch, "memorySwap") ? ({ ...patch, value: memory.value } as Patch) : patch,
    ),
  }));
}

function isSet(patch: Patch, field: string): boolean {
  return patch.op === "set" && patch.field === field;
}

/*
 * What cannot break a workload. `bulkhead fix` writes it as `safe`; `bulkhead guard` and `bulkhead run` fill it in where
 * nobody says otherwise. Log rotation is the third one: log-limit's remedy.
 */

/** A fork bomb reaches it soon. A crawler or a JVM with some thousand threads does not; it would reach Podman's 2048. */
export const defaultPids = 8192;

/** Whether an image is a server that is known to run no setuid program. In a base image anything may run. */
export function needsNoSetuid(needs: Needs | undefined): boolean {
  return needs !== undefined && !needs.bare && needs.capabilities !== undefined;
}
