import { focusAreas } from "../../src/report/groups/tally.ts";
import type { Answer } from "../api.ts";
import { useAnswer } from "../live.ts";
import { Chart } from "../parts/chart.tsx";
import { Cause } from "../parts/finding.tsx";
import { Ago, Counts, Scroll, Severity, Subject, severities, Title, When } from "../parts/parts.tsx";
import { SinceWords, timesOf, useLastVisit } from "../parts/since.tsx";
import { href } from "../route.ts";

/** What is open, where, since when, and whether it gets better. */
export function OverviewPage() {
  const lastVisit = useLastVisit();
  const from = lastVisit === null ? "yesterday" : "visit";
  const { since } = timesOf({ since: from, until: undefined }, lastVisit);
  const overview = useAnswer("/overview", [], { since: String(since) });
  return (
    <When is={overview}>
      {(value) => (
        <>
          <Title of="Overview" />
          <section class="card">
            <h2>Open now</h2>
            <p class="large">
              <Counts of={value.bySeverity} query={{ verdict: "fail" }} />
              {value.unknown > 0 && (
                <a class="badge unknown" href={href(["findings"], { verdict: "unknown" })}>
                  {value.unknown} unknown
                </a>
              )}
            </p>
            <Changed of={value.changed} from={from} />
            {value.trend.length > 1 && <Trend of={value.trend} />}
          </section>
          {value.silent.length > 0 && (
            <section class="card warn" role="alert">
              <h2>Silent hosts</h2>
              <ul>
                {value.silent.map(({ id, name, seen }) => (
                  <li key={id}>
                    <a href={href(["hosts", id])}>{name}</a>: last report <Ago time={seen} />
                  </li>
                ))}
              </ul>
              {value.silentCount > value.silent.length && (
                <p class="dim">And {value.silentCount - value.silent.length} more.</p>
              )}
            </section>
          )}
          <div class="columns">
            <section class="card">
              <h2>Riskiest containers</h2>
              {value.riskiest.length === 0 && <p class="dim">No container has an open failure.</p>}
              <ol class="list">
                {value.riskiest.map(({ host, hostName, subject, severity, findings, why }) => (
                  <li key={`${host} ${subject}`}>
                    <Severity of={severity} /> <Subject host={host} subject={subject} />{" "}
                    <span class="dim">
                      on {hostName}, {findings} open
                    </span>
                    <div class="dim">{why.join(" · ")}</div>
                  </li>
                ))}
              </ol>
            </section>
            <section class="card">
              <h2>
                New <SinceWords of={from} />
              </h2>
              {value.fresh.length === 0 && <p class="dim">Nothing new is open.</p>}
              <ul class="list">
                {value.fresh.map((finding) => (
                  <li key={finding.id}>
                    <Severity of={finding.severity} />{" "}
                    <a href={href(["findings", String(finding.id)])}>{finding.title || finding.control}</a>{" "}
                    <span class="dim">
                      <Subject host={finding.host} subject={finding.subject} /> on {finding.hostName},{" "}
                      <Ago time={finding.opened} />
                      {finding.last !== null && (
                        <>
                          {" "}
                          · <Cause of={finding.last.cause} />
                        </>
                      )}
                    </span>
                  </li>
                ))}
              </ul>
            </section>
          </div>
          <section class="card">
            <h2>Hosts and focus areas</h2>
            {value.hostCount > value.hosts.length && (
              <p class="dim">
                The {value.hosts.length} riskiest of {value.hostCount} hosts.
              </p>
            )}
            <Matrix of={value} />
          </section>
        </>
      )}
    </When>
  );
}

/** What the server counts at most. */
const mostCounted = 1_000;

/** What changed, in four counts; each leads to what it counts. */
function Changed({
  of,
  from,
}: {
  readonly of: Answer<"/overview">["changed"];
  readonly from: "yesterday" | "visit";
}) {
  const counts = [
    ["opened", "open", of.opened],
    ["got worse", "worse", of.worse],
    ["mended", "resolved", of.mended],
    ["accepted", "accepted", of.accepted],
  ] as const;
  return (
    <p>
      <span class="capital">
        <SinceWords of={from} />
      </span>
      :{" "}
      <span class="changed">
        {counts.map(([words, state, number]) => (
          <a key={state} href={href(["findings"], { state, since: from, sort: "newest" })}>
            {number < mostCounted ? number : `${mostCounted} or more`} {words}
          </a>
        ))}
      </span>
    </p>
  );
}

/** Hosts by focus areas: the worst open failure and how many there are. */
function Matrix({ of }: { readonly of: Answer<"/overview"> }) {
  const cells = new Map(of.matrix.map((cell) => [`${cell.host} ${cell.area}`, cell]));
  const areas = [...focusAreas, { row: "", label: "Beyond" }];
  return (
    <Scroll name="Hosts and focus areas">
      <table class="matrix">
        <thead>
          <tr>
            <th scope="col">Host</th>
            {areas.map(({ row, label }) => (
              <th key={row} scope="col">
                <span>{label}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {of.hosts.map(({ id, name }) => (
            <tr key={id}>
              <th scope="row">
                <a href={href(["hosts", id])}>{name}</a>
              </th>
              {areas.map(({ row, label }) => {
                const cell = cells.get(`${id} ${row}`);
                if (!cell)
                  return (
                    <td key={row} class="none" title={`${label}: nothing open`}>
                      ·
                    </td>
                  );
                return (
                  <td key={row}>
                    <a
                      class={`badge ${cell.severity}`}
                      title={`${label}: ${cell.findings} open, the worst ${cell.severity}`}
                      href={href(["findings"], { host: id, area: row, verdict: "fail" })}
                    >
                      {cell.findings}
                    </a>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Open findings over the last days, a line a severity. */
function Trend({ of }: { readonly of: Answer<"/overview">["trend"] }) {
  const shown = severities.filter((severity) => of.some(({ bySeverity }) => (bySeverity[severity] ?? 0) > 0));
  const last = of.at(-1)?.bySeverity ?? {};
  const words = severities
    .flatMap((severity) => (last[severity] ? [`${last[severity]} ${severity}`] : []))
    .join(", ");
  return (
    <>
      <Chart
        times={of.map(({ time }) => time)}
        lines={shown.map((severity) => ({
          ...{ name: severity, colour: `line-${severity}` },
          values: of.map(({ bySeverity }) => bySeverity[severity] ?? 0),
        }))}
        label={`Open findings over 30 days. Now: ${words || "none"}.`}
      />
      <p>
        <a href={href(["trends"])}>By severity, team, host and control, and as a table</a>
      </p>
    </>
  );
}
