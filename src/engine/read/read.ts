import { posix } from "node:path";
import { isRecord, textAt, textsOf } from "../../base/json.ts";
import type { Container } from "../../model/container.ts";
import type { NetworkDefinition } from "../../model/container-values.ts";
import type { Engine } from "../../model/engine.ts";
import { set, setItems } from "../../model/fact.ts";
import { type Gap, gap } from "../../model/gap.ts";
import type { Image } from "../../model/image.ts";
import type { EngineSubject, ImageSubject } from "../../model/subject.ts";
import type { EngineClient } from "../client.ts";
import { type EngineDocuments, engineFromInfo, saysPodman } from "../documents/info.ts";
import { joined, type Volumes } from "../documents/join.ts";
import { networksFrom } from "../documents/networks.ts";
import { imageFromInspect } from "../documents/sight.ts";
import { withHost } from "../host/facts.ts";
import { type HostFiles, hostFiles, withNodes } from "../host/files.ts";
import { apiSockets, type HostSight, seeHost } from "../host/host.ts";
import { readStanding, type Standing } from "../host/own-container.ts";
import { socketReach, withReach } from "../host/reach.ts";
import { type Inspected, type ReadContainers, readContainers, readVolumes } from "./containers.ts";
import { execFromInspect, type ReadExec, readExecs } from "./execs.ts";
import type { LiveContainer, LiveExec, LiveReading, Selection } from "./live-reading.ts";
import { type Questions, questions } from "./questions.ts";

export interface ReadOptions {
  /** Where procfs is: `/host/proc` in a container that mounts the host's there. `/proc` by default. */
  readonly proc?: string;
  readonly files?: HostFiles;
  /** Called as soon as the Engine has described itself: before what it runs is read, or after. */
  readonly described?: (seen: Pick<LiveReading, "engine" | "host">) => void;
}

/**
 * Reads an Engine: itself, the selected containers with their images and execs, and what its host shows. Asks for one
 * list and one inspect for each container, in parallel. Never rejects: what does not come is a gap, and what was read
 * before the Engine died stays.
 */
export async function readEngine(
  client: EngineClient,
  selection: Selection,
  { proc = "/proc", files = hostFiles, described }: ReadOptions = {},
): Promise<LiveReading> {
  const asked = questions(client);
  // /info is slow (the Engine runs runc and containerd for their versions), so nothing waits for it before the end.
  const host = client.socketPath === undefined ? undefined : seeHost(client.socketPath, proc, files);
  const around = readDocuments(asked).then((documents) => {
    const view = documents && withAddress(engineFromInfo(documents), client);
    const engine = view && engineSubject(host ? withHost(view, host, files) : view);
    described?.({ engine, host });
    return { engine, networks: documents?.networks };
  });
  const read = await readContainers(selection.containers, asked);
  const all = [...read.selected, ...read.referred];
  const belonging = Promise.all([
    readImages(all, selection.images, asked),
    readExecs(read.selected, asked),
    readVolumes(all, asked),
  ]);
  const [images, execs, volumes] = await belonging;
  const { engine, networks } = await around;

  const viewOf = viewsOf(all, {
    volumes,
    networks: networksFrom(networks),
    image: (id) => images.byId.get(id),
    host,
    files,
  });

  return {
    engine,
    containers: read.selected.map((each) => liveContainer(each, viewOf(each))),
    images: images.subjects,
    execs: execs.map((each) => liveExec(each, viewOf(each.owner))),
    peers: new Map(
      all.flatMap((each) => [[each.id, viewOf(each)] as const, [each.name, viewOf(each)] as const]),
    ),
    gaps: [...asked.gaps(), ...lossOf(client, asked, read)],
    ...lostAs(asked.lost()),
    host,
  };
}

/** What other documents tell of containers. */
export interface OtherDocuments {
  readonly volumes: Volumes;
  readonly networks: ReadonlyMap<string, NetworkDefinition> | undefined;
  readonly image: (id: string) => Image | undefined;
  readonly host: HostSight | undefined;
  readonly files: HostFiles;
}

