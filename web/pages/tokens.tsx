import { useState } from "preact/hooks";
import { type TokenScope, tokenScopes } from "../../src/fleet/api.ts";
import { useAccount } from "../account.ts";
import { send } from "../api.ts";
import { useAnswer } from "../live.ts";
import { Ago, Scroll, Trouble, useAct, When } from "../parts/parts.tsx";
import { Sees, seenBy } from "../parts/teams.tsx";

const meanings: Readonly<Record<TokenScope, string>> = {
  read: "read what the page shows",
  operate: "accept findings",
  administer: "manage accounts and settings",
  metrics: "read /metrics",
};

/** API tokens: who has which, what they may, and when they were last used. */
export function TokenList() {
  const account = useAccount();
  const tokens = useAnswer("/tokens", []);
  const teams = useAnswer("/teams", []).value?.teams ?? [];
  const { trouble, act } = useAct(tokens.again);
  return (
    <section class="card">
      <h2>API tokens</h2>
      <p class="dim">
        A program sends its token as <code>Authorization: Bearer TOKEN</code>. A token can never do more than
        its account.
      </p>
      <Trouble of={trouble} />
      <When is={tokens}>
        {({ tokens: list }) =>
          list.length === 0 ? (
            <p class="dim">No tokens yet.</p>
          ) : (
            <Scroll name="API tokens">
              <table class="containers">
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    {account?.role === "administrator" && <th scope="col">Account</th>}
                    <th scope="col">Scopes</th>
                    <th scope="col">Last used</th>
                    <th scope="col">Ends</th>
                    <th scope="col">
                      <span class="unseen">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {list.map(({ id, name, owner, scopes, used, expires, teams: sees }) => (
                    <tr key={id}>
                      <th scope="row">{name}</th>
                      {account?.role === "administrator" && <td>{owner}</td>}
                      <td>
                        {scopes.join(", ")}
                        {sees !== null && <div class="dim">on {seenBy(sees, teams)}</div>}
                      </td>
                      <td>{used === null ? <span class="dim">never</span> : <Ago time={used} />}</td>
                      <td>
                        <Ago time={expires} />
                      </td>
                      <td>
                        <button type="button" onClick={() => act(send("DELETE /tokens/:id", [String(id)]))}>
                          Remove<span class="unseen"> the token {name}</span>
                        </button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          )
        }
      </When>
      <NewToken done={tokens.again} />
    </section>
  );
}

function NewToken({ done }: { readonly done: () => void }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<readonly TokenScope[]>(["read"]);
  const [days, setDays] = useState(90);
  const [teams, setTeams] = useState<readonly number[] | null>(null);
  const [token, setToken] = useState("");
  const { trouble, isBusy, act } = useAct(done);
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        act(send("POST /tokens", [], { name, scopes, days, teams }).then((made) => setToken(made.token)));
      }}
    >
      <label>
        Name of the token
        <input
          required
          maxLength={64}
          value={name}
          placeholder="ci"
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      </label>
      <fieldset>
        <legend>It may</legend>
        {tokenScopes.map((scope) => (
          <label class="check" key={scope}>
            <input
              type="checkbox"
              checked={scopes.includes(scope)}
              onChange={({ currentTarget }) =>
                setScopes(
                  tokenScopes.filter((each) =>
                    each === scope ? currentTarget.checked : scopes.includes(each),
                  ),
                )
              }
            />
            {meanings[scope]}
          </label>
        ))}
      </fieldset>
      <label>
        For how many days
        <input
          type="number"
          required
          min={1}
          max={366}
          value={days}
          onInput={({ currentTarget }) => setDays(currentTarget.valueAsNumber)}
        />
      </label>
      <Sees name="It sees" value={teams} change={setTeams} />
      <button type="submit" disabled={isBusy || scopes.length === 0}>
        Make a token
      </button>
      <Trouble of={trouble} />
      {token !== "" && (
        <p role="status">
          Copy the token now; it is not shown again: <code>{token}</code>
        </p>
      )}
    </form>
  );
}

/** Changes one's own password. */
export function Password() {
  const none = { current: "", password: "" };
  const [fields, setFields] = useState(none);
  const [isDone, setDone] = useState(false);
  const { trouble, isBusy, act } = useAct(() => {});
  const field = (name: keyof typeof none, label: string, autocomplete: string) => (
    <label>
      {label}
      <input
        type="password"
        required
        minLength={name === "password" ? 12 : 1}
        autocomplete={autocomplete}
        value={fields[name]}
        onInput={({ currentTarget }) => setFields({ ...fields, [name]: currentTarget.value })}
      />
    </label>
  );
  return (
    <section class="card">
      <h2>Your password</h2>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          setDone(false);
          act(
            send("PUT /account/password", [], fields).then(() => {
              setFields(none);
              setDone(true);
            }),
          );
        }}
      >
        {field("current", "Current password", "current-password")}
        {field("password", "New password (at least 12 characters)", "new-password")}
        <button type="submit" disabled={isBusy}>
          Change the password
        </button>
      </form>
      <Trouble of={trouble} />
      {isDone && <p role="status">The password is changed. Your other sessions have ended.</p>}
    </section>
  );
}

/** Where one is signed in. */
export function SessionList() {
  const sessions = useAnswer("/sessions", []);
  const { trouble, act } = useAct(sessions.again);
  return (
    <section class="card">
      <h2>Where you are signed in</h2>
      <Trouble of={trouble} />
      <When is={sessions}>
        {({ sessions: list }) => (
          <ul class="rows">
            {list.map(({ id, agent, address, created, used, ends, isThis }) => (
              <li key={id}>
                <div>
                  {agent === "" ? "A program that did not say its name" : agent}{" "}
                  {isThis && <strong>(this one)</strong>}
                  <div class="dim">
                    signed in <Ago time={created} />
                    {address !== "" && ` from ${address}`}, last used <Ago time={used} />, ends{" "}
                    <Ago time={ends} /> unless it is used
                  </div>
                  {!isThis && (
                    <p class="actions">
                      <button type="button" onClick={() => act(send("DELETE /sessions/:id", [id]))}>
                        End this session
                      </button>
                    </p>
                  )}
                </div>
              </li>
            ))}
          </ul>
        )}
      </When>
    </section>
  );
}
