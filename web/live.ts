import { useEffect, useRef, useState } from "preact/hooks";
import { type Answer, get, type Parts, type Path, Refused } from "./api.ts";

const topics = ["findings", "hosts", "decisions"] as const;
type Topic = (typeof topics)[number];

const listeners = new Set<(topic: Topic) => void>();

/** Milliseconds after a letter in which another one may follow: the server is asked once nobody types any more. */
const settled = 250;

/** Milliseconds until a stream that was refused is asked for again. */
const retryAfter = 5_000;

/**
 * Opens the stream of news while somebody is signed in. The browser opens it again by itself when it breaks, but not after an
 * answer that refuses it, such as a proxy's 502.
 */
export function followNews(): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let wasOpen = false;

  function tell(topic: Topic): void {
    for (const hear of listeners) hear(topic);
  }

  function tellAll(): void {
    for (const topic of topics) tell(topic);
  }

  function open(): void {
    const opened = new EventSource("/api/v1/events");
    source = opened;
    opened.addEventListener("open", () => {
      // What happened meanwhile was not told.
      if (wasOpen) tellAll();
      wasOpen = true;
    });
    for (const topic of topics) opened.addEventListener(topic, () => tell(topic));
    opened.addEventListener("error", () => {
      if (opened.readyState !== EventSource.CLOSED) return;
      // Where the session is over, the answers to the page's questions say so.
      wasOpen = true;
      tellAll();
      retry = setTimeout(open, retryAfter);
    });
  }

  open();
  return () => {
    source?.close();
    clearTimeout(retry);
  };
}

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly error: Refused | undefined;
  readonly again: () => void;
}

/** What came of asking, under the key that was asked for. */
export interface Held<T> {
  readonly key: string;
  readonly value?: T;
  readonly error?: Refused;
}

/** What is held after an outcome for a key. After an error the value stays, but only under the key that it was read for. */
export function held<T>(before: Held<T>, key: string, outcome: { value: T } | { error: Refused }): Held<T> {
  if ("value" in outcome) return { key, value: outcome.value };
  return before.key === key ? { ...before, error: outcome.error } : { key, error: outcome.error };
}

/** What a path answers, asked again whenever there is news. Undefined until it is there. */
export function useAnswer<P extends Path>(
  path: P,
  parts: Parts<P>,
  query: Readonly<Record<string, string | undefined>> = {},
): Loaded<Answer<P>> {
  const key = JSON.stringify([path, parts, query]);
  const [state, setState] = useState<Held<Answer<P>>>({ key });
  const [turn, setTurn] = useState(0);
  const last = useRef({ key, at: 0 });
  // The key stands for path, parts and query, which are new objects each time.
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () =>
      get(path, parts, query).then(
        (value) => {
          if (!isOver) setState((before) => held(before, key, { value }));
        },
        (reason: unknown) => {
          if (isOver) return;
          const error = reason instanceof Refused ? reason : new Refused(0, String(reason));
          setState((before) => held(before, key, { error }));
          if (error.status === 0 || error.status >= 500)
            timer = setTimeout(() => setTurn((n) => n + 1), 3_000);
        },
      );
    const isTyping = last.current.key !== key && performance.now() - last.current.at < settled;
    if (last.current.key !== key) last.current = { key, at: performance.now() };
    if (isTyping) timer = setTimeout(ask, settled);
    else void ask();
    return () => {
      isOver = true;
      if (timer) clearTimeout(timer);
    };
  }, [key, turn]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hear = (topic: Topic) => {
      // A guard decides all the time, and findings are no part of its pages.
      if (topic !== "hosts" && (topic === "decisions") !== path.includes("policies")) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        setTurn((n) => n + 1);
      }, 300);
    };
    listeners.add(hear);
    return () => {
      listeners.delete(hear);
      if (timer) clearTimeout(timer);
    };
  }, [path]);
  const isCurrent = state.key === key;
  return {
    value: isCurrent ? state.value : undefined,
    error: isCurrent ? state.error : undefined,
    again: () => setTurn((n) => n + 1),
  };
}
