import { useState } from "preact/hooks";
import { useMay } from "../account.ts";
import { type Answer, send } from "../api.ts";
import { type Loaded, useAnswer } from "../live.ts";
import { Changes } from "../parts/finding.tsx";
import { Ago, Choice, Counts, riskOf, Scroll, Title, Trouble, useAct, When } from "../parts/parts.tsx";
import { Portrait } from "../parts/portrait.tsx";
import { useSince } from "../parts/since.tsx";
import { href, replaceRoute, useRoute } from "../route.ts";

const sorts = [
  ["name", "by name"],
  ["worst", "worst first"],
  ["silent", "longest without a report"],
] as const;

export function HostsPage() {
  const isAdministrator = useMay("administrator");
  const { query } = useRoute();
  const text = query.get("q") ?? "";
  const sort = sorts.find(([each]) => each === query.get("sort"))?.[0] ?? "name";
  const { field, times, isAnyTime } = useSince();
  const hosts = useAnswer("/hosts", [], { q: text, sort, ...times });
  const put = (q: string, by: (typeof sorts)[number][0]) =>
    replaceRoute(["hosts"], { q, sort: by === "name" ? undefined : by });
  return (
    <>
      <Title of="Hosts" />
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          Search
          <input
            type="search"
            placeholder="a part of the name"
            value={text}
            onInput={({ currentTarget }) => put(currentTarget.value, sort)}
          />
        </label>
        {field}
        <Choice label="Sort" of={sorts} value={sort} set={(by) => put(text, by)} />
        {isAdministrator && <a href={href(["settings"])}>Add hosts in Settings</a>}
      </form>
      <List of={hosts} isAll={text === "" && isAnyTime} />
    </>
  );
}

function List({ of, isAll }: { readonly of: Loaded<Answer<"/hosts">>; readonly isAll: boolean }) {
  return (
    <When is={of}>
      {({ total, hosts: list }) => (
        <>
          {total === 0 && (
            <p class="dim">
              {isAll ? "No host was read yet." : "No host has such a name and a change in this time."}
            </p>
          )}
          {total > list.length && (
            <p class="dim">
              The first {list.length} of {total} hosts are shown: search for the others.
            </p>
          )}
          <ul class="rows">
            {list.map((host) => (
              <li key={host.id}>
                <div>
                  <a href={href(["hosts", host.id])}>{host.name}</a>{" "}
                  {!host.connected && <span class="badge high">Engine does not answer</span>}
                  <div class="dim">
                    {host.containers} containers, {host.running} running · {host.engine} · last report{" "}
                    <Ago time={host.seen} /> <Labels of={host.labels} />
                  </div>
                  <Counts of={host.bySeverity} query={{ host: host.id, verdict: "fail" }} />
                </div>
              </li>
            ))}
          </ul>
        </>
      )}
    </When>
  );
}

/** A host: its containers, what its daemon and kernel are set to, the CIS table, and what changed. */
export function HostPage({ id, query }: { readonly id: string; readonly query: URLSearchParams }) {
  const host = useAnswer("/hosts/:id", [id]);
  return (
    <When is={host}>
      {(value) => (
        <>
          <Title of={value.name} />
          <p class="dim">
            {value.connected ? "Watched" : "Its Engine does not answer"} at {value.engine} by bulkhead{" "}
            {value.version} · last report <Ago time={value.seen} /> <Labels of={value.labels} />
          </p>
          <p>
            <Counts of={value.bySeverity} query={{ host: id, verdict: "fail" }} />{" "}
            <a href={href(["findings"], { host: id, subject: "engine" })}>Findings of the Engine itself</a>
          </p>
          <section class="card">
            <h2>Containers</h2>
            <Containers id={id} of={value.list.toSorted(byRisk)} />
          </section>
          <Portrait id={id} query={query} />
          <Changes title="What changed" of={value.changes} />
          <HostLabels
            id={id}
            labels={value.labels}
            told={value.toldLabels}
            pinned={value.pinned}
            again={host.again}
          />
          <RemoveHost id={id} name={value.name} />
        </>
      )}
    </When>
  );
}

type Container = Answer<"/hosts/:id">["list"][number];

function byRisk(one: Container, other: Container): number {
  return riskOf(other.bySeverity) - riskOf(one.bySeverity) || (one.name < other.name ? -1 : 1);
}

