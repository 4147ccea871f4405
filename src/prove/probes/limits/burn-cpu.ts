import { recordAt } from "../../../base/json.ts";
import { ok, type Result } from "../../../base/result.ts";
import { valueOr } from "../../../model/fact.ts";
import { inChild } from "../../experiment/attempts.ts";
import type { Builder, Ran } from "../../helper/program.ts";
import { type Facts, type Judgement, measurement, type ProbeRuns, type ProbeTarget } from "../../probe.ts";

interface Burnt {
  readonly processes: number;
  /** Periods in which it was made to wait; undefined where the Engine does not count. */
  readonly throttled: number | undefined;
  /** CPUs that it had on average while it burnt; undefined where the Engine does not count. */
  readonly used: number | undefined;
  /** CPUs that it may run on. */
  readonly allowed: number;
}

/** Retries: a busy host may give less CPU than the limit, which shows nothing. */
const rounds = 8;

const milliseconds = 500;

/** @see https://docs.kernel.org/scheduler/sched-bwc.html#statistics */
export const burnCpu = measurement<Burnt>({
  id: "burn-cpu",
  control: "cpu-limit",
  burdens: true,
  tries: "take every CPU for itself",
  inPlace: false,
  looser: "open",
  experiment: burn,
  judge: judgeCpu,
});

/** CPUs, as a quota gives them; undefined without one. */
function quotaOf({ view }: Facts): number | undefined {
  const nano = valueOr(view.nanoCpus, 0);
  if (nano > 0) return nano / 1e9;
  const quota = valueOr(view.cpuQuota, 0);
  const period = valueOr(view.cpuPeriod, 0) || 100_000;
  return quota > 0 ? quota / period : undefined;
}

async function burn(target: ProbeTarget): Promise<Result<Burnt>> {
  const quota = quotaOf(target.facts);
  const processes = Math.min(Math.ceil(quota ?? 1) + 1, target.facts.cpus, 16);
  const wanted = target.role === "subject" && quota !== undefined && processes > quota ? rounds : 1;
  let burnt: Result<Burnt> = await once(target, processes);
  for (let round = 1; round < wanted && burnt.ok && burnt.value.throttled === 0; round += 1)
    burnt = await once(target, processes);
  return burnt;
}

async function once(target: ProbeTarget, processes: number): Promise<Result<Burnt>> {
  const before = countersIn(await target.stats());
  const begun = Date.now();
  const allowed = await target.run((builder) => {
    const mask = builder.space(128);
    const length = builder.call("sched_getaffinity", 0, 128, mask);
    burners(builder, processes);
    return (ran: Ran) => bits(ran.data(mask).subarray(0, Math.max(ran.result(length) ?? 0, 0)));
  });
  if (!allowed.ok) return allowed;
  const took = Date.now() - begun;
  const after = countersIn(await target.stats());
  return ok({
    processes,
    throttled: difference(after?.throttled, before?.throttled),
    used: cpusOf(difference(after?.used, before?.used), took),
    allowed: allowed.value,
  });
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before;
}

/** Nanoseconds of CPU in so many milliseconds. */
function cpusOf(used: number | undefined, took: number): number | undefined {
  return used === undefined || took <= 0 ? undefined : used / 1e6 / took;
}

/** They go with the process that started them (PR_SET_PDEATHSIG), after half a second. */
function burners(builder: Builder, processes: number): void {
  const pause = builder.words(0, milliseconds * 1_000_000);
  const short = builder.words(0, 50_000_000);
  inChild(builder, () => {
    for (let count = 0; count < processes; count += 1) {
      builder.child(() => {
        builder.call("prctl", 1, 9, 0, 0, 0);
        builder.forever(() => {
          builder.call("getpid");
        });
      });
    }
    builder.call("nanosleep", pause, 0);
  });
  builder.call("nanosleep", short, 0);
  for (let count = 0; count < processes; count += 1) builder.call("wait4", -1, 0, 1, 0);
}

function bits(bytes: Buffer): number {
  return [...bytes].reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);
}

function countersIn(
  stats: Result<unknown>,
): { readonly throttled: number; readonly used: number } | undefined {
  if (!stats.ok) return undefined;
  const { throttled_periods: throttled } = recordAt(stats.value, "cpu_stats", "throttling_data");
  const { total_usage: used } = recordAt(stats.value, "cpu_stats", "cpu_usage");
  return typeof throttled === "number" && typeof used === "number" ? { throttled, used } : undefined;
}

function judgeCpu({ subject, control, facts }: ProbeRuns<Burnt>): Judgement {
  const quota = quotaOf(facts);
  const { processes, throttled, allowed, used } = subject;
  const burnt = `${processes} process${processes === 1 ? "" : "es"} that burn${processes === 1 ? "s" : ""} CPU`;
  if (quota === undefined && allowed < facts.cpus) {
    return pinned(subject, control, facts);
  }
  if (quota === undefined) {
    const shares = valueOr(facts.view.cpuShares, 0);
    return shares > 0 && shares < 1024
      ? {
          outcome: "inconclusive",
          evidence: `CPU shares of ${shares} are felt only where others want the CPU, too`,
        }
      : { outcome: "notHeld", evidence: `${burnt} may take every CPU of the host: nothing makes them wait` };
  }
  if (throttled === undefined)
    return { outcome: "inconclusive", evidence: "the Engine does not tell how often it was throttled" };
  if (throttled === 0 && processes <= quota) {
    return {
      outcome: "notHeld",
      evidence: `its limit of ${quota} CPUs is no less than the host has (${facts.cpus})`,
    };
  }
  if (throttled === 0 && (used === undefined || used < quota * 1.1)) {
    return {
      outcome: "inconclusive",
      evidence: `the host is too busy to give it more than its limit of ${quota} CPUs, so nothing made it wait`,
    };
  }
  if (throttled === 0)
    return { outcome: "notHeld", evidence: `${burnt} ran past ${quota} CPUs and were never throttled` };
  if (!control.ok) return { outcome: "inconclusive", evidence: `no looser container: ${control.reason}` };
  if (control.value.throttled !== 0) {
    return { outcome: "inconclusive", evidence: "a container without a limit is throttled, too" };
  }
  return {
    outcome: "held",
    evidence: `${burnt} are throttled (nr_throttled grows by ${throttled}); without a limit they are not`,
  };
}

function pinned({ allowed }: Burnt, control: ProbeRuns<Burnt>["control"], { cpus }: Facts): Judgement {
  if (!control.ok) return { outcome: "inconclusive", evidence: `no looser container: ${control.reason}` };
  const may = `it may run on ${allowed} of ${cpus} CPUs`;
  return control.value.allowed > allowed
    ? { outcome: "held", evidence: `${may}; without a limit on ${control.value.allowed}` }
    : { outcome: "inconclusive", evidence: `${may}, and so may a container without a limit` };
}
