import { useState } from "preact/hooks";
import { type Answer, send } from "../api.ts";
import { useAnswer } from "../live.ts";
import { Trouble, useAct, When } from "./parts.tsx";

type Team = Answer<"/teams">["teams"][number];

/** Teams: which hosts each sees, by their labels. */
export function TeamList() {
  const teams = useAnswer("/teams", []);
  const { trouble, isBusy, act } = useAct(teams.again);
  const [edited, setEdited] = useState<number>();
  const save = (done: Promise<unknown>) => act(done.then(() => setEdited(undefined)));
  return (
    <section class="card">
      <h2>Teams</h2>
      <p class="dim">
        A team sees the hosts that have its labels. A host gets its labels where its watch is started:{" "}
        <code>--label env=prod</code>.
      </p>
      <Trouble of={trouble} />
      <When is={teams}>
        {({ teams: list }) => (
          <ul class="rows">
            {list.length === 0 && (
              <li>
                <div class="dim">None. Everybody sees every host.</div>
              </li>
            )}
            {list.map((team) => (
              <li key={team.id}>
                {edited === team.id ? (
                  <TeamForm
                    of={team}
                    isBusy={isBusy}
                    action="Save"
                    done={(body) => save(send("PUT /teams/:id", [String(team.id)], body))}
                  />
                ) : (
                  <div>
                    <strong>{team.name}</strong> sees <code>{team.labels.join(" ")}</code>
                    <div class="dim">
                      {counted(team.hosts, "host")}, {counted(team.accounts, "account")}
                    </div>
                    <p class="actions">
                      <button type="button" onClick={() => setEdited(team.id)}>
                        Change<span class="unseen"> the team {team.name}</span>
                      </button>
                      <button
                        type="button"
                        onClick={() => {
                          if (confirm(removal(team))) act(send("DELETE /teams/:id", [String(team.id)]));
                        }}
                      >
                        Remove<span class="unseen"> the team {team.name}</span>
                      </button>
                    </p>
                  </div>
                )}
              </li>
            ))}
          </ul>
        )}
      </When>
      <TeamForm isBusy={isBusy} action="Make a team" done={(body) => save(send("POST /teams", [], body))} />
    </section>
  );
}

function removal({ name, accounts }: Team): string {
  return `Remove the team ${name}? ${counted(accounts, "account")} will no longer see its hosts, and acceptances on its hosts end.`;
}

function TeamForm({
  of,
  action,
  isBusy,
  done,
}: {
  readonly of?: Team;
  readonly action: string;
  readonly isBusy: boolean;
  readonly done: (body: { name: string; labels: readonly string[] }) => void;
}) {
  const [name, setName] = useState(of?.name ?? "");
  const [labels, setLabels] = useState(of?.labels.join(" ") ?? "");
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        done({ name, labels: labels.split(/[\s,]+/).filter((each) => each !== "") });
      }}
    >
      <label>
        {of ? `Name of ${of.name}` : "Name of the team"}
        <input
          required
          maxLength={64}
          value={name}
          placeholder="shop"
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      </label>
      <label>
        {of ? `Labels of the hosts of ${of.name}` : "Labels of its hosts"}
        <input
          required
          value={labels}
          placeholder="env=prod region=eu"
          onInput={({ currentTarget }) => setLabels(currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={isBusy}>
        {action}
      </button>
    </form>
  );
}

/** Every host, or the hosts of some teams. Nothing where there is no team. */
export function Sees({
  name,
  value,
  change,
}: {
  readonly name: string;
  readonly value: readonly number[] | null;
  readonly change: (teams: readonly number[] | null) => void;
}) {
  const { value: answer } = useAnswer("/teams", []);
  if (!answer || answer.teams.length === 0) return null;
  return (
    <fieldset>
      <legend>{name}</legend>
      <label class="check">
        <input
          type="checkbox"
          checked={value === null}
          onChange={({ currentTarget }) => change(currentTarget.checked ? null : [])}
        />
        {answer.seesAll ? "every host" : "every host that you see"}
      </label>
      {value !== null &&
        answer.teams.map((team) => (
          <label class="check" key={team.id}>
            <input
              type="checkbox"
              checked={value.includes(team.id)}
              onChange={({ currentTarget }) =>
                change(currentTarget.checked ? [...value, team.id] : value.filter((each) => each !== team.id))
              }
            />
            {team.name}
          </label>
        ))}
    </fieldset>
  );
}

/** `every host`, or the names of teams. */
export function seenBy(teams: readonly number[] | null, all: readonly Team[]): string {
  if (teams === null) return "every host";
  const names = all.filter(({ id }) => teams.includes(id)).map(({ name }) => name);
  return names.length === 0 ? "no host" : names.join(", ");
}

function counted(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
