import { href } from "../route.ts";
import { Ago, Severity } from "./parts.tsx";

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
