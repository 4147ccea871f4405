import { useState } from "preact/hooks";
import { useAccount, useMay } from "../account.ts";
import { type Answer, send } from "../api.ts";
import { useAnswer } from "../live.ts";
import { dateIn, LastDay } from "../parts/accept.tsx";
import { Cause } from "../parts/finding.tsx";
import { Ago, Choice, Severity, Subject, severities, Title, Trouble, useAct, When } from "../parts/parts.tsx";
import { SinceField, timesOf, useLastVisit } from "../parts/since.tsx";
import { Views } from "../parts/views.tsx";
import { href, replaceRoute, useRoute } from "../route.ts";

const groupings = ["control", "image", "project", "host"] as const;
/** Filters that have no field of their own: each has a button that takes it back. */
const chips = [
  "control",
  "host",
  "subject",
  "image",
  "project",
  "area",
  "label",
  "team",
  "assignee",
] as const;
const names = ["state", "severity", "verdict", "q", "since", "until", "sort", ...chips] as const;
const atOnce = 100;

type Filter = Readonly<Record<string, string | undefined>>;

/** The filter of the address as the server takes it. */
function useAsked({ since, until, ...filter }: Filter): Filter {
  const times = timesOf({ since, until }, useLastVisit());
  return { ...filter, since: times.since?.toString(), before: times.before?.toString() };
}

/** What is wrong: grouped or as a list, filtered by what the address says. */
export function FindingsPage({ query }: { readonly query: URLSearchParams }) {
  const filter: Record<string, string | undefined> = {};
  for (const name of names) filter[name] = query.get(name) ?? undefined;
  const by = groupings.find((each) => each === query.get("by"));
  const account = useAccount();
  const put = (more: Filter) => replaceRoute(["findings"], { ...filter, by, ...more });
  const chosen = new Set((filter.severity ?? "").split(",").filter((each) => each !== ""));
  const toggle = (severity: string) => {
    if (!chosen.delete(severity)) chosen.add(severity);
    put({ severity: severities.filter((each) => chosen.has(each)).join(",") });
  };
  const teams = useAnswer("/teams", []).value?.teams ?? [];
  const asked = useAsked(filter);
  const choice = (name: string, label: string, options: readonly (readonly [string, string])[]) => (
    <Choice
      label={label}
      of={options}
      value={query.get(name) ?? options[0]?.[0] ?? ""}
      set={(value) => put({ [name]: value || undefined })}
    />
  );
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
          {choice("state", "Show", [
            ["open", "open"],
            ["worse", "open and got worse"],
            ["accepted", "accepted"],
            ["resolved", "resolved"],
          ])}
          <SinceField of={{ since: filter.since, until: filter.until }} put={put} />
          {choice("verdict", "Verdict", [
            ["", "fail and unknown"],
            ["fail", "fail"],
            ["unknown", "unknown"],
          ])}
          {choice("by", "Group by", [
            ["", "nothing: a list"],
            ...groupings.map((each) => [each, each] as const),
          ])}
          {by === undefined &&
            choice("sort", "Sort", [
              ["worst", "worst first"],
              ["newest", "newest first"],
              ["oldest", "oldest first"],
            ])}
          {teams.length > 0 &&
            choice("team", "Team", [
              ["", "any"],
              ...teams.map(({ id, name }) => [String(id), name] as const),
            ])}
          {account !== null &&
            choice("assignee", "Assigned to", [
              ["", "anybody or nobody"],
              [account.name, "you"],
              ...(filter.assignee === undefined || filter.assignee === account.name
                ? []
                : [[filter.assignee, filter.assignee] as const]),
            ])}
        </form>
      </search>
      <Chosen filter={filter} put={put} />
      <Views query={query} />
      <p class="dim">
        Export what matches:{" "}
        {(["csv", "json"] as const).map((format) => (
          <a
            key={format}
            class="export"
            href={`/api/v1/exports/findings.${format}${exported(asked)}`}
            download
          >
            {format.toUpperCase()}
          </a>
        ))}
      </p>
      {by === undefined ? (
        <List filter={filter} asked={asked} />
      ) : (
        <Groups filter={filter} asked={asked} by={by} />
      )}
    </>
  );
}

