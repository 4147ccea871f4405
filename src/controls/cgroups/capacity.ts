import { cpuCap } from "../../model/container/cpu-cap.ts";
import type { Container } from "../../model/container.ts";
import { valueOr } from "../../model/fact.ts";
import { combine, fail, notApplicable, pass, type Verdict } from "../../model/verdict.ts";
import { type Context, type Control, manual } from "../control.ts";
import { round, sayBytes } from "./amounts.ts";

export const capacity: Control = {
  id: "capacity",
  title: "The limits add up to more than the host has",
  why: "Each limit may be sensible alone, and all of them together more than the host has. When every container uses what it was given, the host swaps and the kernel kills the largest process. Under full contention the CPU goes by shares: 768 beside 256 gets 768/(768+256) = 75 %. Containers without a limit are not counted here; they are findings of their own.",
  row: "2.2",
  severity: "low",
  guard: "off",
  cis: [],
  attack: ["T1499"],
  cwe: [770, 400],
  where: ["A", "E"],
  references: [
    "https://docs.docker.com/engine/containers/resource_constraints/",
    "https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu",
  ],
  // It takes a running engine: no file says what runs beside what.
  examples: { bad: [], good: [] },
  check: {
    engine({ memoryTotal, cpus }, { running }) {
      const memory = valueOr(memoryTotal, 0);
      const processors = valueOr(cpus, 0);
      if (memory <= 0 && processors <= 0) {
        return notApplicable("only a live Engine shows what the host has and what runs on it");
      }
      if (running.length === 0) return pass("no container runs");
      const shares = sayShares(running);
      return combine(
        [
          compare(running, { of: memoryLimit, total: memory, say: sayBytes, what: "memory" }, shares),
          compare(
            running,
            { of: cpuCap, total: processors, say: (n) => `${round(n)}`, what: "CPUs" },
            shares,
          ),
        ],
        pass(shares),
      );
    },
  },
  remedy: {
    engine: () =>
      manual(
        "Lower the limits, run fewer containers beside each other or take a larger host; set --cpu-shares by what matters most.",
      ),
  },
};

interface Measure {
  readonly of: (container: Container) => number | undefined;
  readonly total: number;
  readonly say: (amount: number) => string;
  readonly what: "memory" | "CPUs";
}

function compare(running: Context["running"], { of, total, say, what }: Measure, shares: string): Verdict {
  const limits = running.flatMap(({ container }) => of(container) ?? []);
  const sum = limits.reduce((all, limit) => all + limit, 0);
  const observed = `${what} ${say(sum)} of ${say(total)}`;
  if (total <= 0 || sum <= total) return pass(`${observed}; ${shares}`);
  const without = running.length - limits.length;
  const uncounted = without === 0 ? "" : ` (${without} more have none)`;
  return fail(
    `promises ${say(sum)} of ${what} to ${limits.length} containers${uncounted} and has ${say(total)}: they cannot all get it; ${shares}`,
    { evidence: what, observed },
  );
}

/** A limit above the host's memory is no limit, and `memory-limit`'s finding. */
function memoryLimit({ memory }: Container): number | undefined {
  const limit = valueOr(memory, 0);
  return limit > 0 ? limit : undefined;
}

function sayShares(running: Context["running"]): string {
  const each = cpuSharesOf(running).map(({ name, percent }) => `${name} ${percent} %`);
  return `CPU under full contention: ${each.join(", ")}`;
}

/** What Docker gives a container that asks for nothing; 0 is "nothing asked". */
export const defaultShares = 1024;

interface CpuShare {
  readonly name: string;
  readonly shares: number;
  /** Per cent of the CPU while every running container wants all it can get: shares over the sum of shares. */
  readonly percent: number;
}

export function sharesOf({ cpuShares }: Container): number {
  return valueOr(cpuShares, 0) || defaultShares;
}

/** Each running container's part of the CPU under full contention: 768 beside 256 is 75 % beside 25 %. */
function cpuSharesOf(running: Context["running"]): readonly CpuShare[] {
  const each = running.map(({ subject, container }) => ({ name: subject.name, shares: sharesOf(container) }));
  const sum = each.reduce((total, { shares }) => total + shares, 0);
  return each.map(({ name, shares }) => ({ name, shares, percent: round((100 * shares) / sum) }));
}

/** The part of the one that is judged, where it is among those that run. */
export function cpuShareOf(container: Container, running: Context["running"]): CpuShare | undefined {
  const index = running.findIndex(
    (each) => each.container === container || each.subject.views.includes(container),
  );
  return cpuSharesOf(running)[index];
}
