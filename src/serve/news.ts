import { listenToReplicas, notice } from "../store/fleet/notices.ts";
import type { FleetDatabase } from "../store/fleet/open.ts";
import { isPostgres } from "../store/fleet/postgres.ts";

/** Tells the open pages that something is new. What it is, they ask for. */
export interface News {
  tell(topic: Topic): void;
  /** Gives what ends it. */
  listen(hear: (topic: Topic) => void): () => void;
  close(): Promise<void>;
}

/** `findings`: of a host, or on it, something changed. `hosts`: a host is new, silent, or answers again. */
const topics = ["findings", "hosts"] as const;
export type Topic = (typeof topics)[number];

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
    async close() {},
  };
}

/** Milliseconds in which replicas are told of a topic once: a large fleet has news all the time. */
const apart = 1_000;

/** News of every replica that uses this database, where it is one that several can use. */
export function openFleetNews(
  database: FleetDatabase,
  store: { readonly place: string; readonly password: string | undefined },
): News {
  const own = openNews();
  if (!isPostgres(database)) return own;
  const waiting = new Set<Topic>();
  let timer: NodeJS.Timeout | undefined;
  const replicas = listenToReplicas(store.place, store.password, {
    hear(text) {
      const topic = topics.find((each) => each === text);
      if (topic) own.tell(topic);
    },
    missed() {
      for (const topic of topics) own.tell(topic);
    },
  });

  function pass(): void {
    timer = undefined;
    const told = [...waiting];
    waiting.clear();
    // One that fails is told again with the next change; what is wrong, whoever writes says.
    for (const topic of told) notice(database, topic).catch(() => own.tell(topic));
  }

  return {
    tell(topic) {
      waiting.add(topic);
      timer ??= setTimeout(pass, apart);
    },
    listen: own.listen,
    async close() {
      if (timer) clearTimeout(timer);
      await replicas.close();
    },
  };
}
