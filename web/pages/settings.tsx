import { useState } from "preact/hooks";
import { type Role, roles } from "../../src/fleet/api.ts";
import { useMay } from "../account.ts";
import { Refused, send } from "../api.ts";
import { useAnswer } from "../live.ts";
import { Enrolment } from "../parts/enrolment.tsx";
import { Notifications } from "../parts/notifications.tsx";
import { Ago, Scroll, Title, Trouble, useAct, When } from "../parts/parts.tsx";
import { SecondStep } from "../parts/second-step.tsx";
import { useSince } from "../parts/since.tsx";
import { Sees, seenBy, TeamList } from "../parts/teams.tsx";
import { href } from "../route.ts";
import { Password, SessionList, TokenList } from "./tokens.tsx";

/** Tokens and sessions of one's own; accounts and the audit log for administrators. */
export function SettingsPage() {
  const isAdministrator = useMay("administrator");
  return (
    <>
      <Title of="Settings" />
      {isAdministrator && <AccountList />}
      {isAdministrator && <TeamList />}
      {isAdministrator && <Enrolment />}
      {isAdministrator && <Review />}
      {isAdministrator && <Notifications />}
      <Password />
      <SecondStep />
      <TokenList />
      <SessionList />
      {isAdministrator && <AuditLog />}
    </>
  );
}

