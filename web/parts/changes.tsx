import { href } from "../route.ts";
import { Ago, causeInWords, Severity } from "./parts.tsx";

interface Told {
  readonly time: number;
  readonly change: string;
  readonly severity: string;
  readonly message: string;
  readonly cause: unknown;
  readonly finding?: number;
  readonly subject?: string;
}

/** What happened, newest first. */
export function Changes({ of }: { readonly of: readonly Told[] }) {
  if (of.length === 0) return <p class="dim">Nothing changed since the watch began.</p>;
  return (
    <ul class="rows">
      {of.map((each, index) => (
        <li key={`${each.time} ${index}`}>
          <Severity of={each.change === "resolved" ? "pass" : each.severity} />
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
  );
}