/** Joins each container with its image, its volumes, its peers among `all` and what the host shows. */
export function viewsOf(
  all: readonly Inspected[],
  { volumes, networks, image, host, files }: OtherDocuments,
  peer: (reference: string) => Container | undefined = () => undefined,
): (each: Inspected) => Container {
  const peers = new Map(
    all.flatMap((each) => [[each.id, each.container] as const, [each.name, each.container] as const]),
  );
  const reach = host?.sameFiles ? socketReach(apiSockets(host), files) : undefined;
  const views = new Map<Inspected, Container>();
  for (const each of all) {
    const view = joined(each.container, {
      volumes,
      networks,
      image: each.imageId === undefined ? undefined : image(each.imageId),
      peer: (reference) => peers.get(reference) ?? peer(reference),
    });
    views.set(
      each,
      reach
        ? {
            ...view,
            mounts: withReach(view.mounts, reach, files),
            devices: withNodes(view.devices, files),
          }
        : view,
    );
  }
  return (each) => views.get(each) ?? each.container;
}

/** Undefined where the Engine does not describe itself: nothing can be said of it then. */
async function readDocuments(asked: Questions): Promise<EngineDocuments | undefined> {
  const ask = (path: string, otherwise: string) => asked.ask(path, { otherwise, subject: "engine" });
  const [info, [version, libpod], networks] = await Promise.all([
    ask("/info", "the Engine did not describe itself"),
    ask("/version", "the Engine did not say its version").then(async (version) => [
      version,
      saysPodman(version) ? await ask("/libpod/info", "Podman did not describe itself") : undefined,
    ]),
    ask("/networks", "the Engine did not list its networks"),
  ]);
  return info === undefined ? undefined : { info, version, networks, libpod };
}

/** An address that was used to get here is listened on, whether the Engine warns of it or not. */
function withAddress(engine: Engine, { address, tls }: EngineClient): Engine {
  const port = /:\d+(?=\/|$)/.exec(address)?.[0] ?? "";
  if (
    tls === undefined ||
    setItems(engine.listenAddresses).some(({ value }) => value.address.endsWith(port))
  ) {
    return engine;
  }
  return { ...engine, listenAddresses: [...engine.listenAddresses, set({ address, tls })] };
}

function engineSubject(view: Engine): EngineSubject {
  const engine = { kind: "engine", id: "engine", name: "engine", stableId: "engine" } as const;
  return { ...engine, source: "engine-api", location: undefined, views: [view] };
}

let standing: Standing | undefined;

/** It stays the same while this program runs. */
function ownContainer(): string | undefined {
  standing ??= readStanding(hostFiles);
  return standing.container;
}

export function liveContainer({ id, name, running, pid }: Inspected, view: Container): LiveContainer {
  const subjectId = `container:${name}`;
  const isBulkhead = id === ownContainer();
  return {
    subject: {
      kind: "container",
      id: subjectId,
      name: isBulkhead ? "bulkhead itself" : name,
      stableId: isBulkhead ? "container:bulkhead itself" : subjectId,
      ...(isBulkhead && { isBulkhead }),
      source: "engine-api",
      location: undefined,
      views: [view],
    },
    id,
    name,
    running,
    pid,
  };
}

/** An exec's id is random, so fingerprints are made from the container's name. */
export function liveExec(
  { id, owner, document, pid }: Omit<ReadExec, "owner"> & { readonly owner: Pick<Inspected, "id" | "name"> },
  container: Container,
): LiveExec {
  const entrypoint = textAt(document, "ProcessConfig", "entrypoint") ?? "";
  return {
    subject: {
      kind: "exec",
      id: `exec:${owner.name}/${id.slice(0, 12)}`,
      name: owner.name,
      stableId: `exec:${owner.name}`,
      source: "engine-api",
      location: undefined,
      views: [execFromInspect(document, container)],
    },
    id,
    containerId: owner.id,
    pid,
    process: entrypoint === "" ? undefined : posix.basename(entrypoint),
  };
}

