import { lstatSync } from "node:fs";
import { resolve } from "node:path";
import { isRecord, itemsOf, recordAt, textAt } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";
import { isProcessOf } from "../../engine/host/container-process.ts";
import { type GainingProgram, gainingPrograms, layersOf } from "../../engine/host/gaining.ts";
import { type ImageIdentity, identityOf } from "../bundle/bundle.ts";
import { changesThatWouldBeLost } from "./recreate/layer.ts";

/** What the Engine shows of a service that runs: more than any file says of what it needs. */
export interface RunningService {
  /** The container's name. */
  readonly name: string;
  /** What it wrote outside its volumes: gone with the container. */
  readonly wrote: readonly string[];
  /** The owners of its volumes and binds; undefined for one that cannot be looked at. */
  readonly owners: readonly (number | undefined)[];
  /** Its programs that give more rights; undefined where its files cannot be seen from here. */
  readonly gains: readonly GainingProgram[] | undefined;
}

/** By the Compose file, absolute, and the service in it. */
export type RunningServices = ReadonlyMap<string, ReadonlyMap<string, RunningService>>;

/** The services of these Compose files that have a container on the Engine. Nothing where it does not answer. */
export async function runningServices(
  reader: EngineClient,
  files: readonly string[],
): Promise<RunningServices> {
  const found = new Map<string, Map<string, RunningService>>();
  const list = await reader.get("/containers/json?all=1");
  const wanted = new Set(files.map((file) => resolve(file)));
  for (const each of list.ok ? itemsOf(list.value).filter(isRecord) : []) {
    const labels = recordAt(each, "Labels");
    const service = textAt(labels, "com.docker.compose.service");
    const from = (textAt(labels, "com.docker.compose.project.config_files") ?? "").split(",");
    const own = from.filter((file) => wanted.has(file));
    if (service === undefined || own.length === 0) continue;
    const inspect = await reader.get(`/containers/${textAt(each, "Id") ?? ""}/json`);
    if (!inspect.ok) continue;
    const changes = await changesThatWouldBeLost(inspect.value, [], reader);
    // Of what nobody could look at nothing is said.
    if (!changes.ok) continue;
    const mounts = itemsOf(recordAt({ value: inspect.value }, "value").Mounts).filter(isRecord);
    const running: RunningService = {
      name: (textAt(inspect.value, "Name") ?? "").replace(/^\//, ""),
      wrote: changes.value.map(({ path }) => path),
      owners: mounts.map((mount) => ownerOf(textAt(mount, "Source") ?? "")),
      gains: await gainsOf(reader, inspect.value),
    };
    for (const file of own) found.set(file, (found.get(file) ?? new Map()).set(service, running));
  }
  return found;
}

/** What the Engine has under a reference. */
export interface ShownImage {
  readonly identity: ImageIdentity | undefined;
  /** Its programs that give more rights; undefined where its layers cannot be looked at from here. */
  readonly programs: readonly GainingProgram[] | undefined;
  /** `linux/amd64`, `linux/arm/v7`. */
  readonly platform: string;
}

/** By the image's reference; without those that the Engine does not have. */
export type ShownImages = ReadonlyMap<string, ShownImage>;

/** Looks at images that the Engine has, and into their layers where those are on this machine. */
export async function imagesOf(
  reader: Pick<EngineClient, "get">,
  references: Iterable<string>,
): Promise<ShownImages> {
  const found = new Map<string, ShownImage>();
  for (const reference of new Set(references)) {
    const path = reference.split("/").map(encodeURIComponent).join("/");
    const image = await reader.get(`/images/${path}/json`);
    if (!image.ok) continue;
    const programs = gainingPrograms(layersOf(image.value));
    found.set(reference, { identity: identityOf(image.value), programs, platform: platformOf(image.value) });
  }
  return found;
}

function platformOf(image: unknown): string {
  const parts = ["Os", "Architecture", "Variant"].map((part) => textAt(image, part));
  return parts.filter(Boolean).join("/");
}

/** A container's programs that give more rights: in its own files while it runs here, else in the layers of its image. */
export async function gainsOf(
  reader: Pick<EngineClient, "get">,
  inspect: unknown,
): Promise<readonly GainingProgram[] | undefined> {
  const pid = recordAt(inspect, "State").Pid;
  const own = isProcessOf(textAt(inspect, "Id") ?? "", pid)
    ? gainingPrograms([`/proc/${pid}/root`])
    : undefined;
  if (own) return own;
  const image = textAt(inspect, "Image") ?? "";
  return (await imagesOf(reader, [image])).get(image)?.programs;
}

/** Only root sees volumes, and only on the Engine's machine. */
function ownerOf(path: string): number | undefined {
  try {
    return lstatSync(path).uid;
  } catch {
    return undefined;
  }
}
