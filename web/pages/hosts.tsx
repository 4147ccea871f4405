import { useMay } from "../account.ts";
import type { Answer } from "../api.ts";
import { type Loaded, useAnswer } from "../live.ts";
import { Changes } from "../parts/changes.tsx";
import { HostLabels } from "../parts/host-labels.tsx";
import { Ago, Counts, Scroll, Title, When } from "../parts/parts.tsx";
import { Portrait } from "../parts/portrait.tsx";
import { RemoveHost } from "../parts/remove-host.tsx";
import { href, replaceRoute, useRoute } from "../route.ts";

export function HostsPage() {
  const isAdministrator = useMay("administrator");
  const text = useRoute().query.get("q") ?? "";
  const hosts = useAnswer("/hosts", [], { q: text });
  return (
    <>
      <Title of="Hosts" />
      <p class="actions">
        <input
          type="search"
          aria-label="Search hosts by name"
          placeholder="Search hosts by name"
          value={text}
          onInput={({ currentTarget }) => replaceRoute(["hosts"], { q: currentTarget.value })}
        />
        {isAdministrator && <a href={href(["settings"])}>Add hosts in Settings</a>}
      </p>
      <List of={hosts} text={text} />
    </>
  );
}

function List({ of, text }: { readonly of: Loaded<Answer<"/hosts">>; readonly text: string }) {
  return (
    <When is={of}>
      {({ total, hosts: list }) => (
        <>
          {total === 0 && (
            <p class="dim">{text === "" ? "No host was read yet." : "No host has such a name."}</p>
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
            {value.list.length === 0 ? (
              <p class="dim">No containers.</p>
            ) : (
              <Scroll name="Containers">
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
                    {value.list.map((each) => (
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
                        <td>
                          {each.image !== null && <a href={href(["images", each.image])}>{each.image}</a>}
                        </td>
                        <td>{each.project}</td>
                        <td>{each.running ? "running" : "not running"}</td>
                        <td>
                          {each.proven === null ? <span class="dim">never</span> : <Ago time={each.proven} />}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </Scroll>
            )}
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

function Labels({ of }: { readonly of: Readonly<Record<string, string>> }) {
  return (
    <>
      {Object.entries(of).map(([name, value]) => (
        <span key={name}>
          {" "}
          <code>
            {name}={value}
          </code>
        </span>
      ))}
    </>
  );
}
