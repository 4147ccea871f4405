import type { NamespaceMode } from "../../model/container/namespace.ts";
import type { Container } from "../../model/container.ts";
import { type Fact, mapFact } from "../../model/fact.ts";
import type { ContainerSubject } from "../../model/subject.ts";

const isId = (text: string) => /^[0-9a-f]{64}$/.test(text);

/** Names by full id, out of a table that holds every container under both. */
export function peerNames(peers: ReadonlyMap<string, Container>): ReadonlyMap<string, string> {
  const names = new Map([...peers].flatMap(([key, view]) => (isId(key) ? [] : [[view, key] as const])));
  return new Map(
    [...peers].flatMap(([key, view]) => {
      const name = isId(key) ? names.get(view) : undefined;
      return name === undefined ? [] : [[key, name] as const];
    }),
  );
}

/**
 * Names the containers whose namespaces this one joins. The Engine keeps `--net container:web` with web's id, which tells
 * a person nothing and is another one after each `docker compose up`, so that no baseline would hold.
 */
export function withPeerNames(
  subject: ContainerSubject,
  names: ReadonlyMap<string, string>,
): ContainerSubject {
  const named = (fact: Fact<NamespaceMode>) =>
    mapFact(fact, (mode) =>
      mode.mode === "container" ? { ...mode, target: names.get(mode.target) ?? mode.target } : mode,
    );
  return {
    ...subject,
    views: subject.views.map((view) => ({
      ...view,
      networkMode: named(view.networkMode),
      pidMode: named(view.pidMode),
      ipcMode: named(view.ipcMode),
    })),
  };
}
