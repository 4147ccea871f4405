import { useState } from "preact/hooks";
import { useMay } from "../account.ts";
import { type Body, send } from "../api.ts";
import { useAnswer } from "../live.ts";
import { Trouble, useAct } from "./parts.tsx";

const day = 86_400_000;

interface Props {
  readonly finding: number;
  readonly control: string;
  readonly image: string | null;
  readonly project: string | null;
  /** To be called when it is done. */
  readonly done: () => void;
}

/** Accepts a finding, or all that are alike on its image or in its project. */
export function Accept({ finding, control, image, project, done }: Props) {
  const may = useMay("operator");
  const [scope, setScope] = useState("finding");
  const [reason, setReason] = useState("");
  const [until, setUntil] = useState(dateIn(90));
  const [said, setSaid] = useState("");
  const { seesAll, teams } = useAnswer("/teams", []).value ?? { seesAll: true, teams: [] };
  const [chosen, setChosen] = useState<string>();
  const [first] = teams;
  const where = chosen ?? (seesAll || !first ? "" : String(first.id));
  const { trouble, isBusy, act } = useAct(done);
  if (!may) return null;
  const asked = (): Body<"POST /acceptances"> => {
    const team = where === "" ? null : Number(where);
    const common = { reason, until };
    if (scope === "image" && image !== null) return { ...common, scope, control, image, team };
    if (scope !== "finding" && project !== null)
      return { ...common, scope: "project", control: scope === "whole" ? "*" : control, project, team };
    return { ...common, scope: "finding", finding };
  };
  return (
    <details class="card" id="accept">
      <summary>Accept this finding</summary>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          act(
            send("POST /acceptances", [], asked()).then(({ state }) => {
              setSaid(
                state === "waiting"
                  ? "It waits for a second person, on the page Acceptances."
                  : "It is accepted, and comes back after its last day.",
              );
              // The button loses the focus, or goes with the form.
              document.getElementById("main")?.focus({ preventScroll: true });
            }),
          );
        }}
      >
        <label>
          Accept
          <select value={scope} onChange={({ currentTarget }) => setScope(currentTarget.value)}>
            <option value="finding">only this finding</option>
            {image !== null && (
              <option value="image">
                {control} on every container of {image}
              </option>
            )}
            {project !== null && (
              <option value="project">
                {control} in the project {project}
              </option>
            )}
            {project !== null && <option value="whole">everything in the project {project}</option>}
          </select>
        </label>
        {scope !== "finding" && teams.length > 0 && (
          <label>
            On
            <select value={where} onChange={({ currentTarget }) => setChosen(currentTarget.value)}>
              {seesAll && <option value="">every host</option>}
              {teams.map(({ id, name }) => (
                <option key={id} value={String(id)}>
                  the hosts of the team {name}
                </option>
              ))}
            </select>
          </label>
        )}
        <label>
          Reason
          <input
            required
            maxLength={1_000}
            value={reason}
            onInput={({ currentTarget }) => setReason(currentTarget.value)}
          />
        </label>
        <LastDay value={until} set={setUntil} />
        <button type="submit" disabled={isBusy}>
          Accept
        </button>
        <Trouble of={trouble} />
        {said !== "" && <p role="status">{said}</p>}
      </form>
    </details>
  );
}

/** Until when something is accepted. */
export function LastDay({ value, set }: { readonly value: string; readonly set: (day: string) => void }) {
  return (
    <label>
      Last day
      <input
        type="date"
        required
        min={dateIn(0)}
        value={value}
        onInput={({ currentTarget }) => set(currentTarget.value)}
      />
    </label>
  );
}

export function dateIn(days: number): string {
  return new Date(Date.now() + days * day).toISOString().slice(0, 10);
}
