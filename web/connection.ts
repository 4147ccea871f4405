import { useEffect, useState } from "preact/hooks";

/** Milliseconds between two questions whether the server can serve, and until one of them counts as unanswered: a page says within five seconds that it cannot. */
const every = 2_500;
const patience = 2_000;

/** Why the page shows old data. */
export interface Lost {
  /** A sentence without its full stop: `bulkhead does not answer`. */
  readonly why: string;
  /** When the server could last serve, in milliseconds since 1970. */
  readonly since: number;
}

/** What is known after an answer: `why` is undefined where the server can serve. */
export function connectionAfter(
  before: Lost | undefined,
  why: string | undefined,
  lastServed: number,
): Lost | undefined {
  if (why === undefined) return undefined;
  return before?.why === why ? before : { why, since: before?.since ?? lastServed };
}

/** Asks `/readyz` now and then, and tells what became of it. Gives what ends it. */
function follow(tell: (lost: Lost | undefined) => void): () => void {
  let lost: Lost | undefined;
  let lastServed = Date.now();
  let isAsking = false;
  const ask = async () => {
    // Nobody looks: a browser slows the timers of a hidden page, too.
    if (isAsking || document.hidden) return;
    isAsking = true;
    lost = connectionAfter(lost, await whyNotReady(), lastServed);
    if (lost === undefined) lastServed = Date.now();
    isAsking = false;
    tell(lost);
  };
  const timer = setInterval(() => void ask(), every);
  document.addEventListener("visibilitychange", ask);
  void ask();
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", ask);
  };
}

/** Why the server cannot serve, in its own words where it has some. */
export async function whyNotReady(): Promise<string | undefined> {
  try {
    const answer = await fetch("/readyz", { signal: AbortSignal.timeout(patience) });
    if (answer.ok) return undefined;
    const said = (await answer.text()).trim();
    // A proxy's page is no reason.
    return /^\w[^<>\n]{0,200}$/.test(said) ? said : `bulkhead answered ${answer.status}`;
  } catch {
    return "bulkhead does not answer";
  }
}

/** Why what is shown may be old; undefined while the server can serve. */
export function useConnection(): Lost | undefined {
  const [lost, setLost] = useState<Lost>();
  useEffect(() => follow(setLost), []);
  return lost;
}
