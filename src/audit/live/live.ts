import type { Context } from "../../controls/control.ts";
import type { NamespaceMode } from "../../model/container/namespace.ts";
import type { Container } from "../../model/container.ts";
import { type Fact, mapFact } from "../../model/fact.ts";
import type { Gap } from "../../model/gap.ts";
import type { Image } from "../../model/image.ts";
import type { Reading } from "../../model/reading.ts";
import type { ContainerSubject, EngineSubject, ImageSubject } from "../../model/subject.ts";

/** The Engine and what runs on it, as an audit takes it in. */
export interface Live {
  readonly reading: Reading;
  readonly engine: EngineSubject | undefined;
  /** Every image that was read, judged or not: they tell who runs. */
  readonly images: readonly ImageSubject[];
  /** What the Engine has of the images that files mention, by the reference as written. */
  readonly mentioned: ReadonlyMap<string, Image>;
  /** Containers by name and by id, for `container:` modes and `--volumes-from`. */
  readonly peers: ReadonlyMap<string, Container>;
  readonly running: Context["running"];
  /** What only a benchmark reads; undefined without one. */
  readonly sight?: Context["sight"];
  /** In words: `the Engine at unix:///var/run/docker.sock, 12 containers`. */
  readonly looked: readonly string[];
}

/**
 * Reads the Engine, once the files are read: `mentioned` are the images that they name. Gaps and what there is to say of an
 * Engine that cannot be reached are in what it gives.
 */
export type ReadLive = (mentioned: readonly string[]) => Promise<Live>;

/** An Engine of which nothing was read. */
export function noEngine(gaps: readonly Gap[], looked: readonly string[]): Live {
  return {
    reading: { subjects: [], gaps, secrets: [] },
    engine: undefined,
    images: [],
    mentioned: new Map(),
    peers: new Map(),
    running: [],
    looked,
  };
}

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
