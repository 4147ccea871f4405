import type {
  BenchmarkSight,
  HostObservations,
  SwarmObservations,
} from "../../model/host/benchmark-sight.ts";
import type { SubjectKind } from "../../model/subject.ts";
import { notApplicable, unknown, type Verdict } from "../../model/verdict.ts";
import { type Checks, type Context, type Control, manual, type Remedies } from "../control.ts";

/** A control that a plain audit leaves out: it is about the host or a habit, and a benchmark asks for it. */
export type BenchmarkControl = Omit<Control, "row" | "guard" | "examples" | "remedy" | "references"> & {
  /** What to do, as an imperative sentence. */
  readonly advice: string;
  readonly references: readonly string[];
  readonly examples?: Control["examples"];
};

export function benchmarkControl({ advice, examples, ...control }: BenchmarkControl): Control {
  return {
    ...control,
    row: undefined,
    guard: "off",
    examples: examples ?? { bad: [], good: [] },
    remedy: advise(control.check, advice),
  };
}

function advise(check: Checks, advice: string): Remedies {
  const kinds = Object.keys(check) as readonly SubjectKind[];
  return Object.fromEntries(kinds.map((kind) => [kind, () => manual(advice)]));
}

/** Judges by what the host shows; unknown where it is not seen. */
export function byHost(
  judge: (host: HostObservations) => Verdict,
): (_: unknown, context: Context) => Verdict {
  return (_, { sight }) =>
    sight?.host ? judge(sight.host) : unknown("the Engine's host cannot be seen from here");
}

/** Judges the swarm that the Engine is in. */
export function bySwarm(
  judge: (swarm: NonNullable<SwarmObservations["details"]>, whole: SwarmObservations) => Verdict,
): (_: unknown, context: Context) => Verdict {
  return (_, { sight }) => {
    if (!sight) return unknown("the Engine was not asked about its swarm");
    if (!sight.swarm) return notApplicable("Swarm mode is off");
    if (!sight.swarm.details) return unknown("only a manager knows, and this node is a worker");
    return judge(sight.swarm.details, sight.swarm);
  };
}

/** Judges by anything that the sight has. */
export function bySight(
  judge: (sight: BenchmarkSight) => Verdict,
): (_: unknown, context: Context) => Verdict {
  return (_, { sight }) => (sight ? judge(sight) : unknown("the Engine was not asked for it"));
}