function AccountList() {
  const [reset, setReset] = useState<{ readonly name: string; readonly link: string }>();
  const accounts = useAnswer("/accounts", []);
  const teams = useAnswer("/teams", []).value?.teams ?? [];
  const { trouble, act } = useAct(accounts.again);
  return (
    <section class="card">
      <h2>Accounts</h2>
      <Trouble of={trouble} />
      <When is={accounts}>
        {({ accounts: list }) => (
          <Scroll name="Accounts">
            <table class="containers">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Role</th>
                  {teams.length > 0 && <th scope="col">Sees</th>}
                  <th scope="col">Last seen</th>
                  <th scope="col">
                    <span class="unseen">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {list.map(({ id, name, role, lastSeen, teams: sees, issuer, hasSecondStep }) => (
                  <tr key={id}>
                    <th scope="row">
                      {name}
                      {issuer !== null && (
                        <div class="dim">signs in with {hostOf(issuer)}, which sets the role</div>
                      )}
                      {hasSecondStep && <div class="dim">password and code</div>}
                    </th>
                    <td>
                      <select
                        aria-label={`Role of ${name}`}
                        value={role}
                        onChange={({ currentTarget }) =>
                          act(
                            send("PUT /accounts/:id/role", [String(id)], {
                              role: roles.find((each) => each === currentTarget.value) ?? role,
                            }),
                          )
                        }
                      >
                        {roles.map((each) => (
                          <option key={each} value={each}>
                            {each}
                          </option>
                        ))}
                      </select>
                    </td>
                    {teams.length > 0 && (
                      <td>
                        {role === "administrator" ? (
                          "every host"
                        ) : (
                          <details>
                            <summary>{seenBy(sees, teams)}</summary>
                            <Sees
                              name={`What ${name} sees`}
                              value={sees}
                              change={(next) =>
                                act(send("PUT /accounts/:id/teams", [String(id)], { teams: next }))
                              }
                            />
                          </details>
                        )}
                      </td>
                    )}
                    <td>
                      {lastSeen === null ? <span class="dim">no session</span> : <Ago time={lastSeen} />}
                    </td>
                    <td>
                      {issuer === null && (
                        <button
                          type="button"
                          onClick={() =>
                            act(
                              send("POST /accounts/:id/reset", [String(id)]).then(({ token }) =>
                                setReset({ name, link: linkOf(token) }),
                              ),
                            )
                          }
                        >
                          Reset password
                        </button>
                      )}{" "}
                      <button
                        type="button"
                        onClick={() => act(send("DELETE /accounts/:id/sessions", [String(id)]))}
                      >
                        End sessions
                      </button>{" "}
                      <button
                        type="button"
                        onClick={() => {
                          if (confirm(`Remove the account ${name}?`))
                            act(send("DELETE /accounts/:id", [String(id)]));
                        }}
                      >
                        Remove
                      </button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </When>
      {reset && (
        <p role="status">
          Send this link to {reset.name}. It works once, until tomorrow: <code>{reset.link}</code>
        </p>
      )}
      <Invitation />
    </section>
  );
}

function linkOf(token: string): string {
  return `${location.origin}/${href(["join", token])}`;
}

function hostOf(issuer: string): string {
  return URL.canParse(issuer) ? new URL(issuer).host : issuer;
}

/** Whether acceptances need a second person. */
function Review() {
  const settings = useAnswer("/settings", []);
  const { trouble, act } = useAct(settings.again);
  return (
    <section class="card">
      <h2>Acceptances</h2>
      <Trouble of={trouble} />
      <When is={settings}>
        {({ isReviewNeeded }) => (
          <label class="check">
            <input
              type="checkbox"
              checked={isReviewNeeded}
              onChange={({ currentTarget }) =>
                act(send("PUT /settings", [], { isReviewNeeded: currentTarget.checked }))
              }
            />
            A second person has to review each acceptance
          </label>
        )}
      </When>
    </section>
  );
}

/** A link by which somebody makes their own account. */
function Invitation() {
  const [role, setRole] = useState<Role>("viewer");
  const [teams, setTeams] = useState<readonly number[] | null>(null);
  const [link, setLink] = useState("");
  const [trouble, setTrouble] = useState("");
  const invitations = useAnswer("/invitations", []);
  const { act } = useAct(invitations.again);
  return (
    <>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          send("POST /invitations", [], { role, teams: role === "administrator" ? null : teams }).then(
            ({ token }) => {
              setLink(linkOf(token));
              invitations.again();
            },
            (reason: unknown) => setTrouble(reason instanceof Refused ? reason.message : String(reason)),
          );
        }}
      >
        <label>
          Invite a
          <select
            value={role}
            onChange={({ currentTarget }) =>
              setRole(roles.find((each) => each === currentTarget.value) ?? role)
            }
          >
            {roles.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
        {role !== "administrator" && <Sees name="The account sees" value={teams} change={setTeams} />}
        <button type="submit">Make a link</button>
        {trouble !== "" && (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        )}
        {link !== "" && (
          <p role="status">
            Send this link to one person. It works once, for three days: <code>{link}</code>
          </p>
        )}
      </form>
      {(invitations.value?.invitations ?? []).length > 0 && <h3>Links that nobody has used yet</h3>}
      <ul class="rows">
        {invitations.value?.invitations.map(({ id, role: given, account, author, created, expires }) => (
          <li key={id}>
            <div>
              {account === null ? `an account as ${given}` : `a new password for ${account}`}, made by{" "}
              {author} <Ago time={created} />; ends <Ago time={expires} />
              <p class="actions">
                <button type="button" onClick={() => act(send("DELETE /invitations/:id", [String(id)]))}>
                  End this link
                </button>
              </p>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function AuditLog() {
  const { field, since, before } = useSince();
  const log = useAnswer("/audit-log", [], {
    limit: "200",
    since: since?.toString(),
    until: before?.toString(),
  });
  const chain = useAnswer("/audit-log/chain", []);
  return (
    <section class="card">
      <h2>Audit log</h2>
      {chain.value && (
        <p class={chain.value.brokenAt === null ? "dim" : "trouble"}>
          {chain.value.brokenAt === null
            ? "Each entry follows on the one before it: none was changed or taken out."
            : `Entry ${chain.value.brokenAt} was changed, or one before it was taken out.`}
        </p>
      )}
      <p>
        <a href="/api/v1/exports/audit-log.jsonl" download>
          Export the whole log
        </a>
      </p>
      <div class="filters">{field}</div>
      <When is={log}>
        {({ entries }) => (
          <ul class="rows">
            {entries.map(({ id, time, who, what, detail }) => (
              <li key={id}>
                <div>
                  <Ago time={time} /> <strong>{who}</strong>: {what}{" "}
                  <span class="dim">
                    {Object.entries(detail)
                      .map(([name, value]) => `${name} ${String(value)}`)
                      .join(", ")}
                  </span>
                </div>
              </li>
            ))}
          </ul>
        )}
      </When>
    </section>
  );
}
