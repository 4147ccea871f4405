import { ok, type Result } from "../../../base/result.ts";
import { sayBytes } from "../../../controls/cgroups/amounts.ts";
import type { Container } from "../../../model/container.ts";
import { valueOr } from "../../../model/fact.ts";
import { errnoOf } from "../../helper/errno.ts";
import type { Plan } from "../../helper/program.ts";
import { type Facts, type Judgement, measurement, type ProbeRuns, type ProbeTarget } from "../../probe.ts";

/** Bytes that are taken for a moment. */
const most = 512 * 1024 ** 2;
const withoutLimit = 32 * 1024 ** 2;
const beyond = 16 * 1024 ** 2;

interface Hog {
  readonly size: number;
  readonly oomKilled: boolean;
  /** Why it could not have the memory; undefined where it had it. */
  readonly error: string | undefined;
}

/** The hog is process 1 of its own container: the kernel kills that container. */
export const memoryPastLimit = measurement<Hog>({
  id: "memory-past-limit",
  control: "memory-limit",
  burdens: true,
  tries: "take memory without end",
  inPlace: false,
  looser: "open",
  before: (facts) => {
    const { size, limit } = wanted(facts);
    const room = Math.min(most, facts.memoryTotal / 3);
    if (limit === undefined || size <= room) return undefined;
    return {
      outcome: "inconclusive",
      evidence: `it may take ${sayBytes(size - beyond)} with its swap; a proof takes no more than ${sayBytes(room)} of the host`,
    };
  },
  experiment: take,
  judge: judgeMemory,
});

/** Memory and swap together: a limit that lets the hog into the swap is passed only there. */
function wanted({ view }: Facts): { readonly size: number; readonly limit: number | undefined } {
  const limit = valueOr(view.memory, 0);
  if (limit <= 0) return { size: withoutLimit, limit: undefined };
  return { size: withSwap(view, limit) + beyond, limit };
}

function withSwap({ memorySwap }: Container, limit: number): number {
  const both = valueOr(memorySwap, 0);
  if (both < 0) return Number.POSITIVE_INFINITY;
  return both === 0 ? 2 * limit : both;
}

async function take(target: ProbeTarget): Promise<Result<Hog>> {
  const { size, limit } = wanted(target.facts);
  const plan = allocate(size);
  if (target.role === "looser" || limit === undefined) {
    const had = await target.run(plan);
    return had.ok ? ok({ size, oomKilled: false, error: had.value }) : had;
  }
  const ended = await target.sacrifice(plan);
  if (!ended.ok) return ended;
  const { oomKilled, exitCode, finished } = ended.value;
  return ok({ size, oomKilled, error: finished ? undefined : `it ended with status ${exitCode}` });
}

/** Private pages that are filled at once: MAP_PRIVATE, MAP_ANONYMOUS, MAP_POPULATE. */
function allocate(size: number): Plan<string | undefined> {
  return (builder) => {
    const memory = builder.call("mmap", 0, size, 3, 0x8022, -1, 0);
    builder.call("munmap", memory, size);
    return (ran) => {
      const address = ran.result(memory) ?? -1;
      return address < 0 && address > -4096 ? errnoOf(address) : undefined;
    };
  };
}

function judgeMemory({ subject, control, facts }: ProbeRuns<Hog>): Judgement {
  const { limit } = wanted(facts);
  const size = sayBytes(subject.size);
  if (!subject.oomKilled && subject.error === undefined) {
    return limit === undefined
      ? {
          outcome: "notHeld",
          evidence: `it has no limit: it took ${size} and could go on to all of the host's`,
        }
      : { outcome: "notHeld", evidence: `it took ${size}, past its limit of ${sayBytes(limit)}` };
  }
  if (!subject.oomKilled) return { outcome: "inconclusive", evidence: `taking ${size}: ${subject.error}` };
  if (!control.ok)
    return { outcome: "inconclusive", evidence: `it was killed; no looser container: ${control.reason}` };
  if (control.value.error !== undefined) {
    return {
      outcome: "inconclusive",
      evidence: `without a limit ${size} cannot be had either: ${control.value.error}`,
    };
  }
  return {
    outcome: "held",
    evidence: `taking ${size} it was killed (OOMKilled); without a limit it has them`,
  };
}
