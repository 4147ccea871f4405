import { useEffect, useState } from "preact/hooks";
import type { NotificationRules } from "../../src/serve/api/notifications.ts";
import { send } from "../api.ts";
import { useAnswer } from "../live.ts";
import { Trouble, useAct } from "./act.tsx";
import { Ago, severities, When } from "./parts.tsx";

type Rule = NotificationRules["rules"][number];

const kinds = { changes: "each change as it comes", weekly: "a summary each Monday" } as const;
const types = {
  webhook: "webhook (JSON)",
  slack: "Slack",
  discord: "Discord",
  ntfy: "ntfy",
  mail: "mail",
  otlp: "OpenTelemetry (OTLP)",
} as const;

const placeholders: Readonly<Partial<Record<string, string>>> = {
  mail: "ops@example.org",
  otlp: "https://collector:4318",
};

/** Who is told of what, where the page is not open. */
export function Notifications() {
  const rules = useAnswer("/notifications");
  const teams = useAnswer("/teams").value?.teams ?? [];
  const [said, setSaid] = useState("");
  const { trouble, isBusy, act } = useAct(rules.again);
  // That something was sent is no news to others.
  useEffect(() => {
    const timer = setInterval(rules.again, 10_000);
    return () => clearInterval(timer);
  }, []);
  const nameOf = (team: number) => teams.find(({ id }) => id === team)?.name ?? "a team";
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
                <div>
                  <strong>{rule.name}</strong>: {kinds[rule.kind]} to {rule.target}
                  <div class="dim">
                    {rule.kind === "changes" && <>{wants(rule)} · </>}
                    {rule.team === null ? "every host" : `the hosts of the team ${nameOf(rule.team)}`} ·{" "}
                    {state(rule)}
                    {rule.told !== null && (
                      <>
                        , last <Ago time={rule.told} />
                      </>
                    )}
                    {rule.kind === "weekly" && (
                      <>
                        , next <Ago time={rule.due} />
                      </>
                    )}
                  </div>
                  {rule.trouble !== null && (
                    <p class="trouble">
                      The receiver {rule.trouble}: tried again <Ago time={rule.due} />
                    </p>
                  )}
                  <p class="actions">
                    <button
                      type="button"
                      disabled={isBusy}
                      onClick={() => {
                        setSaid("");
                        act(
                          send("POST /notifications/{}/test", [String(rule.id)]).then(() =>
                            setSaid(`${rule.name}: the receiver took it.`),
                          ),
                        );
                      }}
                    >
                      {rule.kind === "weekly" ? "Send it now" : "Send a test"}
                      <span class="unseen">: {rule.name}</span>
                    </button>
                    <button
                      type="button"
                      onClick={() => act(send("DELETE /notifications/{}", [String(rule.id)]))}
                    >
                      Remove<span class="unseen"> the notification {rule.name}</span>
                    </button>
                  </p>
                </div>
              </li>
            ))}
          </ul>
        )}
      </When>
      <NewRule
        teams={teams}
        hasMailServer={rules.value?.hasMailServer ?? false}
        isBusy={isBusy}
        done={(body) => act(send("POST /notifications", [], body))}
      />
    </section>
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

