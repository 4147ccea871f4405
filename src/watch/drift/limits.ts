import { round, sayBytes } from "../../controls/cgroups/amounts.ts";
import { cpuCap } from "../../controls/cgroups/cpu-cap.ts";
import type { Container } from "../../model/container.ts";
import { valueOr } from "../../model/fact.ts";
import type { LimitChange } from "../change.ts";

/** The fields of a difference that `docker update` can bring about. */
export const limitFields: ReadonlySet<string> = new Set(["memory", "memory-swap", "pids-limit", "cpus"]);

/** What the Engine says of these, to be compared with what it said before. */
export function limitsOf({
  memory,
  memorySwap,
  pidsLimit,
  nanoCpus,
  cpuQuota,
  cpuPeriod,
}: Container): string {
  const facts = [memory, memorySwap, pidsLimit, nanoCpus, cpuQuota, cpuPeriod];
  return facts.map((fact) => valueOr(fact, "")).join(" ");
}

/** Which limits are others than before. */
export function changedLimits(before: Container, after: Container): readonly LimitChange[] {
  const was = inWords(before);
  return Object.entries(inWords(after)).flatMap(([field, now]) => {
    const then = was[field] ?? none;
    return then === now ? [] : [{ field, before: then, after: now }];
  });
}

/** A limit that is higher than before, and still one, with the control that judges it. */
export interface Loosened extends LimitChange {
  readonly control: string;
}

/** Which limits are higher than before and still limits. */
export function loosenedLimits(before: Container, after: Container): readonly Loosened[] {
  const [was, is] = [amounts(before), amounts(after)];
  return changedLimits(before, after).flatMap((change): readonly Loosened[] => {
    const control = controls.get(change.field);
    const [then = 0, now = 0] = [was[change.field], is[change.field]];
    return control !== undefined && then > 0 && now > then ? [{ ...change, control }] : [];
  });
}

const controls: ReadonlyMap<string, string> = new Map([
  ["memory", "memory-limit"],
  ["memory-swap", "memory-swap-limit"],
  ["pids-limit", "pids-limit"],
  ["cpus", "cpu-limit"],
]);

/** 0 and below are no limit. */
function amounts(container: Container): Readonly<Record<string, number>> {
  const { memory, memorySwap, pidsLimit } = container;
  return {
    memory: valueOr(memory, 0),
    "memory-swap": valueOr(memorySwap, 0),
    "pids-limit": valueOr(pidsLimit, 0),
    cpus: cpuCap(container) ?? 0,
  };
}

const none = "no limit";

function inWords(container: Container): Readonly<Record<string, string>> {
  const { memory, memorySwap, pidsLimit } = container;
  const amount = (value: number, say: (value: number) => string) => (value > 0 ? say(value) : none);
  const cpus = cpuCap(container);
  return {
    memory: amount(valueOr(memory, 0), sayBytes),
    "memory-swap": amount(valueOr(memorySwap, 0), sayBytes),
    "pids-limit": amount(valueOr(pidsLimit, 0), String),
    cpus: cpus === undefined ? none : `${round(cpus)}`,
  };
}
