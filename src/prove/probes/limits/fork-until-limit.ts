import { ok, type Result } from "../../../base/result.ts";
import { amountIn } from "../../../model/facts/table.ts";
import { errorOf, inChild } from "../../experiment/attempts.ts";
import type { Call } from "../../helper/program.ts";
import { type Facts, type Judgement, measurement, type ProbeRuns, type ProbeTarget } from "../../probe.ts";

/** Processes that are started to see whether anything stops them; more would burden the host for a proof. */
const most = 1024;
const withoutLimit = 256;

interface Forks {
  readonly started: number;
  readonly error: string | undefined;
  /** How often the cgroup refused since it was made (pids.events), where the host shows it. */
  readonly refused: number | undefined;
}

/** @see https://docs.kernel.org/admin-guide/cgroup-v2.html#pid */
export const forkUntilLimit = measurement<Forks>({
  id: "fork-until-limit",
  control: "pids-limit",
  burdens: true,
  tries: "start processes without end, as a fork bomb does",
  inPlace: false,
  looser: "open",
  before: (facts) => {
    const limit = limitOf(facts);
    return limit !== undefined && limit > most
      ? {
          outcome: "inconclusive",
          evidence: `its limit is ${limit} processes; a proof starts no more than ${most}, so as not to burden the host`,
        }
      : undefined;
  },
  experiment: fork,
  judge: judgeForks,
});

function limitOf({ view }: Facts): number | undefined {
  return amountIn(view, "pidsLimit");
}

async function fork(target: ProbeTarget): Promise<Result<Forks>> {
  const wanted = (limitOf(target.facts) ?? withoutLimit) + 1;
  const forks = await target.run((builder) => {
    const calls: Call[] = [];
    const long = builder.words(20, 0);
    const short = builder.words(0, 50_000_000);
    const outcome = inChild(builder, () => {
      for (let count = 0; count < wanted; count += 1) {
        calls.push(
          builder.child(() => {
            // They go with the process that started them: PR_SET_PDEATHSIG, SIGKILL.
            builder.call("prctl", 1, 9, 0, 0, 0);
            builder.call("nanosleep", long, 0);
          }),
        );
      }
      builder.call("nanosleep", short, 0);
    });
    // The first process of a container buries orphans: WNOHANG, any child.
    builder.call("nanosleep", short, 0);
    for (let count = 0; count < wanted; count += 1) builder.call("wait4", -1, 0, 1, 0);
    return (ran) => ({
      started: calls.filter((call) => (ran.result(call) ?? -1) > 0).length,
      error:
        calls.map((call) => errorOf(ran, call)).find((error) => error !== undefined) ??
        outcome(ran).killedBy?.replace("no child: ", ""),
    });
  });
  if (!forks.ok) return forks;
  const events = target.cgroupFile("pids", "pids.events");
  const refused = /^max (\d+)$/m.exec(events ?? "")?.[1];
  return ok({ ...forks.value, refused: refused === undefined ? undefined : Number(refused) });
}

function judgeForks({ subject, control, facts }: ProbeRuns<Forks>): Judgement {
  const limit = limitOf(facts);
  const { started, error, refused } = subject;
  if (error === undefined && limit === undefined) {
    return { outcome: "notHeld", evidence: `it started ${started} processes and nothing stopped it` };
  }
  if (error === undefined) {
    return { outcome: "notHeld", evidence: `it started ${started} processes, past its limit of ${limit}` };
  }
  if (error !== "EAGAIN")
    return {
      outcome: "inconclusive",
      evidence: `starting processes ends with ${error}, where EAGAIN was expected`,
    };
  if (refused === 0) {
    return {
      outcome: "inconclusive",
      evidence: `after ${started} processes comes EAGAIN, but not from its cgroup (pids.events: max 0)`,
    };
  }
  const seen = `after ${started} processes comes EAGAIN${refused === undefined ? "" : ` (pids.events: max ${refused})`}`;
  if (!control.ok)
    return { outcome: "inconclusive", evidence: `${seen}; no looser container: ${control.reason}` };
  if (control.value.error !== undefined) {
    return {
      outcome: "inconclusive",
      evidence: `${seen}, but without a limit comes ${control.value.error} after ${control.value.started}, too`,
    };
  }
  return { outcome: "held", evidence: `${seen}; without a limit ${control.value.started} start` };
}
