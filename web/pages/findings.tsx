import { useAnswer } from "../live.ts";
import { Ago, Severity, Subject, severities, Title, When } from "../parts/parts.tsx";
import { href, replaceRoute, useRoute } from "../route.ts";

const groupings = ["control", "image", "project", "host"] as const;
const names = [
  "state",
  "severity",
  "verdict",
  "control",
  "host",
  "subject",
  "image",
  "project",
  "area",
  "q",
] as const;
const atOnce = 100;

/** What is wrong: grouped or as a list, filtered by what the address says. */
export function FindingsPage({ query }: { readonly query: URLSearchParams }) {
  const filter: Record<string, string | undefined> = {};
  for (const name of names) filter[name] = query.get(name) ?? undefined;
  const by = groupings.find((each) => each === query.get("by"));
  const put = (more: Readonly<Record<string, string | undefined>>) =>
    replaceRoute(["findings"], { ...filter, by, ...more });
  const chosen = new Set((filter.severity ?? "").split(",").filter((each) => each !== ""));
  const toggle = (severity: string) => {
    if (!chosen.delete(severity)) chosen.add(severity);
    put({ severity: severities.filter((each) => chosen.has(each)).join(",") });
  };
  return (
    <>
      <Title of="Findings" />
      <search>
        <form class="filters" onSubmit={(event) => event.preventDefault()}>
          <label>
            Search
            <input
              type="search"
              value={filter.q ?? ""}
              placeholder="control, container, image, host or words"
              onInput={({ currentTarget }) => put({ q: currentTarget.value })}
            />
          </label>
          <fieldset>
            <legend>Severity</legend>
            {severities.map((severity) => (
              <button
                key={severity}
                type="button"
                class={`badge ${severity}`}
                aria-pressed={chosen.has(severity)}
                onClick={() => toggle(severity)}
              >
                {severity}
              </button>
            ))}
          </fieldset>
          <label>
            Show
            <select
              value={filter.state ?? "open"}
              onChange={({ currentTarget }) => put({ state: currentTarget.value })}
            >
              <option value="open">open</option>
              <option value="accepted">accepted</option>
              <option value="resolved">resolved</option>
            </select>
          </label>
          <label>
            Verdict
            <select
              value={filter.verdict ?? ""}
              onChange={({ currentTarget }) => put({ verdict: currentTarget.value })}
            >
              <option value="">fail and unknown</option>
              <option value="fail">fail</option>
              <option value="unknown">unknown</option>
            </select>
          </label>
          <label>
            Group by
            <select value={by ?? ""} onChange={({ currentTarget }) => put({ by: currentTarget.value })}>
              <option value="">nothing: a list</option>
              {groupings.map((each) => (
                <option key={each} value={each}>
                  {each}
                </option>
              ))}
            </select>
          </label>
        </form>
      </search>
      <Chosen filter={filter} put={put} />
      <p class="dim">
        Export what matches:{" "}
        {(["csv", "json"] as const).map((format) => (
          <a
            key={format}
            class="export"
            href={`/api/v1/exports/findings.${format}${exported(filter)}`}
            download
          >
            {format.toUpperCase()}
          </a>
        ))}
      </p>
      {by === undefined ? <List filter={filter} /> : <Groups filter={filter} by={by} />}
    </>
  );
}

function exported(filter: Filter): string {
  const search = new URLSearchParams(
    Object.entries(filter).flatMap(([name, value]) =>
      value === undefined || value === "" ? [] : [[name, value]],
    ),
  ).toString();
  return search === "" ? "" : `?${search}`;
}

type Filter = Readonly<Record<string, string | undefined>>;

/** The filters that have no field of their own, each with a way to take it back. */
function Chosen({ filter, put }: { readonly filter: Filter; readonly put: (more: Filter) => void }) {
  const others = ["control", "host", "subject", "image", "project", "area"].filter(
    (name) => filter[name] !== undefined,
  );
  if (others.length === 0) return null;
  return (
    <p class="chosen">
      {others.map((name) => (
        <button key={name} type="button" onClick={() => put({ [name]: undefined })}>
          {name}: {filter[name]} <span aria-hidden="true">×</span>
          <span class="unseen">, remove this filter</span>
        </button>
      ))}
    </p>
  );
}

function List({ filter }: { readonly filter: Filter }) {
  const limit = Math.min(500, Number(useRoute().query.get("show")) || atOnce);
  const showMore = () =>
    replaceRoute(["findings"], { ...filter, show: String(Math.min(500, limit + atOnce)) });
  const findings = useAnswer("/findings", [], { ...filter, limit: String(limit) });
  return (
    <When is={findings}>
      {({ total, mayBeMore, findings: list }) => (
        <>
          <p class="dim" aria-live="polite">
            {total === 0
              ? "Nothing matches."
              : `${total} ${total === 1 ? "finding" : "findings"}${mayBeMore ? " or more" : ""}`}
          </p>
          <ul class="rows">
            {list.map((finding) => (
              <li key={finding.id}>
                <Severity of={finding.verdict === "unknown" ? "unknown" : finding.severity} />
                <div>
                  <a href={href(["findings", String(finding.id)])}>{finding.title || finding.control}</a>
                  <div>{finding.message}</div>
                  <div class="dim">
                    <Subject host={finding.host} subject={finding.subject} /> on{" "}
                    <a href={href(["hosts", finding.host])}>{finding.hostName}</a>
                    {finding.image !== null && <> · {finding.image}</>} ·{" "}
                    {finding.resolved === null ? (
                      <>
                        open since <Ago time={finding.opened} />
                      </>
                    ) : (
                      <>
                        resolved <Ago time={finding.resolved} />
                      </>
                    )}
                  </div>
                </div>
              </li>
            ))}
          </ul>
          {list.length < total && limit < 500 && (
            <button type="button" onClick={showMore}>
              Show more
            </button>
          )}
          {list.length < total && limit >= 500 && (
            <p class="dim">The first 500 are shown: search, or choose a severity or a group.</p>
          )}
        </>
      )}
    </When>
  );
}

function Groups({ filter, by }: { readonly filter: Filter; readonly by: (typeof groupings)[number] }) {
  const groups = useAnswer("/findings/groups", [], { ...filter, by, limit: "500" });
  return (
    <When is={groups}>
      {({ groups: list }) => (
        <>
          <p class="dim" aria-live="polite">
            {list.length === 0
              ? "Nothing matches."
              : `${list.length} ${list.length === 1 ? "group" : "groups"}`}
          </p>
          <ul class="rows">
            {list.map((group) => (
              <li key={group.key}>
                <Severity of={group.severity} />
                <div>
                  {group.key === "" ? (
                    <span>none</span>
                  ) : (
                    <a href={href(["findings"], { ...filter, [by]: group.key })}>
                      {group.title || group.name}
                    </a>
                  )}
                  <div class="dim">
                    {group.findings} {group.findings === 1 ? "finding" : "findings"} in {group.subjects}{" "}
                    {group.subjects === 1 ? "subject" : "subjects"} on {group.hosts}{" "}
                    {group.hosts === 1 ? "host" : "hosts"}, the newest <Ago time={group.newest} />
                  </div>
                </div>
              </li>
            ))}
          </ul>
        </>
      )}
    </When>
  );
}
