import { isRecord, itemsOf, recordAt, textAt } from "../../../base/json.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { EngineClient } from "../../../engine/client.ts";
import { isNobodys, isScratch } from "../../../trial/written.ts";

/** One path of a container's writable layer, with docker diff's letter. */
export interface LayerChange {
  readonly letter: "A" | "C" | "D";
  readonly path: string;
}

const letters = ["C", "A", "D"] as const;

/**
 * What a container would lose of its writable layer if a new one took its place: its changes outside the known scratch
 * places, its mounts, and the places that the new one has a tmpfs on.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerChanges
 */
export async function changesThatWouldBeLost(
  inspect: unknown,
  tmpfs: readonly string[],
  reader: EngineClient,
): Promise<Result<readonly LayerChange[]>> {
  const answer = await reader.get(`/containers/${textAt(inspect, "Id") ?? ""}/changes`);
  if (!answer.ok) return failed(`its writable layer cannot be listed: ${answer.reason}`);
  return ok(lostChanges(answer.value, [...mountTargetsOf(inspect), ...tmpfs]));
}

/** The same of the Engine's list (null where nothing changed). Pure. */
export function lostChanges(changes: unknown, apart: readonly string[]): readonly LayerChange[] {
  const all = itemsOf(changes)
    .filter(isRecord)
    .map((change) => ({
      letter: letters[typeof change.Kind === "number" ? change.Kind : 0] ?? "C",
      path: textAt(change, "Path") ?? "",
    }));
  const paths = new Set(all.map(({ path }) => path));
  // A folder is listed because of what is in it: that is listed, too.
  const parents = new Set([...paths, ...apart].flatMap(parentsOf));
  return all
    .filter(({ path }) => !isNobodys(path) && !isScratch(path))
    .filter(({ path }) => !apart.some((place) => isWithin(path, place)))
    .filter(({ letter, path }) => letter === "D" || !parents.has(path))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function parentsOf(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/") || "/");
}

function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

function mountTargetsOf(inspect: unknown): readonly string[] {
  const mounts = itemsOf(recordAt({ inspect }, "inspect").Mounts);
  return [
    ...mounts.map((mount) => textAt(mount, "Destination") ?? ""),
    ...Object.keys(recordAt(inspect, "HostConfig", "Tmpfs")),
  ]
    .map((target) => target.replace(/\/+$/, ""))
    .filter((target) => target !== "");
}
