import { href } from "../route.ts";
import { type Fix, fixCommand } from "./mend.ts";
import { Ago, InWords, Severity, Written } from "./parts.tsx";
import { outcomeWords, type Proof, Proven } from "./proof.tsx";
import { useSince } from "./since.tsx";

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

/** What mends it on its host, as far as one command can. */
function commandOf(of: Document, project: string | null): string | undefined {
  const locations = Array.isArray(of.locations)
    ? (of.locations as readonly { readonly file?: unknown }[])
    : [];
  const file = locations.find((each) => typeof each.file === "string")?.file;
  return fixCommand({
    ...{ control: String(of.control), subject: String(of.subject), fix: of.fix as Fix | null },
    ...{ isOfCompose: project !== null, file: typeof file === "string" ? file : undefined },
  });
}

/** A finding as reports print it: what is wrong, what each level says, how to mend it. */
export function FindingBody({
  of,
  proof,
  project = null,
  isTitled = false,
}: {
  readonly of: Document;
  /** The latest of its subject. */
  readonly proof?: Proof | undefined;
  /** The Compose project of its container. */
  readonly project?: string | null;
  /** Whether the severity stands above. */
  readonly isTitled?: boolean;
}) {
  const proven = proof?.probes.filter(({ control }) => control === of.control) ?? [];
  const views = Array.isArray(of.views) ? (of.views as View[]).toSorted(byLevel) : [];
  const fix = of.fix as Fix | null;
  const command = commandOf(of, project);
  return (
    <>
      <p>
        {!isTitled && (
          <>
            <Severity of={of.verdict === "unknown" ? "unknown" : String(of.severity)} />{" "}
          </>
        )}
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
          {command !== undefined && <Written name={`mend-${String(of.control)}.sh`} text={command} />}
          {fix.snippet !== null && fix.snippet !== command && (
            <>
              <p class="dim">{command === undefined ? "By hand:" : "Or by hand:"}</p>
              <Written name={undefined} text={fix.snippet} />
            </>
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
  const { field, isIn } = useSince();
  const list = of.filter(({ time }) => isIn(time));
  const others = list.slice(firstShown);
  return (
    <section class="card">
      <h2>{title}</h2>
      {of.length === 0 && <p class="dim">Nothing has changed since the watch started.</p>}
      {of.length > 0 && <div class="filters">{field}</div>}
      {of.length > 0 && list.length === 0 && (
        <p class="dim">Nothing of the latest {of.length} is of that time.</p>
      )}
      <ChangeRows of={list.slice(0, firstShown)} />
      {others.length > 0 && (
        <details>
          <summary>{others.length} earlier</summary>
          <ChangeRows of={others} />
        </details>
      )}
    </section>
  );
}

const firstShown = 8;

function ChangeRows({ of }: { readonly of: readonly Told[] }) {
  return (
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
              {each.subject} {each.subject !== undefined && "·"} <Cause of={each.cause} />
            </div>
          </div>
        </li>
      ))}
    </ul>
  );
}

/** What brought a change about, and who, as far as it is known. */
export function Cause({ of: cause }: { readonly of: unknown }) {
  const { what, who } = causeInWords(cause);
  return (
    <>
      {what}
      {who === "unknown" && (
        <>
          ; Docker does not say who: <a href={href(["policies"])}>put a guard in front</a>
        </>
      )}
      {who !== "unknown" && who}
    </>
  );
}

/** In words; `unknown`: no guard's log was there to say who called. */
export function causeInWords(cause: unknown): { readonly what: string; readonly who: string } {
  const nobody = (what: string) => ({ what, who: "" });
  if (typeof cause !== "object" || cause === null || !("kind" in cause)) return nobody("");
  const said = cause as Readonly<Record<string, unknown>>;
  if (said.kind === "acceptance") {
    if (typeof said.author !== "string") return nobody("the acceptance ended");
    return nobody(`accepted by ${said.author} until ${String(said.until)}: ${String(said.reason)}`);
  }
  if (said.kind === "sweep")
    return nobody(said.missed ? "seen in the kernel, after calls were missed" : "seen in the kernel");
  if (said.kind === "kernel") {
    const parents = Array.isArray(said.parents) ? `, from ${said.parents.join(", ")}` : "";
    const user = typeof said.user === "string" ? `, as ${said.user}` : "";
    const process = `${String(said.process)} (PID ${String(said.pid)}${parents}${user})`;
    return nobody(`after ${String(said.call)} by ${process}${said.ended ? ", since ended" : ""}`);
  }
  if (said.kind === "file") return nobody(`${String(said.path)} changed`);
  if (said.kind === "start") return nobody("found when the watch started");
  if (said.kind === "prove") return nobody("found by the daily proof");
  if (said.kind === "reconnect") return nobody("happened while the Engine did not answer");
  const process = typeof said.process === "string" ? ` (${said.process})` : "";
  const what = `${String(said.type)} ${String(said.action)}${process}`;
  const by = said.by as { readonly client?: unknown } | null | undefined;
  if (by === undefined) return { what, who: "unknown" };
  return {
    what,
    who: by === null ? ", by a call that no guard saw" : ` by ${String(by.client)}, as the guard says`,
  };
}
