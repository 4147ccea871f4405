import type { Answer } from "../api.ts";
import { useAnswer } from "../live.ts";
import { Chart } from "../parts/chart.tsx";
import { Scroll, severities, Title, When } from "../parts/parts.tsx";
import { href, replaceRoute } from "../route.ts";

const groups = [
  ["severity", "severity"],
  ["team", "team"],
  ["host", "host"],
  ["control", "control"],
  ["cis", "CIS score"],
] as const;
const ranges = [
  ["1", "a day"],
  ["7", "7 days"],
  ["30", "30 days"],
  ["90", "90 days"],
] as const;

type By = (typeof groups)[number][0];

/** What was open over time, each line on a scale of its own; and as a table. */
export function TrendsPage({ query }: { readonly query: URLSearchParams }) {
  const by = groups.find(([each]) => each === query.get("by"))?.[0] ?? "severity";
  const days = ranges.find(([each]) => each === query.get("days"))?.[0] ?? "30";
  const put = (more: Readonly<Record<string, string>>) => replaceRoute(["trends"], { by, days, ...more });
  const trends = useAnswer("/trends", [], { by, days });
  const choice = (
    name: string,
    label: string,
    value: string,
    options: readonly (readonly [string, string])[],
  ) => (
    <label>
      {label}
      <select value={value} onChange={({ currentTarget }) => put({ [name]: currentTarget.value })}>
        {options.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <>
      <Title of="Trends" />
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        {choice("by", "By", by, groups)}
        {choice("days", "Over", days, ranges)}
      </form>
      <When is={trends}>{(value) => <Lines of={value} by={by} />}</When>
    </>
  );
}

/** Where a line's findings are listed. */
function findingsOf(by: By, key: string): string {
  return href(["findings"], by === "cis" ? {} : { [by]: key, verdict: "fail" });
}

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function Lines({ of: { times, series }, by }: { readonly of: Answer<"/trends">; readonly by: By }) {
  if (series.length === 0)
    return (
      <p class="dim">
        {by === "cis"
          ? "No host has sent its results of the benchmark yet. It does so soon after its watch starts."
          : by === "team"
            ? "There is no team with an open failure."
            : "No failure is open."}
      </p>
    );
  const colourOf = (key: string) => (severities.some((each) => each === key) ? `line-${key}` : "link");
  return (
    <>
      <div class="columns">
        {series.map(({ key, name, values }) => (
          <section class="card" key={key}>
            <h2>
              {by === "cis" ? name : <a href={findingsOf(by, key)}>{name}</a>}{" "}
              <span class="dim">now {values.at(-1) ?? "unknown"}</span>
            </h2>
            <Chart
              times={times}
              lines={[{ name, colour: colourOf(key), values }]}
              label={`${name}: from ${values[0] ?? "unknown"} to ${values.at(-1) ?? "unknown"}`}
              height={140}
            />
          </section>
        ))}
      </div>
      <details class="card">
        <summary>As a table</summary>
        <Scroll name="As a table">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                {series.map(({ key, name }) => (
                  <th key={key} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times
                .map((_, index) => times.length - 1 - index)
                .map((index) => (
                  <tr key={index}>
                    <th scope="row">{format.format(times[index])}</th>
                    {series.map(({ key, values }) => (
                      <td key={key}>{values[index] ?? ""}</td>
                    ))}
                  </tr>
                ))}
            </tbody>
          </table>
        </Scroll>
      </details>
    </>
  );
}
