import { useAnswer } from "../live.ts";
import { href, replaceRoute } from "../route.ts";
import { Ago, When } from "./parts.tsx";

const names = ["log", "client", "route", "rule"] as const;

interface Props {
  /** The page's place: filters go into its address. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly host?: string;
}

/** The latest decisions that were no plain pass, as they come. */
export function Decisions({ path, query, host }: Props) {
  const all = Object.fromEntries(query);
  const filter = Object.fromEntries(
    [...names, "verdict"].map((name) => [name, query.get(name) ?? undefined]),
  );
  const decisions = useAnswer("/policies/decisions", [], { ...filter, host });
  const put = (more: Readonly<Record<string, string | undefined>>) => replaceRoute(path, { ...all, ...more });
  return (
    <section class="card">
      <h2>Latest decisions</h2>
      <p class="dim">
        What was denied, hardened, or let through with a warning. Plain passes are counted above.
      </p>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          Show
          <select
            value={filter.verdict ?? ""}
            onChange={({ currentTarget }) => put({ verdict: currentTarget.value })}
          >
            <option value="">all</option>
            <option value="deny">denied</option>
            <option value="harden">hardened</option>
            <option value="allow">allowed with a warning</option>
          </select>
        </label>
      </form>
      {names.some((name) => filter[name] !== undefined) && (
        <p class="chosen">
          {names.map((name) =>
            filter[name] === undefined ? null : (
              <button key={name} type="button" onClick={() => put({ [name]: undefined })}>
                {name}: {filter[name]} <span aria-hidden="true">×</span>
                <span class="unseen">, remove this filter</span>
              </button>
            ),
          )}
        </p>
      )}
      <When is={decisions}>
        {({ decisions: list }) => (
          <>
            <p class="dim" aria-live="polite">
              {list.length === 0 ? "No decision matches." : list.length === 100 ? "The latest 100." : ""}
            </p>
            <ul class="rows">
              {list.map((each) => (
                <li key={each.id}>
                  <Verdict of={each.verdict} hasWarnings={each.rules.length > 0} />
                  <div>
                    <a href={href(path, { ...all, route: each.route ?? undefined })}>
                      {each.route ?? "a route that the Engine does not have"}
                    </a>
                    {Object.values(each.object).length > 0 && (
                      <> of {Object.values(each.object).join(", ")}</>
                    )}
                    {each.times > 1 && <> · {each.times} times</>}
                    {each.verdict === "harden" ? (
                      <div>
                        <code>{each.why.join(" ")}</code>
                      </div>
                    ) : (
                      each.why.map((why) => <div key={why}>{why}</div>)
                    )}
                    <div class="dim">
                      {each.rules.map((rule) => (
                        <span key={rule}>
                          <a href={href(path, { ...all, rule })}>{rule}</a>{" "}
                        </span>
                      ))}
                      ·{" "}
                      <a href={href(["policies", each.host], { log: each.log, client: each.client })}>
                        {each.client}
                      </a>{" "}
                      on <a href={href(["policies", each.host])}>{each.hostName}</a> ·{" "}
                      <Ago time={each.time} />
                    </div>
                  </div>
                </li>
              ))}
            </ul>
          </>
        )}
      </When>
    </section>
  );
}

/** A verdict by its name and its colour. */
export function Verdict({
  of,
  hasWarnings = false,
}: {
  readonly of: string;
  readonly hasWarnings?: boolean;
}) {
  if (of === "deny") return <span class="badge high">denied</span>;
  if (of === "harden") return <span class="badge low">hardened</span>;
  if (of === "unknown") return <span class="badge unknown">unknown</span>;
  return hasWarnings ? <span class="badge medium">warned</span> : <span class="badge pass">allowed</span>;
}
