import { useAnswer } from "../live.ts";
import { Changes } from "../parts/changes.tsx";
import { FindingBody } from "../parts/finding.tsx";
import { Jobs } from "../parts/jobs.tsx";
import { Ago, When } from "../parts/parts.tsx";
import { counted, latestProof, Proven } from "../parts/proof.tsx";
import { href } from "../route.ts";

/** A container: what each level says of it, how to mend it, and what changed. */
export function ContainerPage({ host, name }: { readonly host: string; readonly name: string }) {
  const container = useAnswer("/hosts/{}/containers/{}", [host, name]);
  const jobs = useAnswer("/hosts/{}/containers/{}/jobs", [host, name]);
  const proof = jobs.value && latestProof(jobs.value);
  return (
    <When is={container}>
      {(value) => (
        <>
          <h1>{value.name}</h1>
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
          {value.findings.length === 0 && <p>Nothing is open here.</p>}
          {value.findings.map(({ id, title, opened, acceptance, finding }) => (
            <section class="card" key={id}>
              <h2>
                <a href={href(["findings", String(id)])}>{title || String(finding.control)}</a>
              </h2>
              <FindingBody of={finding} proof={proof} />
              <p class="dim">
                {acceptance !== null && "Accepted. "}
                Open since <Ago time={opened} />
              </p>
            </section>
          ))}
          <Jobs of={jobs} host={host} name={name} isRunning={value.running} />
          <Changes title="What changed" of={value.changes} />
        </>
      )}
    </When>
  );
}
