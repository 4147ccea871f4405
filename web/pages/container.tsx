import type { Answer } from "../api.ts";
import { useAnswer } from "../live.ts";
import { Changes, FindingBody } from "../parts/finding.tsx";
import { Jobs } from "../parts/jobs.tsx";
import { Ago, Counts, Severity, Title, When } from "../parts/parts.tsx";
import { counted, latestProof, type Proof, Proven } from "../parts/proof.tsx";
import { href } from "../route.ts";
import { ControlLink } from "./finding.tsx";

/** A container: what each level says of it, how to mend it, and what changed. */
export function ContainerPage({ host, name }: { readonly host: string; readonly name: string }) {
  const container = useAnswer("/hosts/:id/containers/:name", [host, name]);
  const jobs = useAnswer("/hosts/:id/containers/:name/jobs", [host, name]);
  const proof = jobs.value && latestProof(jobs.value);
  return (
    <When is={container}>
      {(value) => (
        <>
          <Title of={value.name} />
          <p class="dim">
            {value.running ? "running" : "not running"} on{" "}
            <a href={href(["hosts", host])}>{value.hostName}</a>
            {value.image !== null && (
              <>
                {" "}
                · image <a href={href(["images", value.image])}>{value.image}</a>
              </>
            )}
            {value.project !== null && (
              <>
                {" "}
                · project <a href={href(["findings"], { project: value.project })}>{value.project}</a>
              </>
            )}
          </p>
          {proof && (
            <p class="dim">
              <Proven of={proof} />: {counted(proof.probes)}
            </p>
          )}
          <p>
            <Counts of={bySeverity(value)} query={{ host, subject: `container:${name}`, verdict: "fail" }} />
          </p>
          {value.findings
            .filter(({ finding }) => finding.verdict !== "unknown")
            .map((each, index) => (
              <Card
                key={each.id}
                of={each}
                proof={proof}
                project={value.project}
                host={host}
                isOpen={index === 0}
              />
            ))}
          <Unknown
            of={value.findings.filter(({ finding }) => finding.verdict === "unknown")}
            proof={proof}
            project={value.project}
            host={host}
          />
          <Jobs of={jobs} host={host} name={name} isRunning={value.running} />
          <Changes title="What changed" of={value.changes} />
        </>
      )}
    </When>
  );
}

type Open = Answer<"/hosts/:id/containers/:name">["findings"][number];

/** What fails and is not accepted, by severity. */
function bySeverity({ findings }: Answer<"/hosts/:id/containers/:name">): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { acceptance, finding } of findings) {
    if (acceptance !== null || finding.verdict !== "fail") continue;
    const severity = String(finding.severity);
    counts[severity] = (counts[severity] ?? 0) + 1;
  }
  return counts;
}

interface Judged {
  readonly proof: Proof | undefined;
  readonly project: string | null;
  readonly host: string;
}

/** Worst first: the first is open, and the others say what they are. */
function Card({
  of,
  proof,
  project,
  host,
  isOpen,
}: Judged & { readonly of: Open; readonly isOpen: boolean }) {
  const { id, title, cis, opened, acceptance, finding } = of;
  return (
    <details class="card" open={isOpen}>
      <summary>
        <Severity of={finding.verdict === "unknown" ? "unknown" : String(finding.severity)} />{" "}
        {title || String(finding.control)} {acceptance !== null && <span class="dim">accepted</span>}
      </summary>
      <FindingBody of={finding} proof={proof} project={project} isTitled />
      <p class="dim">
        {acceptance !== null && "Accepted. "}
        Open since <Ago time={opened} /> · <ControlLink id={String(finding.control)} cis={cis} host={host} />{" "}
        ·{" "}
        <a href={href(["findings", String(id)])}>
          Its history<span class="unseen">: {title || String(finding.control)}</span>
        </a>
      </p>
    </details>
  );
}

/** What could not be judged, after what is wrong. */
function Unknown({ of, ...judged }: Judged & { readonly of: readonly Open[] }) {
  if (of.length === 0) return null;
  return (
    <details>
      <summary>
        {of.length} unknown <span class="dim">controls that could not be judged here</span>
      </summary>
      {of.map((each) => (
        <Card key={each.id} of={each} {...judged} isOpen={false} />
      ))}
    </details>
  );
}
