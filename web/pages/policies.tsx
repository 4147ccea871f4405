import type { Answer } from "../api.ts";
import { type Loaded, useAnswer } from "../live.ts";
import { Decisions } from "../parts/decisions.tsx";
import { Ago, Scroll, Title, When } from "../parts/parts.tsx";
import { TryPolicy } from "../parts/try-policy.tsx";
import { href, replaceRoute } from "../route.ts";

type Guard = Answer<"/policies">["guards"][number];

/** The guards of all hosts: their clients, what was decided for each, and the latest decisions. */
export function PoliciesPage({ query }: { readonly query: URLSearchParams }) {
  const text = query.get("q") ?? "";
  const guards = useAnswer("/policies", [], { q: text });
  const filters = Object.fromEntries(query);
  return (
    <>
      <Title of="Policies" />
      <p>
        <input
          type="search"
          aria-label="Search hosts by name"
          placeholder="Search hosts by name"
          value={text}
          onInput={({ currentTarget }) => replaceRoute(["policies"], { ...filters, q: currentTarget.value })}
        />
      </p>
      <Guards of={guards} text={text} />
      <Decisions path={["policies"]} query={query} />
    </>
  );
}

function Guards({ of, text }: { readonly of: Loaded<Answer<"/policies">>; readonly text: string }) {
  return (
    <When is={of}>
      {({ total, guards }) => (
        <>
          {total === 0 && text !== "" && <p class="dim">No host with a guard has such a name.</p>}
          {total === 0 && text === "" && (
            <p class="card">
              No host tells of a guard yet. Let <code>bulkhead guard</code> log to a file, and name the file
              in <code>watch.guardLogs</code> of the bulkhead.yaml that <code>watch</code> or{" "}
              <code>serve</code> reads on that host.
            </p>
          )}
          {total > guards.length && (
            <p class="dim">
              The first {guards.length} of {total} guards are shown: search for the others.
            </p>
          )}
          {guards.map((guard) => (
            <section class="card" key={`${guard.host} ${guard.log}`}>
              <h2>
                <a href={href(["policies", guard.host])}>{guard.hostName}</a>
              </h2>
              <About guard={guard} />
              <Clients guard={guard} />
            </section>
          ))}
        </>
      )}
    </When>
  );
}

/** The guards of a host: each client's whole policy, what was decided, and what another policy would have denied. */
export function HostPoliciesPage({
  host,
  query,
}: {
  readonly host: string;
  readonly query: URLSearchParams;
}) {
  const policies = useAnswer("/hosts/:id/policies", [host]);
  return (
    <When is={policies}>
      {({ guards }) => (
        <>
          <Title of={`Policies of ${guards[0]?.hostName ?? "this host"}`} />
          <p>
            <a href={href(["policies"])}>All policies</a> · <a href={href(["hosts", host])}>The host</a>
          </p>
          {guards.length === 0 && <p class="dim">No guard of this host is known.</p>}
          {guards.map((guard) => (
            <section class="card" key={guard.log}>
              <h2>{guard.log}</h2>
              <About guard={guard} />
              <Clients guard={guard} />
              {guard.clients.map(({ name, yaml }) =>
                yaml === null ? null : (
                  <details key={name}>
                    <summary>The policy of {name}</summary>
                    <Scroll name={`The policy of ${name}`}>
                      <pre>{yaml}</pre>
                    </Scroll>
                  </details>
                ),
              )}
            </section>
          ))}
          {guards.length > 0 && <TryPolicy host={host} guards={guards} query={query} />}
          <Decisions path={["policies", host]} query={query} host={host} />
        </>
      )}
    </When>
  );
}

function About({ guard }: { readonly guard: Guard }) {
  const { kind, version, since, seen, state, log } = guard;
  if (kind === null || since === null || seen === null) {
    return (
      <p>
        <span class="badge unknown">unknown</span>{" "}
        <span class="dim">
          No guard says that it writes {log}: it ended, it is of an older version, or its files cannot be
          read.
        </span>
      </p>
    );
  }
  return (
    <p>
      {state === "running" ? <span class="badge pass">running</span> : <span class="badge high">silent</span>}{" "}
      <span class="dim">
        {kind === "proxy" ? "A proxy in front of the Engine" : "An authorization plugin of dockerd"}, bulkhead{" "}
        {version} · this policy holds since <Ago time={since} />
        {state === "silent" && (
          <>
            {" "}
            · it last showed <Ago time={seen} /> that it runs
          </>
        )}{" "}
        · logs to {log}
      </span>
    </p>
  );
}

function Clients({ guard: { host, hostName, log, clients } }: { readonly guard: Guard }) {
  if (clients.length === 0) return <p class="dim">No decision of it is known.</p>;
  return (
    <Scroll name={`Clients on ${hostName} (${log})`}>
      <table class="containers">
        <caption class="dim">Requests of the last seven days</caption>
        <thead>
          <tr>
            <th scope="col">Client</th>
            <th scope="col">Policy</th>
            <th scope="col">Comes in at</th>
            <th scope="col">Allowed</th>
            <th scope="col">Hardened</th>
            <th scope="col">Denied</th>
          </tr>
        </thead>
        <tbody>
          {clients.map(({ name, policy, mode, listen, certificates, from, counts }) => (
            <tr key={name}>
              <th scope="row">
                <a href={href(["policies", host], { log, client: name })}>{name}</a>
              </th>
              <td>
                {policy ?? <span class="dim">not known</span>}{" "}
                {mode !== null && mode !== "enforce" && (
                  <span class="badge medium">{mode === "warn" ? "only warns" : "only learns"}</span>
                )}
              </td>
              <td>{[...listen, ...certificates.map((each) => `certificate ${each}`), ...from].join(", ")}</td>
              <td>
                {counts.allowed + counts.warned}
                {counts.warned > 0 && <span class="dim"> ({counts.warned} would be denied or changed)</span>}
              </td>
              <td>{counts.hardened}</td>
              <td>{counts.denied}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
