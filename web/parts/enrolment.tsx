import { useState } from "preact/hooks";
import { Refused, send } from "../api.ts";

const lasting = [
  { hours: 1, words: "an hour" },
  { hours: 24, words: "a day" },
  { hours: 720, words: "30 days" },
];

/** A token by which hosts enrol, and the command that uses it. */
export function Enrolment() {
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
          <pre tabIndex={0}>
            {`sudo BULKHEAD_ENROL_TOKEN=${token} bulkhead watch --report-to ${location.origin}`}
          </pre>
          {location.protocol === "https:" && (
            <p class="dim">
              If you made the certificate of this page yourself, copy it to each host first, and write{" "}
              <code>NODE_EXTRA_CA_CERTS=server.pem</code> before <code>bulkhead</code>.
            </p>
          )}
        </div>
      )}
    </section>
  );
}

/** Null if none is written: a host then says itself what it is. */
function listed(text: string): readonly string[] | null {
  const labels = text.split(/[\s,]+/).filter((each) => each !== "");
  return labels.length === 0 ? null : labels;
}
