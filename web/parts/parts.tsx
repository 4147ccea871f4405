import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Refused } from "../api.ts";
import type { Loaded } from "../live.ts";
import { href } from "../route.ts";

export const severities = ["critical", "high", "medium", "low", "info"] as const;

/** The heading of a page, which also names it among the browser's tabs and in its history. */
export function Title({ of }: { readonly of: string }) {
  useEffect(() => {
    document.title = `${of} · bulkhead`;
  }, [of]);
  return <h1>{of}</h1>;
}

/** A severity by its name and its colour. */
export function Severity({ of }: { readonly of: string }) {
  return <span class={`badge ${of}`}>{of}</span>;
}

/** How many of each, worst first; each leads to them. */
export function Counts({
  of,
  query = {},
}: {
  readonly of: Readonly<Record<string, number>>;
  readonly query?: Readonly<Record<string, string>>;
}) {
  const there = severities.filter((severity) => (of[severity] ?? 0) > 0);
  if (there.length === 0) return <span class="dim">nothing open</span>;
  return (
    <span class="counts">
      {there.map((severity) => (
        <a key={severity} class={`badge ${severity}`} href={href(["findings"], { ...query, severity })}>
          {of[severity]} {severity}
        </a>
      ))}
    </span>
  );
}

const steps: readonly (readonly [number, Intl.RelativeTimeFormatUnit])[] = [
  [60, "second"],
  [60, "minute"],
  [24, "hour"],
  [365, "day"],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** How long ago; the exact time with its zone is the title. */
export function Ago({ time }: { readonly time: number }) {
  let amount = Math.round((time - Date.now()) / 1_000);
  let unit: Intl.RelativeTimeFormatUnit = "second";
  for (const [size, name] of steps) {
    unit = name;
    if (Math.abs(amount) < size) break;
    if (name !== "day") amount = Math.round(amount / size);
  }
  const date = new Date(time);
  return (
    <time dateTime={date.toISOString()} title={exact.format(date)}>
      {relative.format(amount, unit)}
    </time>
  );
}

/** A time of day, where it is older than a day with its date. */
export function Exact({ time }: { readonly time: number }) {
  const date = new Date(time);
  const isToday = Date.now() - time < 86_400_000;
  return (
    <time dateTime={date.toISOString()}>{isToday ? date.toLocaleTimeString() : exact.format(date)}</time>
  );
}

/** A subject with a link to its page. */
export function Subject({ host, subject }: { readonly host: string; readonly subject: string }) {
  const [kind = "", ...rest] = subject.split(":");
  const name = rest.join(":");
  if (kind !== "container" && kind !== "exec") return <span>{subject}</span>;
  return (
    <a href={href(["hosts", host, name])}>
      {kind === "exec" ? "exec in " : ""}
      {name}
    </a>
  );
}

/** What was asked for, or why it is not there. */
export function When<T>({
  is,
  children,
}: {
  readonly is: Loaded<T>;
  readonly children: (value: T) => ComponentChildren;
}) {
  return (
    <>
      {is.error && (
        <p class="trouble" role="alert">
          {is.error.message}
        </p>
      )}
      {is.value !== undefined ? children(is.value) : !is.error && <p class="dim">Loading…</p>}
    </>
  );
}

/** A sentence with what stands between backticks as code. */
export function InWords({ text }: { readonly text: string }) {
  return (
    <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>
  );
}

/** A command or a file, to be copied or, where it has a name, kept as a file. */
export function Written({ text, name }: { readonly text: string; readonly name: string | undefined }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <div class="written">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
      <pre tabIndex={0}>{text}</pre>
      <p class="actions">
        <button type="button" onClick={() => void copy(text).then(setCopied)}>
          Copy
        </button>
        {name !== undefined && (
          <a
            class="button"
            href={`data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}`}
            download={name}
          >
            Download
          </a>
        )}
        <span role="status">{isCopied && "Copied"}</span>
      </p>
    </div>
  );
}

/** Whether it is in the clipboard: browsers give it to pages that came by HTTPS or from this machine. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** What may be wider than the screen: it scrolls by itself, by keyboard, too. */
export function Scroll({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard
    <section class="scroll" tabIndex={0} aria-label={name}>
      {children}
    </section>
  );
}

interface Acting {
  /** Why the last try failed; "" where it did not. */
  readonly trouble: string;
  readonly isBusy: boolean;
  /** Runs what changes something, then `after`, whatever became of it. */
  act(done: Promise<unknown>): void;
}

/** Does something on the server and keeps what it said against it. */
export function useAct(after: () => void): Acting {
  const [trouble, setTrouble] = useState("");
  const [isBusy, setBusy] = useState(false);
  return {
    trouble,
    isBusy,
    act(done) {
      setBusy(true);
      done
        .then(
          () => setTrouble(""),
          (reason: unknown) => setTrouble(reason instanceof Refused ? reason.message : String(reason)),
        )
        .finally(() => {
          setBusy(false);
          after();
        });
    },
  };
}

export function Trouble({ of }: { readonly of: string }) {
  if (of === "") return null;
  return (
    <p class="trouble" role="alert">
      {of}
    </p>
  );
}

/** A choice of one value, each with what it means for a person. */
export function Choice<V extends string>({
  label,
  of,
  value,
  set,
}: {
  readonly label: string;
  readonly of: readonly (readonly [value: V, words: string])[];
  readonly value: V;
  readonly set: (value: V) => void;
}) {
  return (
    <label>
      {label}
      <select
        value={value}
        onChange={({ currentTarget }) => {
          const chosen = of.find(([each]) => each === currentTarget.value);
          if (chosen) set(chosen[0]);
        }}
      >
        {of.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What is at stake, as the server weighs it: a severity outweighs five of the next. */
export function riskOf(bySeverity: Readonly<Record<string, number>>): number {
  return severities
    .toReversed()
    .reduce((sum, severity, index) => sum + (bySeverity[severity] ?? 0) * 5 ** index, 0);
}
