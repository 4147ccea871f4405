import { useState } from "preact/hooks";
import { useMay } from "../account.ts";
import { send } from "../api.ts";
import { Trouble, useAct } from "./act.tsx";

type LabelsOf = Readonly<Record<string, string>>;

const written = (labels: LabelsOf) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");

/** Sets the labels of a host, by which teams see it, whatever the host says of itself. */
export function HostLabels({
  id,
  labels,
  told,
  pinned,
  again,
}: {
  readonly id: string;
  readonly labels: LabelsOf;
  readonly told: LabelsOf;
  readonly pinned: boolean;
  readonly again: () => void;
}) {
  const [text, setText] = useState(written(labels));
  const { trouble, isBusy, act } = useAct(again);
  if (!useMay("administrator")) return null;
  const set = (next: readonly string[] | null) => act(send("PUT /hosts/:id/labels", [id], { labels: next }));
  return (
    <details class="card" id="labels">
      <summary>Labels: {pinned ? "set here" : "as the host says"}</summary>
      <p class="dim">
        Teams see a host by its labels. Root on the host can change what it says; labels that you set here
        stay. The host says: {written(told) === "" ? "nothing" : <code>{written(told)}</code>}.
      </p>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          set(text.split(/[\s,]+/).filter((each) => each !== ""));
        }}
      >
        <label>
          Labels of this host
          <input
            value={text}
            placeholder="env=prod region=eu"
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
        </label>
        <button type="submit" disabled={isBusy}>
          Set
        </button>
        {pinned && (
          <button type="button" disabled={isBusy} onClick={() => set(null)}>
            Use what the host says
          </button>
        )}
        <Trouble of={trouble} />
      </form>
    </details>
  );
}
