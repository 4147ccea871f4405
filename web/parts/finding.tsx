import { href } from "../route.ts";
import { Ago, InWords, Severity } from "./parts.tsx";
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

interface Told {
  readonly time: number;
  readonly change: string;
  readonly severity: string;
  readonly message: string;
  readonly cause: unknown;
  readonly finding?: number;
  readonly subject?: string;
}

/** A card of what happened, newest first. */
export function Changes({ title, of }: { readonly title: string; readonly of: readonly Told[] }) {
  return (
    <section class="card">
      <h2>{title}</h2>
      {of.length === 0 && <p class="dim">Nothing has changed since the watch started.</p>}
      <ul class="rows">
        {of.map((each, index) => (
          <li key={`${each.time} ${index}`}>
            <Severity of={["resolved", "accepted"].includes(each.change) ? "pass" : each.severity} />
            <div>
              <Ago time={each.time} /> {each.change}:{" "}
              {each.finding === undefined ? (
                each.message
              ) : (
                <a href={href(["findings", String(each.finding)])}>{each.message}</a>
              )}
              <div class="dim">
                {each.subject} {each.subject !== undefined && "·"} {causeInWords(each.cause)}
              </div>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What brought a change about, in words. */
function causeInWords(cause: unknown): string {
  if (typeof cause !== "object" || cause === null || !("kind" in cause)) return "";
  if (cause.kind === "acceptance") {
    const { author, reason, until } = cause as { author?: unknown; reason?: unknown; until?: unknown };
    return `${String(author)} until ${String(until)}: ${String(reason)}`;
  }
  if (cause.kind === "sweep") return "seen in the kernel";
  if (cause.kind === "kernel") {
    const { call, process, pid } = cause as { call?: unknown; process?: unknown; pid?: unknown };
    return `after ${String(call)} by ${String(process)} (${String(pid)})`;
  }
  if (cause.kind === "file") return `${String((cause as { path?: unknown }).path)} changed`;
  if (cause.kind === "start") return "found when the watch started";
  if (cause.kind === "reconnect") return "happened while the Engine did not answer";
  const { type, action, process } = cause as { type?: unknown; action?: unknown; process?: unknown };
  return `${String(type)} ${String(action)}${typeof process === "string" ? ` (${process})` : ""}`;
}
