import { useState } from "preact/hooks";
import { Refused, send } from "../api.ts";
import { useAnswer } from "../live.ts";
import { href } from "../route.ts";
import { Ago, Trouble, useAct } from "./parts.tsx";

const lasting = [
  { hours: 1, words: "an hour" },
  { hours: 24, words: "a day" },
  { hours: 720, words: "30 days" },
];

/** The address that other machines use: the page's own, unless only this machine reaches it. */
function reachable(origin: string): string {
  const { protocol, hostname, port } = new URL(origin);
  const isHere = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  return isHere ? "" : `${protocol}//${hostname}${port === "" ? "" : `:${port}`}`;
}

/** Tokens by which hosts enrol, and the command that uses one. */
export function Enrolment() {
  const [address, setAddress] = useState(reachable(location.origin));
  const enrolments = useAnswer("/enrolments", []);
  const { trouble: refused, act } = useAct(enrolments.again);
  const [hours, setHours] = useState(1);
  const [labels, setLabels] = useState("");
  const [token, setToken] = useState("");
  const [trouble, setTrouble] = useState("");
  return (
    <section class="card">
      <h2>Add hosts</h2>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          send("POST /enrolments", [], { hours, labels: listed(labels) }).then(
            (made) => {
              setToken(made.token);
              setTrouble("");
              enrolments.again();
            },
            (reason: unknown) => setTrouble(reason instanceof Refused ? reason.message : String(reason)),
          );
        }}
      >
        <label>
          A token for
          <select
            value={String(hours)}
            onChange={({ currentTarget }) => setHours(Number(currentTarget.value))}
          >
            {lasting.map((each) => (
              <option key={each.hours} value={String(each.hours)}>
                {each.words}
              </option>
            ))}
          </select>
        </label>
        <label>
          Labels of these hosts (optional)
          <input
            value={labels}
            placeholder="what each host says"
            onInput={({ currentTarget }) => setLabels(currentTarget.value)}
          />
        </label>
        <label>
          Where other machines reach this page
          <input
            type="url"
            required
            value={address}
            placeholder="https://bulkhead.example.org"
            onInput={({ currentTarget }) => setAddress(currentTarget.value)}
          />
        </label>
        <button type="submit">Make a token for hosts</button>
      </form>
      {trouble !== "" && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      {token !== "" && (
        <div role="status">
          <p>Run this on each host. It is shown once, and any number of hosts can use it until it expires:</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
          <pre tabIndex={0}>{`sudo BULKHEAD_ENROL_TOKEN=${token} bulkhead watch --report-to ${address}`}</pre>
          {reachable(location.origin) === "" && (
            <p class="dim">
              No other machine reaches {location.origin}. Start <code>bulkhead serve</code> with{" "}
              <code>--listen</code> and a certificate, or with <code>--url</code> behind a proxy, so that{" "}
              {address} answers.
            </p>
          )}
          {address.startsWith("https:") && (
            <p class="dim">
              If you made the certificate of this page yourself, copy it to each host first, and write{" "}
              <code>NODE_EXTRA_CA_CERTS=server.pem</code> before <code>bulkhead</code>.
            </p>
          )}
        </div>
      )}
      <Trouble of={refused} />
      {(enrolments.value?.enrolments ?? []).length > 0 && <h3>Tokens and their hosts</h3>}
      <ul class="rows">
        {enrolments.value?.enrolments.map(({ id, author, created, expires, isOver, hosts }) => (
          <li key={id}>
            <div>
              made by {author} <Ago time={created} />;{" "}
              {isOver ? (
                "has ended"
              ) : (
                <>
                  ends <Ago time={expires} />
                </>
              )}
              {hosts.length > 0 && (
                <details>
                  <summary>
                    {hosts.length} {hosts.length === 1 ? "host" : "hosts"}
                  </summary>
                  <ul>
                    {hosts.map((host) => (
                      <li key={host.id}>
                        <a href={href(["hosts", host.id])}>{host.name}</a>
                      </li>
                    ))}
                  </ul>
                </details>
              )}
              <p class="actions">
                {!isOver && (
                  <button type="button" onClick={() => act(send("DELETE /enrolments/:id", [String(id)]))}>
                    End this token
                  </button>
                )}{" "}
                {hosts.length > 0 && (
                  <button
                    type="button"
                    onClick={() => {
                      if (confirm(`Remove ${hosts.length} hosts with all that is known of them?`))
                        act(send("DELETE /enrolments/:id/hosts", [String(id)]));
                    }}
                  >
                    Remove its hosts
                  </button>
                )}
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Null if none is written: a host then says itself what it is. */
function listed(text: string): readonly string[] | null {
  const labels = text.split(/[\s,]+/).filter((each) => each !== "");
  return labels.length === 0 ? null : labels;
}
