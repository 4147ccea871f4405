import { useAnswer } from "../live.ts";
import { Accept } from "../parts/accept.tsx";
import { Changes, FindingBody } from "../parts/finding.tsx";
import { Ago, Subject, Title, When } from "../parts/parts.tsx";
import { latestProof } from "../parts/proof.tsx";
import { href } from "../route.ts";

/** One finding, with all that became of it. */
export function FindingPage({ id }: { readonly id: string }) {
  const finding = useAnswer("/findings/:id", [id]);
  return (
    <When is={finding}>
      {(value) => (
        <>
          <Title of={value.title || String(value.finding.control)} />
          <p class="dim">
            <Subject host={value.host} subject={String(value.finding.subject)} /> on{" "}
            <a href={href(["hosts", value.host])}>{value.hostName}</a> ·{" "}
            <a href={href(["findings"], { control: String(value.finding.control) })}>
              {String(value.finding.control)}
            </a>{" "}
            · opened <Ago time={value.opened} />
            {value.resolved !== null && (
              <>
                , resolved <Ago time={value.resolved} />
              </>
            )}
          </p>
          <section class="card">
            <Body host={value.host} of={value.finding} isOpen={value.resolved === null} />
          </section>
          {value.acceptance !== null && (
            <p class="dim" role="status">
              This finding is accepted: <a href={href(["acceptances"])}>by whom, why and until when</a>
            </p>
          )}
          {value.resolved === null && value.acceptance === null && (
            <Accept
              finding={value.id}
              control={String(value.finding.control)}
              image={String(value.finding.subject).startsWith("container:") ? value.image : null}
              project={String(value.finding.subject).startsWith("container:") ? value.project : null}
              done={finding.again}
            />
          )}
          <Changes title="What became of it" of={value.changes.toReversed()} />
        </>
      )}
    </When>
  );
}

type BodyProps = Parameters<typeof FindingBody>[0];

function Body({
  host,
  of,
  isOpen,
}: BodyProps & {
  readonly host: string;
  readonly isOpen: boolean;
}) {
  const name = /^container:(.+)$/.exec(String(of.subject))?.[1];
  // What is resolved may be of a container that is gone, which has no proof.
  if (name === undefined || !isOpen) return <FindingBody of={of} />;
  return <ContainerBody host={host} name={name} of={of} />;
}

/** With what was proven of the container. */
function ContainerBody({ host, name, of }: BodyProps & { readonly host: string; readonly name: string }) {
  const jobs = useAnswer("/hosts/:id/containers/:name/jobs", [host, name]);
  return <FindingBody of={of} proof={jobs.value && latestProof(jobs.value)} />;
}
