import type { Answer } from "../api.ts";
import { useAnswer } from "../live.ts";
import { href, replaceRoute } from "../route.ts";
import { Ago, Scroll, When } from "./parts.tsx";

const groups = { daemon: "Docker daemon", kernel: "Kernel" } as const;

/** Results in words, with the colour that they have; worst first. */
const outcomes = [
  ["fail", "fail", "high"],
  ["unknown", "unknown", "unknown"],
  ["manual", "manual", "low"],
  ["accepted", "accepted", "info"],
  ["pass", "pass", "pass"],
  ["notApplicable", "not applicable", "info"],
] as const;

type Benchmark = NonNullable<Answer<"/hosts/:id/portrait">["benchmark"]>;
type Result = Benchmark["sections"][number]["results"][number];

/** What a host is set to, what changed of that, and the CIS Docker Benchmark. */
export function Portrait({ id, query }: { readonly id: string; readonly query: URLSearchParams }) {
  const portrait = useAnswer("/hosts/:id/portrait", [id]);
  return (
    <When is={portrait}>
      {({ taken, settings, changes, benchmark }) =>
        taken === null ? (
          <section class="card">
            <h2>Settings</h2>
            <p class="dim">
              No settings yet. A host sends them soon after its watch starts, and then every hour. An older
              bulkhead does not send them: update it there.
            </p>
          </section>
        ) : (
          <>
            <div class="columns">
              {Object.entries(groups).map(([group, title]) => (
                <Settings
                  key={group}
                  title={title}
                  taken={taken}
                  of={settings.filter((each) => each.group === group)}
                />
              ))}
            </div>
            <SettingChanges of={changes} />
            {benchmark && <CisTable of={benchmark} taken={taken} id={id} query={query} />}
          </>
        )
      }
    </When>
  );
}

function Settings({
  title,
  taken,
  of,
}: {
  readonly title: string;
  readonly taken: number;
  readonly of: Answer<"/hosts/:id/portrait">["settings"];
}) {
  return (
    <details class="card">
      <summary>
        {title}{" "}
        <span class="dim">
          {of.length} settings, as of <Ago time={taken} />
        </span>
      </summary>
      <Scroll name={title}>
        <table class="settings">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {of.map(({ name, value, from }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  {value ?? <span class="badge unknown">unknown</span>} <span class="dim">({from})</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}

function SettingChanges({ of }: { readonly of: Answer<"/hosts/:id/portrait">["changes"] }) {
  if (of.length === 0) return <p class="dim">No setting changed since this host was first read.</p>;
  return (
    <details class="card">
      <summary>
        {of.length} changed settings{" "}
        <span class="dim">
          the last <Ago time={of[0]?.time ?? 0} />
        </span>
      </summary>
      <ul class="rows">
        {of.map(({ time, group, name, before, after }) => (
          <li key={`${time} ${group} ${name}`}>
            <div>
              <Ago time={time} /> {group === "kernel" ? "kernel: " : ""}
              {name}: <del>{before ?? "not set"}</del> → <ins>{after ?? "not set"}</ins>
            </div>
          </li>
        ))}
      </ul>
    </details>
  );
}

function CisTable({
  of,
  taken,
  id,
  query,
}: {
  readonly of: Benchmark;
  readonly taken: number;
  readonly id: string;
  readonly query: URLSearchParams;
}) {
  const one = query.get("cis");
  const chosen = new Set((query.get("result") ?? "").split(",").filter((each) => each !== ""));
  const all = of.sections.flatMap(({ results }) => results);
  const number = (results: readonly Result[], outcome: string) =>
    results.filter((each) => each.outcome === outcome).length;
  const toggle = (outcome: string) => {
    const next = new Set(chosen);
    if (!next.delete(outcome)) next.add(outcome);
    replaceRoute(["hosts", id], { result: [...next].join(",") });
  };
  return (
    <section class="card">
      <h2>{of.title}</h2>
      <p class="dim">
        {all.length} recommendations, as of <Ago time={taken} />
      </p>
      {one !== null && (
        <p class="chosen">
          <button type="button" onClick={() => replaceRoute(["hosts", id], {})}>
            CIS {one} <span aria-hidden="true">×</span>
            <span class="unseen">, show all of them</span>
          </button>
        </p>
      )}
      <fieldset class="results">
        <legend>Show only</legend>
        {outcomes
          .filter(([outcome]) => number(all, outcome) > 0)
          .map(([outcome, words, colour]) => (
            <button
              key={outcome}
              type="button"
              class={`badge ${colour}`}
              aria-pressed={chosen.has(outcome)}
              onClick={() => toggle(outcome)}
            >
              {number(all, outcome)} {words}
            </button>
          ))}
      </fieldset>
      {of.sections.map((section) => {
        const shown = section.results.filter(
          (each) => (one === null || each.number === one) && (chosen.size === 0 || chosen.has(each.outcome)),
        );
        if (shown.length === 0) return null;
        return (
          <details key={section.number} open={chosen.size > 0 || one !== null}>
            <summary>
              {section.number} {section.title}{" "}
              <span class="dim">
                {outcomes
                  .filter(([outcome]) => number(section.results, outcome) > 0)
                  .map(([outcome, words]) => `${number(section.results, outcome)} ${words}`)
                  .join(", ")}
              </span>
            </summary>
            <ul class="rows">
              {shown.map((result) => (
                <Recommendation key={result.number} of={result} id={id} />
              ))}
            </ul>
          </details>
        );
      })}
    </section>
  );
}

function Recommendation({ of, id }: { readonly of: Result; readonly id: string }) {
  const [, words, colour] = outcomes.find(([outcome]) => outcome === of.outcome) ?? outcomes[1];
  return (
    <li>
      <span class={`badge ${colour}`}>{words}</span>
      <div>
        <strong>{of.number}</strong> {of.title}{" "}
        <span class="dim">
          level {of.level}
          {of.scored ? "" : ", not scored"}
        </span>
        {of.evidence.length > 0 && (
          <ul class="evidence">
            {of.evidence.map(({ subject, message }) => (
              <li key={`${subject} ${message}`}>
                {subject === "engine" ? "" : `${subject}: `}
                {message}
              </li>
            ))}
            {of.more > 0 && <li>and {of.more} more</li>}
          </ul>
        )}
        {of.remedy !== null && <div class="dim">{of.remedy}</div>}
        {of.controls.length > 0 && (of.outcome === "fail" || of.outcome === "unknown") && (
          <div>
            {of.controls.map((control) => (
              <a key={control} class="control" href={href(["findings"], { host: id, control })}>
                {control}
              </a>
            ))}
          </div>
        )}
      </div>
    </li>
  );
}
