import { useEffect, useState } from "preact/hooks";
import { type Answer, get, type Path, Refused } from "./api.ts";

type Topic = "findings" | "hosts";

const listeners = new Set<(topic: Topic) => void>();
let source: EventSource | undefined;

/** Opens the stream of news while somebody is signed in. The browser opens it again by itself when it breaks. */
export function followNews(): () => void {
  source = new EventSource("/api/v1/events");
  let wasOpen = false;
  source.addEventListener("open", () => {
    // What happened meanwhile was not told.
    if (wasOpen) for (const hear of listeners) hear("findings");
    wasOpen = true;
  });
  for (const topic of ["findings", "hosts"] as const) {
    source.addEventListener(topic, () => {
      for (const hear of listeners) hear(topic);
    });
  }
  return () => source?.close();
}

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly error: Refused | undefined;
  readonly again: () => void;
}

/** What a path answers, asked again whenever there is news. Undefined until it is there. */
export function useAnswer<P extends Path>(
  path: P,
  parts: readonly string[] = [],
  query: Readonly<Record<string, string | undefined>> = {},
): Loaded<Answer<P>> {
  const key = JSON.stringify([path, parts, query]);
  const [state, setState] = useState<{ key: string; value?: Answer<P>; error?: Refused }>({ key });
  const [turn, setTurn] = useState(0);
  // The key stands for path, parts and query, which are new objects each time.
  useEffect(() => {
    let isOver = false;
    let retry: ReturnType<typeof setTimeout> | undefined;
    get(path, parts, query).then(
      (value) => {
        if (!isOver) setState({ key, value });
      },
      (reason: unknown) => {
        if (isOver) return;
        const error = reason instanceof Refused ? reason : new Refused(0, String(reason));
        setState((before) => ({ ...before, key, error }));
        if (error.status === 0 || error.status >= 500) retry = setTimeout(() => setTurn((n) => n + 1), 3_000);
      },
    );
    return () => {
      isOver = true;
      if (retry) clearTimeout(retry);
    };
  }, [key, turn]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hear = () => {
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
  }, []);
  const isCurrent = state.key === key;
  return {
    value: isCurrent ? state.value : undefined,
    error: isCurrent ? state.error : undefined,
    again: () => setTurn((n) => n + 1),
  };
}
