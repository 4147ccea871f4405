import { useState } from "preact/hooks";
import { type Answer, type Made, send } from "../api.ts";
import { replaceRoute } from "../route.ts";
import { Verdict } from "./decisions.tsx";
import { Ago, Trouble, useAct } from "./parts.tsx";

interface Props {
  readonly host: string;
  readonly guards: Answer<"/hosts/:id/policies">["guards"];
  readonly query: URLSearchParams;
}

/** Tries a policy on what was decided in the last seven days. It changes nothing anywhere. */
export function TryPolicy({ host, guards, query }: Props) {
  const all = Object.fromEntries(query);
  const put = (more: Readonly<Record<string, string | undefined>>) =>
    replaceRoute(["policies", host], { ...all, ...more });
  const chosen = guards.find((each) => each.log === query.get("log"));
  const guard = chosen ?? guards.find(({ state }) => state !== "unknown") ?? guards[0];
  const log = guard?.log ?? "";
  const client = query.get("client") ?? "";
  const [candidate, setCandidate] = useState("");
  const [tried, setTried] = useState<Made<"POST /policies/try">>();
  const { trouble, isBusy, act } = useAct(() => {});
  const inUse = guard?.clients.find(({ name }) => name === (client || "default"))?.yaml;
  return (
    <details class="card" id="try">
      <summary>Try another policy</summary>
      <p>
        What would a policy have denied of the requests of the last seven days? Nothing changes on the host.
        The guard's log holds no bodies: what depends on them is <em>unknown</em> and does not count as
        passed.
      </p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          setTried(undefined);
          act(
            send("POST /policies/try", [], {
              ...{ host, log, candidate },
              ...(client === "" ? {} : { client }),
            }).then(setTried),
          );
        }}
      >
        {guards.length > 1 && (
          <label>
            Guard
            <select value={log} onChange={({ currentTarget }) => put({ log: currentTarget.value })}>
              {guards.map((each) => (
                <option key={each.log}>{each.log}</option>
              ))}
            </select>
          </label>
        )}
        <label>
          Requests of
          <select value={client} onChange={({ currentTarget }) => put({ log, client: currentTarget.value })}>
            <option value="">every client</option>
            {guard?.clients.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          The policy, as bulkhead.yaml says it
          <textarea
            required
            rows={14}
            maxLength={60_000}
            spellcheck={false}
            placeholder={"guard:\n  groups: { lifecycle: deny }\n  allow:\n    images: [ghcr.io/shop/*]"}
            value={candidate}
            onInput={({ currentTarget }) => setCandidate(currentTarget.value)}
          />
        </label>
        <p class="actions">
          <button type="submit" disabled={isBusy}>
            Try it
          </button>{" "}
          {typeof inUse === "string" && (
            <button type="button" onClick={() => setCandidate(inUse)}>
              Start from the policy of {client || "default"}
            </button>
          )}
        </p>
        <Trouble of={trouble} />
      </form>
      {tried && trouble === "" && <Tried of={tried} />}
    </details>
  );
}

function Tried({ of }: { readonly of: Made<"POST /policies/try"> }) {
  const { since, now, newlyDenied, onlyWarns, isPart, rows, more } = of;
  if (since === null) return <p role="status">No decision of the last seven days is known.</p>;
  const all = now.allow + now.deny + now.unknown;
  return (
    <>
      <p role="status" class="tried">
        Of {all} known {all === 1 ? "request" : "requests"}, the oldest <Ago time={since} />, this policy
        would have denied <strong>{now.deny}</strong> ({newlyDenied} of them were let through) and allowed{" "}
        {now.allow}. {now.unknown} cannot be decided again.
      </p>
      {onlyWarns.length > 0 && (
        <p>
          For {onlyWarns.join(", ")} the policy only warns or learns: it denies nothing until its mode is{" "}
          <code>enforce</code>.
        </p>
      )}
      {isPart && <p>Only the most frequent kinds of requests were tried.</p>}
      <ul class="rows" aria-label="What the policy says">
        {rows.map((row) => (
          <li key={JSON.stringify([row.client, row.route, row.object, row.was, row.rules])}>
            <Verdict of={row.now} />
            <div>
              <strong>{row.route ?? "a route that the Engine does not have"}</strong>
              {Object.values(row.object).length > 0 && <> of {Object.values(row.object).join(", ")}</>}
              {" · "}
              {row.times === 1 ? "once" : `${row.times} times`} by {row.client}
              <div>
                {row.why} {row.rule !== null && <span class="dim">({row.rule})</span>}
              </div>
              <div class="dim">
                was {wordOf(row)} {row.rules.length > 0 && <>({row.rules.join(", ")})</>}
              </div>
            </div>
          </li>
        ))}
      </ul>
      {more > 0 && <p class="dim">{more} more kinds of requests are not shown.</p>}
    </>
  );
}

function wordOf({ was, rules }: Made<"POST /policies/try">["rows"][number]): string {
  if (was === "deny") return "denied";
  if (was === "harden") return "hardened";
  return rules.length > 0 ? "allowed with a warning" : "allowed";
}
