import { useMay } from "../account.ts";
import { useAnswer } from "../live.ts";
import { Accept } from "../parts/accept.tsx";
import { Changes, FindingBody } from "../parts/finding.tsx";
import { Ago, InWords, Severity, Subject, Title, When } from "../parts/parts.tsx";
import { latestProof } from "../parts/proof.tsx";
import { href } from "../route.ts";
import { Assignee, Together } from "./findings.tsx";

/** One finding, with all that became of it. */
export function FindingPage({ id }: { readonly id: string }) {
  const finding = useAnswer("/findings/:id", [id]);
  const isOperator = useMay("operator");
  return (
    <When is={finding}>
      {(value) => (
        <>
          <Title of={value.title || String(value.finding.control)} />
          <p class="dim">
            <Subject host={value.host} subject={String(value.finding.subject)} /> on{" "}
            <a href={href(["hosts", value.host])}>{value.hostName}</a> ·{" "}
            <ControlLink id={String(value.finding.control)} cis={value.cis} host={value.host} /> · opened{" "}
            <Ago time={value.opened} />
            {value.resolved !== null && (
              <>
                , resolved <Ago time={value.resolved} />
              </>
            )}
          </p>
          <section class="card">
            <Body
              host={value.host}
              of={value.finding}
              project={value.project}
              isOpen={value.resolved === null}
            />
          </section>
          {value.assignment !== null && <Assignee of={value.assignment} />}
          {value.resolved === null && isOperator && (
            <details class="card" id="assign">
              <summary>Assign this finding</summary>
              <Together ids={[value.id]} done={finding.again} />
            </details>
          )}
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
  project,
  isOpen,
}: BodyProps & {
  readonly host: string;
  readonly isOpen: boolean;
}) {
  const name = /^container:(.+)$/.exec(String(of.subject))?.[1];
  // What is resolved may be of a container that is gone, which has no proof.
  if (name === undefined || !isOpen) return <FindingBody of={of} project={project ?? null} />;
  return <ContainerBody host={host} name={name} of={of} project={project ?? null} />;
}

/** With what was proven of the container. */
function ContainerBody({
  host,
  name,
  of,
  project,
}: BodyProps & { readonly host: string; readonly name: string }) {
  const jobs = useAnswer("/hosts/:id/containers/:name/jobs", [host, name]);
  return <FindingBody of={of} project={project ?? null} proof={jobs.value && latestProof(jobs.value)} />;
}

/** A control's page, where else it fails, and the numbers of the CIS Docker Benchmark that it answers, in the host's table. */
export function ControlLink({
  id,
  cis,
  host,
}: {
  readonly id: string;
  readonly cis: readonly string[];
  readonly host: string;
}) {
  return (
    <>
      <a href={href(["controls", id])}>{id}</a>
      {" · "}
      <a href={href(["findings"], { control: id })}>
        where else it is open<span class="unseen">: {id}</span>
      </a>
      {cis.map((number) => (
        <span key={number}>
          {" "}
          · <a href={href(["hosts", host], { cis: number })}>CIS {number}</a>
        </span>
      ))}
    </>
  );
}

/** What a control is about: why it matters, what breaks, when to let it be. */
export function ControlPage({ id }: { readonly id: string }) {
  const control = useAnswer("/controls/:id", [id]);
  return (
    <When is={control}>
      {(value) => (
        <>
          <Title of={value.title} />
          <p>
            <Severity of={value.severity} /> <code>{value.id}</code>
            {value.cis.length > 0 && (
              <span class="dim"> · CIS Docker Benchmark 1.6: {value.cis.join(", ")}</span>
            )}{" "}
            · <a href={href(["findings"], { control: value.id })}>Where it is open</a>
          </p>
          <section class="card">
            <h2>Why it matters</h2>
            <p>
              <InWords text={value.why} />
            </p>
            {value.guidance !== null && (
              <>
                <h2>If something breaks</h2>
                <dl>
                  <dt>Symptom</dt>
                  <dd>
                    <InWords text={value.guidance.symptom} />
                  </dd>
                  <dt>Cause</dt>
                  <dd>
                    <InWords text={value.guidance.cause} />
                  </dd>
                  <dt>Action</dt>
                  <dd>
                    <InWords text={value.guidance.action} />
                  </dd>
                </dl>
                <h2>When to let it be</h2>
                <p>
                  <InWords text={value.guidance.letItBe} />
                </p>
              </>
            )}
            <h2>References</h2>
            <ul>
              {value.references.map((reference) => (
                <li key={reference}>
                  <a href={reference} rel="noreferrer">
                    {reference}
                  </a>
                </li>
              ))}
            </ul>
            <p class="dim">
              On a machine with bulkhead, <code>bulkhead explain {value.id}</code> has its examples.
            </p>
          </section>
        </>
      )}
    </When>
  );
}
