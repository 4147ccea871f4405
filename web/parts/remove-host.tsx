import { useState } from "preact/hooks";
import { useMay } from "../account.ts";
import { send } from "../api.ts";
import { href } from "../route.ts";
import { Trouble, useAct } from "./act.tsx";

/** Removes a host with its history, once its name was typed. */
export function RemoveHost({ id, name }: { readonly id: string; readonly name: string }) {
  const [typed, setTyped] = useState("");
  const { trouble, isBusy, act } = useAct(() => {});
  if (!useMay("administrator")) return null;
  return (
    <details class="card" id="remove">
      <summary>Remove this host</summary>
      <p>
        This removes the host with its findings, its history and its acceptances. It cannot be undone. The
        host can no longer report here: to enrol it again, remove its key first, as the guide says.
      </p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          act(
            send("DELETE /hosts/:id", [id]).then(() => {
              location.hash = href(["hosts"]);
            }),
          );
        }}
      >
        <label>
          Type {name} to confirm
          <input
            required
            autocomplete="off"
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={isBusy || typed !== name}>
          Remove the host and its history
        </button>
        <Trouble of={trouble} />
      </form>
    </details>
  );
}
