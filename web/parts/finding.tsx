import { InWords, Severity } from "./parts.tsx";
import { outcomeWords, type Proof, Proven } from "./proof.tsx";

type Document = Readonly<Record<string, unknown>>;

interface View {
  readonly level: string;
  readonly verdict: string;
  readonly observed: string | null;
}

/** As a setting is on its way: a file, the Engine, the kernel. */
const levels = ["declared", "configured", "effective"];

function byLevel(one: View, other: View): number {
  return levels.indexOf(one.level) - levels.indexOf(other.level);
}

/** A finding as reports print it: what is wrong, what each level says, how to mend it. */
export function FindingBody({
  of,
  proof,
}: {
  readonly of: Document;
  /** The latest of its subject. */
  readonly proof?: Proof | undefined;
}) {
  const proven = proof?.probes.filter(({ control }) => control === of.control) ?? [];
  const views = Array.isArray(of.views) ? (of.views as View[]).toSorted(byLevel) : [];
  const fix = of.fix as {
    kind: string;
    summary: string;
    snippet: string | null;
    breaks: string | null;
  } | null;
  return (
    <>
      <p>
        <Severity of={of.verdict === "unknown" ? "unknown" : String(of.severity)} />{" "}
        <InWords text={String(of.message)} />
      </p>
      {views.length + proven.length > 0 && (
        <table class="views">
          <thead>
            <tr>
              <th scope="col">Level</th>
              <th scope="col">Says</th>
              <th scope="col">Verdict</th>
            </tr>
          </thead>
          <tbody>
            {views.map(({ level, verdict, observed }) => (
              <tr key={level}>
                <th scope="row">{level}</th>
                <td>{observed ?? <span class="dim">nothing</span>}</td>
                <td>{verdict}</td>
              </tr>
            ))}
            {proven.map(({ probe, outcome, evidence }) => (
              <tr key={probe}>
                <th scope="row">proven</th>
                <td>{evidence}</td>
                <td>{outcomeWords[outcome][0]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {proof && proven.length > 0 && (
        <p class="dim">
          <Proven of={proof} />
        </p>
      )}
      {fix && (
        <div class="fix">
          <p>
            <strong>
              <InWords text={fix.summary} />
            </strong>{" "}
            <span class="dim">({fix.kind})</span>
          </p>
          {fix.snippet !== null && (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
            <pre tabIndex={0}>{fix.snippet}</pre>
          )}
          {fix.breaks !== null && (
            <p class="dim">
              <InWords text={fix.breaks} />
            </p>
          )}
        </div>
      )}
    </>
  );
}
