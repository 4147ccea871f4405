import { useEffect, useState } from "preact/hooks";
import { send } from "../api.ts";
import { useAnswer } from "../live.ts";
import { kinds, NotificationForm, type Rule } from "./notification-form.tsx";
import { Ago, Trouble, useAct, When } from "./parts.tsx";

/** Who is told of what, where the page is not open. */
export function Notifications() {
  const rules = useAnswer("/notifications", []);
  const teams = useAnswer("/teams", []).value?.teams ?? [];
  const [said, setSaid] = useState("");
  const [edited, setEdited] = useState<number>();
  const { trouble, isBusy, act } = useAct(rules.again);
  // That something was sent is no news to others.
  useEffect(() => {
    const timer = setInterval(rules.again, 10_000);
    return () => clearInterval(timer);
  }, []);
  const hasMailServer = rules.value?.hasMailServer ?? false;
  const teamName = (team: number) => teams.find(({ id }) => id === team)?.name ?? "a team";
  return (
    <section class="card">
      <h2>Notifications</h2>
      <Trouble of={trouble} />
      {said !== "" && trouble === "" && <p role="status">{said}</p>}
      <When is={rules}>
        {({ rules: list }) => (
          <ul class="rows">
            {list.length === 0 && (
              <li>
                <div class="dim">Nobody gets notifications.</div>
              </li>
            )}
            {list.map((rule) => (
              <li key={rule.id}>
                {edited === rule.id ? (
                  <NotificationForm
                    of={rule}
                    teams={teams}
                    hasMailServer={hasMailServer}
                    isBusy={isBusy}
                    done={(body) =>
                      act(
                        send("PUT /notifications/:id", [String(rule.id)], body).then(() =>
                          setEdited(undefined),
                        ),
                      )
                    }
                    cancel={() => setEdited(undefined)}
                  />
                ) : (
                  <div>
                    <Told rule={rule} team={rule.team === null ? undefined : teamName(rule.team)} />
                    <p class="actions">
                      <button
                        type="button"
                        disabled={isBusy}
                        onClick={() => {
                          setSaid("");
                          act(
                            send("POST /notifications/:id/test", [String(rule.id)]).then(() =>
                              setSaid(`${rule.name}: the receiver took it.`),
                            ),
                          );
                        }}
                      >
                        {rule.kind === "weekly" ? "Send it now" : "Send a test"}
                        <span class="unseen">: {rule.name}</span>
                      </button>
                      <button type="button" onClick={() => setEdited(rule.id)}>
                        Change<span class="unseen"> the notification {rule.name}</span>
                      </button>
                      <button
                        type="button"
                        disabled={isBusy}
                        onClick={() =>
                          act(
                            send("PUT /notifications/:id/paused", [String(rule.id)], {
                              paused: !rule.paused,
                            }),
                          )
                        }
                      >
                        {rule.paused ? "Resume" : "Pause"}
                        <span class="unseen"> the notification {rule.name}</span>
                      </button>
                      <button
                        type="button"
                        onClick={() => act(send("DELETE /notifications/:id", [String(rule.id)]))}
                      >
                        Remove<span class="unseen"> the notification {rule.name}</span>
                      </button>
                    </p>
                  </div>
                )}
              </li>
            ))}
          </ul>
        )}
      </When>
      <NotificationForm
        teams={teams}
        hasMailServer={hasMailServer}
        isBusy={isBusy}
        done={(body) => act(send("POST /notifications", [], { ...body, target: body.target ?? "" }))}
      />
    </section>
  );
}

/** What a rule tells, to whom, and how that fares. */
function Told({ rule, team }: { readonly rule: Rule; readonly team: string | undefined }) {
  return (
    <>
      <strong>{rule.name}</strong>: {kinds[rule.kind]} to {rule.target}
      {rule.paused && <span class="badge info">paused</span>}
      <div class="dim">
        {rule.kind === "changes" && <>{wants(rule)} · </>}
        {team === undefined ? "every host" : `the hosts of the team ${team}`} · {state(rule)}
        {rule.told !== null && (
          <>
            , last <Ago time={rule.told} />
          </>
        )}
        {rule.kind === "weekly" && !rule.paused && (
          <>
            , next <Ago time={rule.due} />
          </>
        )}
      </div>
      {rule.paused && (
        <p class="dim">Nothing is sent. What changes while this is paused is not sent later, either.</p>
      )}
      {rule.trouble !== null && !rule.paused && (
        <p class="trouble">
          The receiver {rule.trouble}: tried again <Ago time={rule.due} />
        </p>
      )}
    </>
  );
}

function wants({ severity, controls, labels }: Rule): string {
  const of = controls.length === 0 ? "" : ` of ${controls.join(", ")}`;
  return `${severity === "critical" ? "critical" : `${severity} or worse`}${of}${labels.length === 0 ? "" : ` on ${labels.join(" ")}`}`;
}

function state({ sent, waiting, lost }: Rule): string {
  const parts = [`${sent} sent`, ...(waiting > 0 ? [`${waiting} waiting`] : [])];
  return [...parts, ...(lost > 0 ? [`${lost} lost`] : [])].join(", ");
}