function exported({ sort: _, ...filter }: Filter): string {
  const search = new URLSearchParams(
    Object.entries(filter).flatMap(([name, value]) =>
      value === undefined || value === "" ? [] : [[name, value]],
    ),
  ).toString();
  return search === "" ? "" : `?${search}`;
}

/** The filters that have no field of their own, each by name and with a way to take it back. */
function Chosen({ filter, put }: { readonly filter: Filter; readonly put: (more: Filter) => void }) {
  const chosen = chips.filter((name) => filter[name] !== undefined);
  if (chosen.length === 0) return null;
  return (
    <p class="chosen">
      {chosen.map((name) => (
        <button key={name} type="button" onClick={() => put({ [name]: undefined })}>
          {name === "assignee" ? "assigned to" : `${name}:`} <NameOf kind={name} value={filter[name] ?? ""} />{" "}
          <span aria-hidden="true">×</span>
          <span class="unseen">, remove this filter</span>
        </button>
      ))}
    </p>
  );
}

/** Hosts and teams have ids in the address, and names here. */
function NameOf({ kind, value }: { readonly kind: (typeof chips)[number]; readonly value: string }) {
  if (kind === "host") return <HostName id={value} />;
  if (kind === "team") return <TeamName id={value} />;
  return <>{kind === "area" && value === "" ? "beyond" : value}</>;
}

function HostName({ id }: { readonly id: string }) {
  const { value, error } = useAnswer("/hosts/:id", [id]);
  return <>{value?.name ?? (error ? "a host that is not known" : "…")}</>;
}

function TeamName({ id }: { readonly id: string }) {
  const { value } = useAnswer("/teams", []);
  return (
    <>{value ? (value.teams.find((team) => String(team.id) === id)?.name ?? "not one of yours") : "…"}</>
  );
}

type Listed = Answer<"/findings">["findings"][number];