function NewRule({
  teams,
  hasMailServer,
  isBusy,
  done,
}: {
  readonly teams: readonly { readonly id: number; readonly name: string }[];
  readonly hasMailServer: boolean;
  readonly isBusy: boolean;
  readonly done: (body: object) => void;
}) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<keyof typeof kinds>("changes");
  const [type, setType] = useState<keyof typeof types>("webhook");
  const [target, setTarget] = useState("");
  const [secret, setSecret] = useState("");
  const [token, setToken] = useState("");
  const [severity, setSeverity] = useState("high");
  const [controls, setControls] = useState("");
  const [labels, setLabels] = useState("");
  const [team, setTeam] = useState("");
  const words = (text: string) => text.split(/[\s,]+/).filter((each) => each !== "");
  const isTelemetry = type === "otlp";
  const changes = isTelemetry || kind === "changes";
  const takesToken = ["webhook", "ntfy", "otlp"].includes(type);
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        done({
          ...{
            name,
            kind: changes ? "changes" : kind,
            type,
            target,
            team: team === "" ? null : Number(team),
          },
          ...(changes ? { severity, controls: words(controls), labels: words(labels) } : {}),
          secret: type === "webhook" && secret !== "" ? secret : null,
          token: takesToken && token !== "" ? token : null,
        });
        setSecret("");
        setToken("");
      }}
    >
      <Field label="Name of the notification" value={name} change={setName} placeholder="ops" isNeeded />
      {!isTelemetry && <Choice label="Tell" value={kind} change={setKind} of={kinds} />}
      <Choice label="By" value={type} change={setType} of={types} />
      <Field
        label={type === "mail" ? "Receivers" : "Address"}
        value={target}
        change={setTarget}
        placeholder={placeholders[type] ?? "https://"}
        isNeeded
      />
      {type === "webhook" && (
        <Field label="Secret that signs (optional)" value={secret} change={setSecret} type="password" />
      )}
      {takesToken && <Field label="Token (optional)" value={token} change={setToken} type="password" />}
      {changes && (
        <>
          <label>
            From severity
            <select value={severity} onChange={({ currentTarget }) => setSeverity(currentTarget.value)}>
              {severities.map((each) => (
                <option key={each} value={each}>
                  {each}
                </option>
              ))}
            </select>
          </label>
          <Field
            label="Only these controls"
            value={controls}
            change={setControls}
            placeholder="all controls"
          />
          <Field
            label="Only hosts with these labels"
            value={labels}
            change={setLabels}
            placeholder="all labels"
          />
        </>
      )}
      {teams.length > 0 && (
        <label>
          On
          <select value={team} onChange={({ currentTarget }) => setTeam(currentTarget.value)}>
            <option value="">every host</option>
            {teams.map((each) => (
              <option key={each.id} value={String(each.id)}>
                the hosts of the team {each.name}
              </option>
            ))}
          </select>
        </label>
      )}
      <button type="submit" disabled={isBusy}>
        Make a notification
      </button>
      {isTelemetry && (
        <p class="dim">
          Changes are sent as logs to <code>/v1/logs</code> of this address, and counts as metrics to{" "}
          <code>/v1/metrics</code> once a minute.
        </p>
      )}
      {type === "mail" && !hasMailServer && (
        <p class="dim">
          Mails need a mail server: start bulkhead serve with <code>--smtp</code> and <code>--mail-from</code>
          .
        </p>
      )}
    </form>
  );
}

function Field({
  label,
  value,
  change,
  placeholder,
  isNeeded = false,
  type = "text",
}: {
  readonly label: string;
  readonly value: string;
  readonly change: (text: string) => void;
  readonly placeholder?: string;
  readonly isNeeded?: boolean;
  readonly type?: "text" | "password";
}) {
  // Preact types each kind of input apart.
  const kind = type === "password" ? { type } : { type };
  return (
    <label>
      {label}
      <input
        {...kind}
        required={isNeeded}
        autocomplete="off"
        value={value}
        placeholder={placeholder}
        onInput={({ currentTarget }) => change(currentTarget.value)}
      />
    </label>
  );
}

function Choice<T extends string>({
  label,
  value,
  change,
  of,
}: {
  readonly label: string;
  readonly value: T;
  readonly change: (value: T) => void;
  readonly of: Readonly<Record<T, string>>;
}) {
  return (
    <label>
      {label}
      <select value={value} onChange={({ currentTarget }) => change(currentTarget.value as T)}>
        {(Object.keys(of) as T[]).map((each) => (
          <option key={each} value={each}>
            {of[each]}
          </option>
        ))}
      </select>
    </label>
  );
}
