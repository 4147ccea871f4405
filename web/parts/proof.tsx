import type { Answer } from "../api.ts";
import { Ago, InWords } from "./parts.tsx";

export type Probe = NonNullable<Answer<"/hosts/:id/containers/:name/jobs">["jobs"][number]["probes"]>[number];

/** What was proven of a container, when, and who started it. */
export interface Proof {
  readonly time: number;
  /** Null: the watch on the host, by `--prove`. */
  readonly author: string | null;
  readonly probes: readonly Probe[];
}

/** The outcome of a probe in words, with the colour that it has. */
export const outcomeWords = {
  held: ["held", "pass"],
  notHeld: ["not held", "high"],
  inconclusive: ["unknown", "unknown"],
} as const;

/** The latest proof, by a job or by the watch on the host. */
export function latestProof({ jobs, daily }: Answer<"/hosts/:id/containers/:name/jobs">): Proof | undefined {
  const byJobs = jobs.flatMap(({ probes, ended, author }): readonly Proof[] =>
    probes === null || ended === null ? [] : [{ time: ended, author, probes }],
  );
  const byWatch =
    daily?.probes && daily.proven !== null
      ? [{ time: daily.proven, author: null, probes: daily.probes }]
      : [];
  return [...byJobs, ...byWatch].toSorted((one, other) => other.time - one.time)[0];
}

/** `Proven 3 hours ago by the daily proof`. */
export function Proven({ of: { time, author } }: { readonly of: Proof }) {
  return (
    <>
      Proven <Ago time={time} /> by {author ?? "the daily proof"}
    </>
  );
}

/** `12 held, 2 not held`. */
export function counted(probes: readonly Probe[]): string {
  const number = (outcome: Probe["outcome"]) => probes.filter((each) => each.outcome === outcome).length;
  const parts = [
    `${number("held")} held`,
    ...(number("notHeld") > 0 ? [`${number("notHeld")} not held`] : []),
    ...(number("inconclusive") > 0 ? [`${number("inconclusive")} unknown`] : []),
  ];
  return parts.join(", ");
}

/** Each probe, behind how many there are of each outcome. */
export function Probes({ of, isOpen }: { readonly of: readonly Probe[]; readonly isOpen: boolean }) {
  return (
    <details open={isOpen}>
      <summary>{counted(of)}</summary>
      <ul class="rows">
        {of.map(({ probe, control, outcome, tries, evidence }) => (
          <li key={probe}>
            <span class={`badge ${outcomeWords[outcome][1]}`}>{outcomeWords[outcome][0]}</span>
            <div>
              <code>{control}</code> {tries}
              <div class="dim">{evidence}</div>
            </div>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** What `watch --prove` on the host last showed, or why it showed nothing. */
export function DailyProof({
  of: { tried, trouble, proven, probes },
  isOpen,
}: {
  readonly of: NonNullable<Answer<"/hosts/:id/containers/:name/jobs">["daily"]>;
  readonly isOpen: boolean;
}) {
  return (
    <>
      <strong>Daily proof</strong>{" "}
      <span class="dim">
        by the watch on this host <Ago time={tried} />
      </span>
      {trouble !== null && (
        <p class="trouble">
          No result: <InWords text={trouble} />
        </p>
      )}
      {trouble !== null && proven !== null && (
        <p class="dim">
          The last result is from <Ago time={proven} />:
        </p>
      )}
      {probes !== null && <Probes of={probes} isOpen={isOpen} />}
    </>
  );
}
