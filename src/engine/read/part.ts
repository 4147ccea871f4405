import { isRecord } from "../../base/json.ts";
import type { Container } from "../../model/container.ts";
import type { NetworkDefinition } from "../../model/container-values.ts";
import type { Image } from "../../model/image.ts";
import type { EngineClient } from "../client.ts";
import { joinsNetworks, networksFrom } from "../documents/networks.ts";
import { imageFromInspect } from "../documents/sight.ts";
import { type HostFiles, hostFiles } from "../host/files.ts";
import type { HostSight } from "../host/host.ts";
import { type Inspected, readContainers, readVolumes } from "./containers.ts";
import { readExecs, runningPid } from "./execs.ts";
import type { LiveContainer, LiveExec, LiveReading } from "./live-reading.ts";
import { type Questions, questions } from "./questions.ts";
import { liveContainer, liveExec, viewsOf } from "./read.ts";

/** What is known of an Engine from an earlier reading. */
export interface KnownEngine {
  readonly host: HostSight | undefined;
  /** Images by id, which never change; filled in by each reading. */
  readonly images: Map<string, Image>;
  /** Containers by name and by id. */
  readonly peer: (reference: string) => Container | undefined;
  readonly files?: HostFiles;
}

export interface PartReading extends Pick<LiveReading, "containers" | "execs" | "peers" | "gaps"> {
  /** Why the Engine does not answer any more; undefined while it does. */
  readonly lost: string | undefined;
}

/**
 * Reads some containers of an Engine, and those that they refer to: what an event touched. Those that are gone meanwhile are
 * left out. Never rejects.
 */
export async function readPart(
  client: EngineClient,
  references: readonly string[],
  known: KnownEngine,
): Promise<PartReading> {
  const asked = questions(client);
  const read = await readContainers(references, asked, true);
  const all = [...read.selected, ...read.referred];
  const [volumes, execs, networks] = await Promise.all([
    readVolumes(all, asked),
    readExecs(read.selected, asked),
    readNetworks(all, asked),
    readImages(all, known.images, asked),
  ]);
  const { host, images, files = hostFiles } = known;
  const viewOf = viewsOf(all, { volumes, networks, image: (id) => images.get(id), host, files }, known.peer);
  return {
    containers: read.selected.map((each) => liveContainer(each, viewOf(each))),
    execs: execs.map((each) => liveExec(each, viewOf(each.owner))),
    peers: new Map(
      all.flatMap((each) => [[each.id, viewOf(each)] as const, [each.name, viewOf(each)] as const]),
    ),
    gaps: asked.gaps(),
    lost: asked.lost(),
  };
}

/** The Engine lists all of its networks at once, and is not asked where nobody joins one. */
async function readNetworks(
  all: readonly Inspected[],
  asked: Questions,
): Promise<ReadonlyMap<string, NetworkDefinition> | undefined> {
  if (!all.some(({ container }) => joinsNetworks(container))) return undefined;
  return networksFrom(await asked.ask("/networks", { otherwise: "the Engine did not list its networks" }));
}

async function readImages(
  all: readonly Inspected[],
  images: Map<string, Image>,
  asked: Questions,
): Promise<void> {
  const missing = [...new Set(all.flatMap(({ imageId }) => imageId ?? []))].filter((id) => !images.has(id));
  await Promise.all(
    missing.map(async (id) => {
      const document = await asked.ask(`/images/${encodeURIComponent(id)}/json`, {
        otherwise: `the image ${id} cannot be inspected`,
        mayVanish: true,
      });
      if (document !== undefined) images.set(id, imageFromInspect(document));
    }),
  );
}

/** An exec as the Engine tells it, running or not: it is known for some minutes after its end. */
export interface ToldExec extends LiveExec {
  /** Whether it has ended; what is not over and has no process is not started yet. */
  readonly over: boolean;
}

/**
 * Reads one exec of a container; undefined where the Engine does not know it (any more). Its pid is 0 before its process is
 * there, and after its end.
 */
export async function readExec(
  client: EngineClient,
  id: string,
  owner: Pick<LiveContainer, "id" | "name">,
  container: Container,
): Promise<ToldExec | undefined> {
  const answer = await client.get(`/exec/${encodeURIComponent(id)}/json`);
  if (!answer.ok) return undefined;
  const document = answer.value;
  return {
    ...liveExec({ id, owner, document, pid: runningPid(document) ?? 0 }, container),
    over: isRecord(document) && document.Running !== true && typeof document.ExitCode === "number",
  };
}
