import { Fragment } from "preact";
import { useState } from "preact/hooks";
import { useAccount, useMay } from "../account.ts";
import { type Answer, send } from "../api.ts";
import { useAnswer } from "../live.ts";
import { Ago, Choice, Subject, Title, Trouble, useAct, When } from "../parts/parts.tsx";
import { useSince } from "../parts/since.tsx";
import { href } from "../route.ts";

type Acceptance = Answer<"/acceptances">["acceptances"][number];

const sorts = [
  ["newest", "newest first"],
  ["ends", "first to end"],
] as const;

/** What is accepted, by whom, why and until when. */
export function AcceptancesPage() {
  const acceptances = useAnswer("/acceptances", []);
  const hosts = useAnswer("/hosts", []);
  const { trouble, act } = useAct(acceptances.again);
  const { field, isIn } = useSince();
  const [sort, setSort] = useState<(typeof sorts)[number][0]>("newest");
  return (
    <>
      <Title of="Acceptances" />
      <div class="filters">
        {field}
        <Choice label="Sort" of={sorts} value={sort} set={setSort} />
      </div>
      <p class="dim">
        What is accepted is not counted as open until the end of its last day. Then it comes back as a
        finding. To accept something, open its finding.
      </p>
      <Trouble of={trouble} />
      <When is={acceptances}>
        {({ acceptances: list, isReviewNeeded }) => {
          const names = new Map((hosts.value?.hosts ?? []).map(({ id, name }) => [id, name]));
          const of = (state: Acceptance["state"]) =>
            list
              .filter((each) => each.state === state && isIn(each.created))
              .toSorted((one, other) =>
                sort === "ends" ? one.until.localeCompare(other.until) : other.created - one.created,
              );
          return (
            <>
              {(isReviewNeeded || of("waiting").length > 0) && (
                <List title="Waiting for a second person" of={of("waiting")} names={names} act={act} />
              )}
              <List title="In force" of={of("active")} names={names} act={act}>
                <IgnoresFiles hosts={hosts.value?.hosts ?? []} />
              </List>
              <List title="Over" of={of("over")} names={names} act={act} />
            </>
          );
        }}
      </When>
    </>
  );
}

/** More hosts than these are folded: a fleet has hundreds. */
const mostShown = 10;

/** A link for each host to what is accepted there, as a file. */
export function IgnoresFiles({
  hosts,
}: {
  readonly hosts: readonly { readonly id: string; readonly name: string }[];
}) {
  const intro = (
    <>
      As bulkhead.yaml for <code>bulkhead audit</code>
    </>
  );
  const links = hosts.map(({ id, name }, index) => (
    <Fragment key={id}>
      {index > 0 && ", "}
      <a href={`/api/v1/acceptances/bulkhead.yaml?host=${encodeURIComponent(id)}`}>for {name}</a>
    </Fragment>
  ));
  if (hosts.length <= mostShown) {
    return (
      <p>
        {intro}: {links}
      </p>
    );
  }
  return (
    <details>
      <summary>
        {intro}, for each of {hosts.length} hosts
      </summary>
      <p>{links}</p>
    </details>
  );
}

function List({
  title,
  of,
  names,
  act,
  children,
}: {
  readonly title: string;
  readonly of: readonly Acceptance[];
  /** Of hosts, by their ids. */
  readonly names: ReadonlyMap<string, string>;
  readonly act: (done: Promise<unknown>) => void;
  readonly children?: preact.ComponentChildren;
}) {
  const account = useAccount();
  const may = useMay("operator");
  return (
    <section class="card">
      <h2>{title}</h2>
      {of.length === 0 && <p class="dim">None.</p>}
      <ul class="rows">
        {of.map((each) => (
          <li key={each.id}>
            <div>
              <strong>{each.control === "*" ? "Every control" : each.title || each.control}</strong>{" "}
              <Where of={each} hostName={names.get(each.host ?? "")} />
              {each.teamName !== null && <> on the hosts of the team {each.teamName}</>}
              <div>{each.reason}</div>
              <div class="dim">
                until {each.until} · {each.state === "waiting" ? "asked for" : "accepted"} by {each.author}{" "}
                <Ago time={each.created} />
                {each.reviewer !== null && <>, reviewed by {each.reviewer}</>}
                {each.state === "active" && (
                  <>
                    {" "}
                    · covers {each.findings} open {each.findings === 1 ? "finding" : "findings"}
                  </>
                )}
              </div>
              {may && each.state !== "over" && (
                <p class="actions">
                  {each.state === "waiting" && each.author !== account?.name && (
                    <button
                      type="button"
                      onClick={() => act(send("PUT /acceptances/:id/review", [String(each.id)]))}
                    >
                      Approve
                    </button>
                  )}
                  <button
                    type="button"
                    onClick={() => act(send("DELETE /acceptances/:id", [String(each.id)]))}
                  >
                    {each.state === "waiting" ? "Refuse" : "End it now"}
                    <span class="unseen">: {each.reason}</span>
                  </button>
                </p>
              )}
            </div>
          </li>
        ))}
      </ul>
      {of.length > 0 && children}
    </section>
  );
}

function Where({ of, hostName }: { readonly of: Acceptance; readonly hostName: string | undefined }) {
  if (of.image !== null)
    return (
      <>
        on the image <a href={href(["findings"], { image: of.image, state: "accepted" })}>{of.image}</a>
      </>
    );
  if (of.project !== null)
    return (
      <>
        in the project{" "}
        <a href={href(["findings"], { project: of.project, state: "accepted" })}>{of.project}</a>
      </>
    );
  return (
    <>
      of <Subject host={of.host ?? ""} subject={of.subject ?? ""} />
      {hostName !== undefined && <> on {hostName}</>}
    </>
  );
}