function lostAs(reason: string | undefined): Pick<LiveReading, "lost"> {
  return reason === undefined ? {} : { lost: reason };
}

function lossOf(
  { address }: EngineClient,
  asked: Questions,
  { selected, wanted }: ReadContainers,
): readonly Gap[] {
  const reason = asked.lost();
  if (reason === undefined) return [];
  const far = wanted === 0 ? "" : `, after ${selected.length} of ${wanted} containers were read`;
  return [gap(`the Engine at ${address} stopped answering${far}: ${reason}`, { subject: "engine" })];
}

interface ReadImages {
  readonly subjects: readonly ImageSubject[];
  readonly byId: ReadonlyMap<string, Image>;
}

/** Each image once: those of the containers by id (they may have lost their name), those asked for by reference. */
async function readImages(
  containers: readonly Inspected[],
  references: readonly string[],
  questions: Questions,
): Promise<ReadImages> {
  const ids = [...new Set(containers.flatMap(({ imageId }) => imageId ?? []))];
  const [used, histories, asked] = await Promise.all([
    Promise.all(ids.map((id) => inspect(id, { mayVanish: true }, questions))),
    Promise.all(ids.map((id) => history(id, questions))),
    Promise.all([...new Set(references)].map((name) => inspect(name, { mayVanish: false }, questions))),
  ]);
  const byId = new Map<string, Image>();
  const subjects = new Map<string, ImageSubject>();
  for (const [index, document] of asked.entries()) {
    if (document === undefined) continue;
    const name = [...new Set(references)][index] ?? "";
    const view = imageFromInspect(document, await history(name, questions));
    subjects.set(textAt(document, "Id") ?? name, subject(name, view));
  }
  for (const [index, document] of used.entries()) {
    const id = ids[index];
    if (id === undefined || document === undefined) continue;
    const image = imageFromInspect(document, histories[index]);
    byId.set(id, image);
    if (subjects.has(textAt(document, "Id") ?? id)) continue;
    subjects.set(id, subject(nameOf(document, id, containers), image));
  }
  return { subjects: [...subjects.values()], byId };
}

async function inspect(
  reference: string,
  { mayVanish }: { readonly mayVanish: boolean },
  questions: Questions,
): Promise<unknown> {
  return await questions.ask(`/images/${encodeReference(reference)}/json`, {
    otherwise: `the image ${reference} cannot be inspected`,
    subject: `image:${reference}`,
    mayVanish,
  });
}

/** What made the image's layers. An image that is gone meanwhile has none, and its inspection tells so. */
async function history(reference: string, questions: Questions): Promise<unknown> {
  return await questions.ask(`/images/${encodeReference(reference)}/history`, {
    otherwise: `the history of the image ${reference} cannot be read`,
    subject: `image:${reference}`,
    mayVanish: true,
  });
}

/** A reference keeps its slashes: the API takes the rest of the path as its name. */
function encodeReference(reference: string): string {
  return reference.split("/").map(encodeURIComponent).join("/");
}

/** The tag that a container was started by, else the first tag or digest, else what a container calls it. */
function nameOf(document: unknown, id: string, containers: readonly Inspected[]): string {
  const tags = isRecord(document) ? textsOf(document.RepoTags) : [];
  const digests = isRecord(document) ? textsOf(document.RepoDigests) : [];
  const written = containers.flatMap(({ imageId, container: { image } }) =>
    imageId === id && image.state === "set" ? [image.value] : [],
  );
  const tag = tags.find((each) => written.some((name) => each === name || each === `${name}:latest`));
  return tag ?? tags[0] ?? digests[0] ?? written[0] ?? id;
}

function subject(name: string, view: Image): ImageSubject {
  const id = `image:${name}`;
  return { kind: "image", id, name, stableId: id, source: "engine-api", location: undefined, views: [view] };
}
