import { useEffect, useState } from "preact/hooks";
import { useAccount } from "../account.ts";
import { Exact } from "./parts.tsx";

/** Milliseconds without the page after which the next look at it is another visit. */
const pause = 30 * 60_000;
const every = 60_000;

interface Visit {
  /** When the page was seen last. */
  readonly seen: number;
  /** When the visit before this one ended; null on the first. */
  readonly before: number | null;
}

/** What is kept once somebody looks at the page. */
export function visitAfter(kept: Visit | undefined, now: number): Visit {
  if (!kept) return { seen: now, before: null };
  return now - kept.seen > pause ? { seen: now, before: kept.seen } : { ...kept, seen: now };
}

const nameOf = (account: number | undefined) => `bulkhead-visit-${account}`;

function kept(account: number | undefined): Visit | undefined {
  try {
    const { seen, before } = JSON.parse(localStorage.getItem(nameOf(account)) ?? "") as Partial<Visit>;
    return typeof seen === "number"
      ? { seen, before: typeof before === "number" ? before : null }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Notes in this browser that the account looks at the page. */
function keepVisits(account: number): () => void {
  const look = () => {
    if (document.hidden) return;
    try {
      localStorage.setItem(nameOf(account), JSON.stringify(visitAfter(kept(account), Date.now())));
    } catch {
      // A browser that keeps nothing knows no last visit.
    }
  };
  look();
  const timer = setInterval(look, every);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
  };
}

/** When the last visit of this account with this browser ended; null if it is the first. */
export function useLastVisit(): number | null {
  // As it will be noted, also before it is.
  return visitAfter(kept(useAccount()?.id), Date.now()).before;
}

/** Midnight here, so many days after the day. */
function midnight(day: Date, days = 0): number {
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days).getTime();
}

function dayOf(text: string | null | undefined, days: number): number | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text ?? "") ?? [];
  return year === undefined
    ? undefined
    : midnight(new Date(Number(year), Number(month) - 1, Number(day)), days);
}

type Said = Readonly<Record<"since" | "until", string | undefined>>;

/**
 * What the address says of a time: `since=yesterday`, `since=visit`, or days with `since` and `until`, both with it. In milliseconds;
 * the first visit has seen nothing before yesterday.
 */
export function timesOf(
  { since, until }: Said,
  lastVisit: number | null,
  now = new Date(),
): { readonly since: number | undefined; readonly before: number | undefined } {
  const yesterday = midnight(now, -1);
  if (since === "yesterday") return { since: yesterday, before: undefined };
  if (since === "visit") return { since: lastVisit ?? yesterday, before: undefined };
  return { since: dayOf(since, 0), before: dayOf(until, 1) };
}

/** Chooses a time: any, since yesterday, since the last visit, or between two days. */
export function SinceField({ of, put }: { readonly of: Said; readonly put: (said: Said) => void }) {
  const lastVisit = useLastVisit();
  const isDays = of.since !== undefined && !["yesterday", "visit"].includes(of.since);
  const today = new Date().toLocaleDateString("sv");
  const field = (name: "since" | "until", label: string) => (
    <label>
      {label}
      <input
        type="date"
        value={of[name] ?? ""}
        max={today}
        onInput={({ currentTarget }) => put({ ...of, [name]: currentTarget.value || today })}
      />
    </label>
  );
  return (
    <>
      <label>
        Since
        <select
          value={isDays ? "days" : (of.since ?? "")}
          onChange={({ currentTarget: { value } }) =>
            put(
              value === "days"
                ? { since: today, until: today }
                : { since: value === "" ? undefined : value, until: undefined },
            )
          }
        >
          <option value="">any time</option>
          <option value="yesterday">yesterday</option>
          {lastVisit !== null && <option value="visit">your last visit</option>}
          <option value="days">between two days</option>
        </select>
      </label>
      {isDays && field("since", "From")}
      {isDays && field("until", "To")}
    </>
  );
}

/** A time that is chosen beside a list, in milliseconds; it is gone with the page. */
export function useSince() {
  const [said, setSaid] = useState<Said>({ since: undefined, until: undefined });
  const { since, before } = timesOf(said, useLastVisit());
  return {
    field: <SinceField of={said} put={setSaid} />,
    since,
    before,
    isAnyTime: since === undefined && before === undefined,
    /** As the API asks for it. */
    times: { since: since?.toString(), before: before?.toString() },
    isIn: (time: number) => time >= (since ?? 0) && time < (before ?? Number.POSITIVE_INFINITY),
  };
}

/** `since yesterday`, or since when the last visit was. */
export function SinceWords({ of }: { readonly of: "yesterday" | "visit" }) {
  const lastVisit = useLastVisit();
  if (of === "yesterday" || lastVisit === null) return <>since yesterday</>;
  return (
    <>
      since your last visit, <Exact time={lastVisit} />
    </>
  );
}

/** Keeps visits of who is signed in. */
export function useVisits(account: number | undefined): void {
  useEffect(() => (account === undefined ? undefined : keepVisits(account)), [account]);
}