function List({ filter, asked }: { readonly filter: Filter; readonly asked: Filter }) {
  const limit = Math.min(500, Number(useRoute().query.get("show")) || atOnce);
  const showMore = () =>
    replaceRoute(["findings"], { ...filter, show: String(Math.min(500, limit + atOnce)) });
  const findings = useAnswer("/findings", [], { ...asked, limit: String(limit) });
  const may = useMay("operator") && ["open", "worse"].includes(filter.state ?? "open");
  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const select = (ids: readonly number[], isOn: boolean) =>
    setSelected((before) => {
      const next = new Set(before);
      for (const id of ids) isOn ? next.add(id) : next.delete(id);
      return next;
    });
  return (
    <When is={findings}>
      {({ total, mayBeMore, findings: list }) => {
        // What another filter hides is not meant.
        const chosen = list.map(({ id }) => id).filter((id) => selected.has(id));
        return (
          <>
            <p class="dim" aria-live="polite">
              {total === 0
                ? "Nothing matches."
                : `${total} ${total === 1 ? "finding" : "findings"}${mayBeMore ? " or more" : ""}`}
            </p>
            {may && list.length > 1 && (
              <label class="check">
                <input
                  type="checkbox"
                  checked={chosen.length === list.length}
                  onChange={({ currentTarget }) =>
                    select(
                      list.map(({ id }) => id),
                      currentTarget.checked,
                    )
                  }
                />
                Select all {list.length} of this list
              </label>
            )}
            {may && chosen.length > 0 && (
              <Together
                ids={chosen}
                done={() => {
                  select(chosen, false);
                  findings.again();
                }}
              />
            )}
            <ul class="rows">
              {list.map((finding) => (
                <FindingRow key={finding.id} of={finding}>
                  {may && (
                    <input
                      type="checkbox"
                      aria-label={`Select ${finding.title || finding.control} of ${finding.subject} on ${finding.hostName}`}
                      checked={selected.has(finding.id)}
                      onChange={({ currentTarget }) => select([finding.id], currentTarget.checked)}
                    />
                  )}
                </FindingRow>
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
        );
      }}
    </When>
  );
}

/** A finding in a list: what, where, since when, who did it, and who looks after it. */
function FindingRow({
  of: finding,
  children,
}: {
  readonly of: Listed;
  readonly children?: preact.ComponentChildren;
}) {
  const { assignment, last } = finding;
  return (
    <li>
      <div>
        <Severity of={finding.verdict === "unknown" ? "unknown" : finding.severity} />
        {children}
      </div>
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
          {last !== null && (
            <>
              {" "}
              · <Cause of={last.cause} />
            </>
          )}
        </div>
        {assignment !== null && <Assignee of={assignment} />}
      </div>
    </li>
  );
}

/** `ada looks after it until 2027-01-31: a comment`. */
export function Assignee({
  of: { assignee, due, comment },
}: {
  readonly of: NonNullable<Listed["assignment"]>;
}) {
  const isLate = due !== null && due < new Date().toLocaleDateString("sv");
  return (
    <div>
      {assignee} looks after it
      {due !== null && <> until {isLate ? <strong>{due}, which has passed</strong> : due}</>}
      {comment !== "" && <>: {comment}</>}
    </div>
  );
}

/** Accepts or assigns several findings at once. */
export function Together({ ids, done }: { readonly ids: readonly number[]; readonly done: () => void }) {
  const account = useAccount();
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState(dateIn(90));
  const [assignee, setAssignee] = useState(account?.name ?? "");
  const [due, setDue] = useState("");
  const [comment, setComment] = useState("");
  const { trouble, isBusy, act } = useAct(() => {});
  const many = ids.length === 1 ? "this finding" : `${ids.length} findings`;
  const text = (label: string, value: string, set: (text: string) => void, more: object = {}) => (
    <label>
      {label}
      <input value={value} onInput={({ currentTarget }) => set(currentTarget.value)} {...more} />
    </label>
  );
  const assign = (to: string | null) =>
    act(
      send("POST /assignments", [], {
        ...{ findings: ids, assignee: to, comment },
        due: due === "" ? null : due,
      }).then(done),
    );
  return (
    <section class="card together" aria-label={`With ${many}`}>
      <Trouble of={trouble} />
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          assign(assignee);
        }}
      >
        {text("Assign to", assignee, setAssignee, { required: true, maxLength: 64 })}
        {text("Due day", due, setDue, { type: "date" })}
        {text("Comment", comment, setComment, { maxLength: 1_000 })}
        <button type="submit" disabled={isBusy}>
          Assign {many}
        </button>
        <button type="button" disabled={isBusy} onClick={() => assign(null)}>
          Assign to nobody
        </button>
      </form>
      {ids.length > 1 && (
        <form
          class="filters"
          onSubmit={(event) => {
            event.preventDefault();
            act(acceptAll(ids, reason, until).finally(done));
          }}
        >
          {text("Reason to accept them", reason, setReason, { required: true, maxLength: 1_000 })}
          <LastDay value={until} set={setUntil} />
          <button type="submit" disabled={isBusy}>
            Accept {many}
          </button>
        </form>
      )}
    </section>
  );
}

/** One after another: the first that is refused ends it, and says why. */
async function acceptAll(ids: readonly number[], reason: string, until: string): Promise<void> {
  for (const finding of ids) {
    await send("POST /acceptances", [], { scope: "finding", finding, reason, until });
  }
}

function Groups({
  filter,
  asked: { sort: _, ...asked },
  by,
}: {
  readonly filter: Filter;
  readonly asked: Filter;
  readonly by: (typeof groupings)[number];
}) {
  const groups = useAnswer("/findings/groups", [], { ...asked, by, limit: "500" });
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
