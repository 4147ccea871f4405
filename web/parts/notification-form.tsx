import { useState } from "preact/hooks";
import type { Answer, Body } from "../api.ts";
import { severities } from "./parts.tsx";

export type Rule = Answer<"/notifications">["rules"][number];

export const kinds = { changes: "each change as it comes", weekly: "a summary each Monday" } as const;

const types = {
  webhook: "webhook (JSON)",
  cloudevents: "CloudEvents (JSON)",
  slack: "Slack",
  discord: "Discord",
  ntfy: "ntfy",
  mail: "mail",
  syslog: "syslog",
  otlp: "OpenTelemetry (OTLP)",
} as const;

/** Programs, which get no summary. */
const isForPrograms = (type: string) => type === "otlp" || type === "syslog";

const placeholders: Readonly<Partial<Record<string, string>>> = {
  mail: "ops@example.org",
  syslog: "tls://logs.example.org:6514",
  otlp: "https://collector:4318",
};

const facilities = {
  ...{ daemon: "daemon", user: "user", auth: "auth", authpriv: "authpriv" },
  ...{ local0: "local0", local1: "local1", local2: "local2", local3: "local3" },
  ...{ local4: "local4", local5: "local5", local6: "local6", local7: "local7" },
} as const;

const words = (text: string) => text.split(/[\s,]+/).filter((each) => each !== "");

/** All but the address, which may stay as it is. */
type Edited = Omit<Body<"POST /notifications">, "target"> &
  Partial<Pick<Body<"POST /notifications">, "target">>;
type Severity = NonNullable<Edited["severity"]>;

/** A new notification, or a change of one: its address and its secrets are never shown, and stay where nothing is written. */
export function NotificationForm({
  of,
  teams,
  hasMailServer,
  isBusy,
  done,
  cancel,
}: {
  readonly of?: Rule;
  readonly teams: readonly { readonly id: number; readonly name: string }[];
  readonly hasMailServer: boolean;
  readonly isBusy: boolean;
  readonly done: (body: Edited) => void;
  readonly cancel?: () => void;
}) {
  const [name, setName] = useState(of?.name ?? "");
  const [kind, setKind] = useState<keyof typeof kinds>(of?.kind ?? "changes");
  const [type, setType] = useState<keyof typeof types>(of?.type ?? "webhook");
  const [target, setTarget] = useState("");
  const [secret, setSecret] = useState("");
  const [token, setToken] = useState("");
  const [removed, setRemoved] = useState<readonly string[]>([]);
  const [severity, setSeverity] = useState<Severity>(of?.severity ?? "high");
  const [controls, setControls] = useState(of?.controls.join(" ") ?? "");
  const [labels, setLabels] = useState(of?.labels.join(" ") ?? "");
  const [team, setTeam] = useState(of?.team == null ? "" : String(of.team));
  const [facility, setFacility] = useState<keyof typeof facilities>(of?.facility ?? "daemon");
  const isTelemetry = type === "otlp";
  const changes = isForPrograms(type) || kind === "changes";
  const takesToken = ["webhook", "cloudevents", "ntfy", "otlp"].includes(type);
  const signs = ["webhook", "cloudevents"].includes(type);
  /** What is kept, replaced or removed. */
  const hidden = (text: string, what: string) => {
    if (text !== "") return { [what]: text };
    if (removed.includes(what)) return { [what]: null };
    return of ? {} : { [what]: null };
  };
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        done({
          name,
          ...{ kind: changes ? "changes" : kind, type },
          ...(target === "" ? {} : { target }),
          team: team === "" ? null : Number(team),
          ...(changes ? { severity, controls: words(controls), labels: words(labels) } : {}),
          ...(type === "syslog" ? { facility } : {}),
          ...(signs ? hidden(secret, "secret") : {}),
          ...(takesToken ? hidden(token, "token") : {}),
        });
        setSecret("");
        setToken("");
      }}
    >
      <Field
        label={of ? `Name of ${of.name}` : "Name of the notification"}
        value={name}
        change={setName}
        placeholder="ops"
        isNeeded
      />
      {!of && !isForPrograms(type) && <Choice label="Tell" value={kind} change={setKind} of={kinds} />}
      {!of && <Choice label="By" value={type} change={setType} of={types} />}
      <Field
        label={addressLabel(type, of !== undefined)}
        value={target}
        change={setTarget}
        placeholder={of ? "as it is" : (placeholders[type] ?? "https://")}
        isNeeded={!of}
      />
      {type === "syslog" && <Choice label="Facility" value={facility} change={setFacility} of={facilities} />}
      {signs && (
        <Secret
          label="Secret that signs"
          value={secret}
          change={setSecret}
          isKept={of?.hasSecret ?? false}
          isRemoved={removed.includes("secret")}
          remove={(isOff) => setRemoved(without(removed, "secret", isOff))}
        />
      )}
      {takesToken && (
        <Secret
          label="Token"
          value={token}
          change={setToken}
          isKept={of?.hasToken ?? false}
          isRemoved={removed.includes("token")}
          remove={(isOff) => setRemoved(without(removed, "token", isOff))}
        />
      )}
      {changes && (
        <>
          <label>
            From severity
            <select
              value={severity}
              onChange={({ currentTarget }) =>
                setSeverity(severities.find((each) => each === currentTarget.value) ?? severity)
              }
            >
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
        {of ? "Save" : "Make a notification"}
      </button>
      {cancel && (
        <button type="button" onClick={cancel}>
          Cancel
        </button>
      )}
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

function addressLabel(type: string, isChange: boolean): string {
  if (isChange) return type === "mail" ? "New receivers" : "New address";
  return type === "mail" ? "Receivers" : "Address";
}

function without(list: readonly string[], what: string, isIn: boolean): readonly string[] {
  const rest = list.filter((each) => each !== what);
  return isIn ? [...rest, what] : rest;
}

/** A secret that is not shown: it stays, is replaced, or is removed. */
function Secret({
  label,
  value,
  change,
  isKept,
  isRemoved,
  remove,
}: {
  readonly label: string;
  readonly value: string;
  readonly change: (text: string) => void;
  readonly isKept: boolean;
  readonly isRemoved: boolean;
  readonly remove: (isRemoved: boolean) => void;
}) {
  return (
    <>
      <Field
        label={`${label} (${isKept ? "empty: as it is" : "optional"})`}
        value={value}
        change={change}
        type="password"
      />
      {isKept && value === "" && (
        <label class="check">
          <input
            type="checkbox"
            checked={isRemoved}
            onChange={({ currentTarget }) => remove(currentTarget.checked)}
          />
          remove the {label.toLowerCase()}
        </label>
      )}
    </>
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
