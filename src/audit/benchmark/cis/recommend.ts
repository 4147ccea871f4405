import type { Recommendation } from "../benchmark.ts";

type Base = Pick<Recommendation, "number" | "title" | "level">;

/** Judged by controls. */
export function scored(
  number: string,
  level: 1 | 2,
  title: string,
  ...controls: readonly string[]
): Recommendation {
  return { ...base(number, level, title), scored: true, controls, manual: undefined };
}

/** Not scored by the benchmark, and judged by controls all the same. */
export function judgedBy(
  number: string,
  level: 1 | 2,
  title: string,
  ...controls: readonly string[]
): Recommendation {
  return { ...base(number, level, title), scored: false, controls, manual: undefined };
}

/** For a person: controls, if any, bring the evidence and settle what needs no person. */
export function asked(
  number: string,
  level: 1 | 2,
  title: string,
  manual: string,
  ...controls: readonly string[]
): Recommendation {
  return { ...base(number, level, title), scored: false, controls, manual };
}

/** Scored by the benchmark, although what is found is for a person to decide. */
export function weighed(
  number: string,
  level: 1 | 2,
  title: string,
  manual: string,
  ...controls: readonly string[]
): Recommendation {
  return { ...asked(number, level, title, manual, ...controls), scored: true };
}

function base(number: string, level: 1 | 2, title: string): Base {
  return { number, level, title };
}
