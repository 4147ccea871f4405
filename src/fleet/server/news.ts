import type { FleetDatabase } from "../store/open.ts";
import { isPostgres, listenToReplicas, notice } from "../store/postgres.ts";

/** Tells the open pages that something is new. What it is, they ask for. */
export interface News {
  /** `host`: where it is. Undefined: on several hosts, or for all to know. */
  tell(topic: Topic, host?: string): void;
  /** Gives what ends it. */
  listen(hear: Hear): () => void;
  close(): Promise<void>;
}

type Hear = (topic: Topic, host: string | undefined) => void;

/**
 * `findings`: of a host, or on it, something changed. `hosts`: a host is new, silent, or answers again. `decisions`: a guard
 * decided something, or enforces something else.
 */
const topics = ["findings", "hosts", "decisions"] as const;
export type Topic = (typeof topics)[number];

export function openNews(): News {
  const listeners = new Set<Hear>();
  return {
    tell(topic, host) {
      for (const hear of listeners) hear(topic, host);
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

/** Hosts of one notice: PostgreSQL takes 8,000 bytes. */
const hostsTogether = 100;
/** Where more hosts have news in a second, everybody asks anew. */
const mostHosts = 2_000;

/** News of every replica that uses this database, where it is one that several can use. */
export function openFleetNews(
  database: FleetDatabase,
  store: { readonly place: string; readonly password: string | undefined },
): News {
  const own = openNews();
  if (!isPostgres(database)) return own;
  const waiting = new Map<Topic, Set<string> | "all">();
  let timer: NodeJS.Timeout | undefined;
  const replicas = listenToReplicas(store.place, store.password, {
    hear(text) {
      const [said, ...hosts] = text.split(" ");
      const topic = topics.find((each) => each === said);
      if (topic && hosts.length === 0) own.tell(topic);
      for (const host of topic ? hosts : []) own.tell(topic ?? "findings", host);
    },
    missed() {
      for (const topic of topics) own.tell(topic);
    },
  });

  function pass(): void {
    timer = undefined;
    const told = [...waiting].flatMap(([topic, hosts]) => noticesOf(topic, hosts));
    waiting.clear();
    // One that fails is sent again with the next change; the writer reports what is wrong.
    for (const text of told) notice(database, text).catch(() => own.tell("findings"));
  }

  return {
    tell(topic, host) {
      const hosts = waiting.get(topic) ?? new Set();
      if (host === undefined || hosts === "all" || hosts.size >= mostHosts) waiting.set(topic, "all");
      else waiting.set(topic, hosts.add(host));
      timer ??= setTimeout(pass, apart);
    },
    listen: own.listen,
    async close() {
      if (timer) clearTimeout(timer);
      await replicas.close();
    },
  };
}

/** `findings`, or `findings HOST HOST`: ids of hosts have no space in them. */
function noticesOf(topic: Topic, hosts: ReadonlySet<string> | "all"): readonly string[] {
  if (hosts === "all") return [topic];
  const all = [...hosts];
  return Array.from({ length: Math.ceil(all.length / hostsTogether) }, (_, part) =>
    [topic, ...all.slice(part * hostsTogether, (part + 1) * hostsTogether)].join(" "),
  );
}