const firstShown = 10;

/** The riskiest, and behind them the others. */
function Containers({ id, of }: { readonly id: string; readonly of: readonly Container[] }) {
  if (of.length === 0) return <p class="dim">No containers.</p>;
  const others = of.slice(firstShown);
  return (
    <>
      <ContainerTable id={id} of={of.slice(0, firstShown)} name="Containers" />
      {others.length > 0 && (
        <details>
          <summary>{others.length} more, with less at stake</summary>
          <ContainerTable id={id} of={others} name="More containers" />
        </details>
      )}
    </>
  );
}

function ContainerTable({
  id,
  of,
  name,
}: {
  readonly id: string;
  readonly of: readonly Container[];
  readonly name: string;
}) {
  return (
    <Scroll name={name}>
      <table class="containers">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Open</th>
            <th scope="col">Image</th>
            <th scope="col">Project</th>
            <th scope="col">State</th>
            <th scope="col">Proven</th>
          </tr>
        </thead>
        <tbody>
          {of.map((each) => (
            <tr key={each.name}>
              <th scope="row">
                <a href={href(["hosts", id, each.name])}>{each.name}</a>
              </th>
              <td>
                <Counts
                  of={each.bySeverity}
                  query={{ host: id, subject: `container:${each.name}`, verdict: "fail" }}
                />
              </td>
              <td>{each.image !== null && <a href={href(["images", each.image])}>{each.image}</a>}</td>
              <td>{each.project}</td>
              <td>{each.running ? "running" : "not running"}</td>
              <td>{each.proven === null ? <span class="dim">never</span> : <Ago time={each.proven} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Labels({ of }: { readonly of: Readonly<Record<string, string>> }) {
  return (
    <>
      {Object.entries(of).map(([name, value]) => (
        <span key={name}>
          {" "}
          <a href={href(["findings"], { label: `${name}=${value}` })}>
            <code>
              {name}={value}
            </code>
          </a>
        </span>
      ))}
    </>
  );
}

/** Removes a host with its history, once its name was typed. */
function RemoveHost({ id, name }: { readonly id: string; readonly name: string }) {
  const [typed, setTyped] = useState("");
  const { trouble, isBusy, act } = useAct(() => {});
  if (!useMay("administrator")) return null;
  return (
    <details class="card" id="remove">
      <summary>Remove this host</summary>
      <p>
        This removes the host with its findings, its history and its acceptances. It cannot be undone. The
        host can no longer report here: to enrol it again, remove its key first, as the guide says.
      </p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          act(
            send("DELETE /hosts/:id", [id]).then(() => {
              location.hash = href(["hosts"]);
            }),
          );
        }}
      >
        <label>
          Type {name} to confirm
          <input
            required
            autocomplete="off"
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={isBusy || typed !== name}>
          Remove the host and its history
        </button>
        <Trouble of={trouble} />
      </form>
    </details>
  );
}

type LabelsOf = Readonly<Record<string, string>>;

const written = (labels: LabelsOf) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");

/** Sets the labels of a host, by which teams see it, whatever the host says of itself. */
function HostLabels({
  id,
  labels,
  told,
  pinned,
  again,
}: {
  readonly id: string;
  readonly labels: LabelsOf;
  readonly told: LabelsOf;
  readonly pinned: boolean;
  readonly again: () => void;
}) {
  const [text, setText] = useState(written(labels));
  const { trouble, isBusy, act } = useAct(again);
  if (!useMay("administrator")) return null;
  const set = (next: readonly string[] | null) => act(send("PUT /hosts/:id/labels", [id], { labels: next }));
  return (
    <details class="card" id="labels">
      <summary>Labels: {pinned ? "set here" : "as the host says"}</summary>
      <p class="dim">
        Teams see a host by its labels. Root on the host can change what it says; labels that you set here
        stay. The host says: {written(told) === "" ? "nothing" : <code>{written(told)}</code>}.
      </p>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          set(text.split(/[\s,]+/).filter((each) => each !== ""));
        }}
      >
        <label>
          Labels of this host
          <input
            value={text}
            placeholder="env=prod region=eu"
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={isBusy}>
          Set
        </button>
        {pinned && (
          <button type="button" disabled={isBusy} onClick={() => set(null)}>
            Use what the host says
          </button>
        )}
        <Trouble of={trouble} />
      </form>
    </details>
  );
}
