/** Tells the open pages that something is new. What it is, they ask for. */
export interface News {
  tell(topic: Topic): void;
  /** Gives what ends it. */
  listen(hear: (topic: Topic) => void): () => void;
}

/** `findings`: of a host, or on it, something changed. `hosts`: a host is new, silent, or answers again. */
export type Topic = "findings" | "hosts";

export function openNews(): News {
  const listeners = new Set<(topic: Topic) => void>();
  return {
    tell(topic) {
      for (const hear of listeners) hear(topic);
    },
    listen(hear) {
      listeners.add(hear);
      return () => listeners.delete(hear);
    },
  };
}
