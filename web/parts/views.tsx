import { useState } from "preact/hooks";
import { send } from "../api.ts";
import { useAnswer } from "../live.ts";
import { href } from "../route.ts";
import { Trouble, useAct } from "./parts.tsx";

/** Filters of the list of findings that the account keeps under a name. `query`: those of the address now. */
export function Views({ query }: { readonly query: URLSearchParams }) {
  const views = useAnswer("/views", []);
  const [name, setName] = useState("");
  const { trouble, isBusy, act } = useAct(views.again);
  const list = views.value?.views ?? [];
  const now = new URLSearchParams(query);
  now.delete("show");
  const filters = now.toString();
  if (list.length === 0 && filters === "") return null;
  return (
    <details open={list.length > 0}>
      <summary>Saved views</summary>
      {list.length > 0 && (
        <p class="chosen">
          {list.map((view) => (
            <span key={view.name}>
              <a
                href={href(["findings"], Object.fromEntries(new URLSearchParams(view.filters)))}
                aria-current={view.filters === filters ? "page" : undefined}
              >
                {view.name}
              </a>
              <button
                type="button"
                disabled={isBusy}
                onClick={() => act(send("DELETE /views/:name", [view.name]))}
              >
                <span aria-hidden="true">×</span>
                <span class="unseen">Remove the view {view.name}</span>
              </button>
            </span>
          ))}
        </p>
      )}
      {filters !== "" && !list.some((view) => view.filters === filters) && (
        <form
          class="filters"
          onSubmit={(event) => {
            event.preventDefault();
            act(send("PUT /views", [], { name, filters }).then(() => setName("")));
          }}
        >
          <label>
            Save these filters as
            <input
              required
              maxLength={64}
              value={name}
              onInput={({ currentTarget }) => setName(currentTarget.value)}
            />
          </label>
          <button type="submit" disabled={isBusy}>
            Save
          </button>
        </form>
      )}
      <Trouble of={trouble} />
    </details>
  );
}
