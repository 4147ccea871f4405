import { itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import type { ConnectOptions } from "../../engine/connect/endpoint.ts";
import { connectEngine } from "../../engine/connect.ts";
import { type EngineWriter, openWriter } from "../../engine/write-client.ts";
import { isFolderName } from "../engine/folders.ts";
import { isLeftHelper } from "../engine/views.ts";
import { spaceOf } from "../judge/image/space.ts";
import { imageLabelOf } from "../judge/policy/owner.ts";
import { ownerLabel } from "../policy/layer.ts";
import { commandLabel, commandMark } from "./inside.ts";
import { containerMark, type LeashRecord } from "./record.ts";

/** What was removed, and what was not and why. */
export interface Cleaned {
  readonly containers: number;
  readonly networks: number;
  readonly volumes: number;
  readonly images: number;
  readonly left: readonly string[];
}

/** Requests that dockerd still worked on when the leash ended come to an end meanwhile. */
const passes = 3;

/**
 * Removes what a leash made. A container counts by the mark in its own configuration, which no image and no other container inherits;
 * a network or volume by its label, which nothing inherits; an image by its name in the leash's space.
 */
export async function cleanLeash(
  { value, keep, runFolder }: Pick<LeashRecord, "value" | "keep" | "runFolder">,
  connect: ConnectOptions,
): Promise<Result<Cleaned>> {
  const client = await connectEngine(connect);
  if (!client.ok) return client;
  const writer = openWriter(connect, client.value.apiVersion);
  if (!writer.ok) return writer;
  const counts = { containers: 0, networks: 0, volumes: 0, images: 0 };
  const left: string[] = [];
  const remove = async (kind: keyof typeof counts, path: string, name: string): Promise<boolean> => {
    const answer = await writer.value.delete(path);
    if (answer.ok) counts[kind] += 1;
    else if (answer.kind !== "missing") left.push(`${name}: ${answer.reason}`);
    return answer.ok;
  };
  try {
    const isCommand = (mark: string) => mark === commandMark(runFolder);
    await removeContainers(client.value, `${commandLabel}=${value}`, isCommand, false, remove);
    await removeHelpers(client.value, writer.value);
    for (let pass = 0; pass < passes; pass += 1) {
      const removed = await removeContainers(
        client.value,
        `${ownerLabel}=${value}`,
        (mark) => mark.startsWith(containerMark(value)),
        !keep.includes("volumes"),
        remove,
      );
      if (!removed.ok) return removed;
      if (removed.value === 0) break;
    }
    await removeListed(client.value, "networks", value, remove);
    // One by which a guard mounts a folder may be another leash's as well, and then stays.
    await removeListed(client.value, "volumes", value, async (kind, path, name) => {
      if (isFolderName(name)) return (await writer.value.delete(path)).ok;
      return !keep.includes("volumes") && (await remove(kind, path, name));
    });
    if (!keep.includes("images")) await removeImages(client.value, value, remove);
    return ok({ ...counts, left });
  } finally {
    await writer.value.close();
    await client.value.close();
  }
}

/** Containers of the guard's own and their images, whose process was killed before it could remove them. */
async function removeHelpers(client: EngineClient, writer: EngineWriter): Promise<void> {
  const containers = await client.get("/containers/json?all=1");
  for (const item of containers.ok ? itemsOf(containers.value) : [])
    if (isLeftHelper(textAt(item, "Image") ?? ""))
      await writer.delete(`/containers/${textAt(item, "Id")}?force=1`);
  const images = await client.get("/images/json");
  for (const image of images.ok ? itemsOf(images.value) : [])
    for (const tag of textsOf(recordAt({ image }, "image").RepoTags))
      if (isLeftHelper(tag)) await writer.delete(`/images/${tag}`);
}

type Kind = "containers" | "networks" | "volumes" | "images";
type Remove = (kind: Kind, path: string, name: string) => Promise<boolean>;

/** Gives how many were removed. */
async function removeContainers(
  client: EngineClient,
  label: string,
  isOurs: (mark: string) => boolean,
  withVolumes: boolean,
  remove: Remove,
): Promise<Result<number>> {
  const listed = await client.get(`/containers/json?all=1&${filterOf(label)}`);
  if (!listed.ok) return failed(listed.reason);
  const removed = await Promise.all(
    itemsOf(listed.value).map(async (item) => {
      const id = textAt(item, "Id") ?? "";
      const inspected = await client.get(`/containers/${id}/json`);
      const mark = inspected.ok ? (textAt(inspected.value, "HostConfig", "ContainerIDFile") ?? "") : "";
      if (!inspected.ok || !isOurs(mark)) return false;
      const path = `/containers/${id}?force=1${withVolumes ? "&v=1" : ""}`;
      return await remove("containers", path, textAt(inspected.value, "Name")?.slice(1) ?? id);
    }),
  );
  return ok(removed.filter(Boolean).length);
}

async function removeListed(
  client: EngineClient,
  kind: "networks" | "volumes",
  value: string,
  remove: Remove,
): Promise<void> {
  const listed = await client.get(`/${kind}?${filterOf(`${ownerLabel}=${value}`)}`);
  if (!listed.ok) return;
  const items = kind === "volumes" ? recordAt(listed, "value").Volumes : listed.value;
  for (const item of itemsOf(items)) {
    const name = textAt(item, "Name") ?? "";
    const id = kind === "volumes" ? name : (textAt(item, "Id") ?? "");
    await remove(kind, `/${kind}/${encodeURIComponent(id)}`, name);
  }
}

/** By the names in its space, and what they leave without a name; an image that has a name of somebody else's as well keeps it. */
async function removeImages(client: EngineClient, value: string, remove: Remove): Promise<void> {
  const owner = { label: ownerLabel, value };
  const space = spaceOf(owner);
  const tagsOf = (image: unknown) => textsOf(recordAt({ image }, "image").RepoTags);
  const all = await client.get("/images/json");
  const labelled = await client.get(`/images/json?${filterOf(`${imageLabelOf(owner)}=${value}`)}`);
  for (const tag of (all.ok ? itemsOf(all.value) : []).flatMap(tagsOf))
    if (tag.startsWith(space)) await remove("images", `/images/${tag}`, tag.slice(space.length));
  for (const image of labelled.ok ? itemsOf(labelled.value) : []) {
    const id = textAt(image, "Id") ?? "";
    if (tagsOf(image).every((tag) => tag === "<none>:<none>")) await remove("images", `/images/${id}`, id);
  }
}

function filterOf(label: string): string {
  return `filters=${encodeURIComponent(JSON.stringify({ label: [label] }))}`;
}
