import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isRecord, itemsOf, textAt } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";
import { type ContainerState, isHere } from "../../trial/state.ts";
import { type Change, type Entry, type Places, placesOf } from "./places.ts";

const kinds = ["changed", "added", "deleted"] as const;

/** Where a running container writes; undefined where the Engine does not say. */
export async function readPlaces(reader: EngineClient, state: ContainerState): Promise<Places | undefined> {
  const answer = await reader.get(`/containers/${state.id}/changes`);
  if (!answer.ok) return undefined;
  const changes = itemsOf(answer.value)
    .filter(isRecord)
    .flatMap((each): readonly Change[] => {
      const kind = kinds[Number(each.Kind)];
      return kind === undefined ? [] : [{ path: textAt(each, "Path") ?? "", kind }];
    });
  const root = isHere(state) ? `/proc/${state.pid}/root` : undefined;
  const seen = new Map<string, Entry | undefined>();
  const look = (path: string) => {
    if (!seen.has(path)) seen.set(path, root === undefined ? undefined : entryAt(join(root, path)));
    return seen.get(path);
  };
  return placesOf(
    changes,
    state.mounts.map(({ target }) => target),
    look,
  );
}

/** Bytes in a folder that are counted: more files than this are not looked at. */
const most = 10_000;

function entryAt(path: string): Entry | undefined {
  try {
    const status = lstatSync(path);
    const type = status.isDirectory() ? "folder" : status.isFile() ? "file" : "other";
    const names = type === "folder" ? readdirSync(path) : [];
    const size = type === "folder" ? sizeBelow(path, { left: most }) : status.size;
    return { type, uid: status.uid, gid: status.gid, mode: status.mode & 0o7777, size, names };
  } catch {
    return undefined;
  }
}

function sizeBelow(folder: string, budget: { left: number }): number {
  let total = 0;
  try {
    for (const each of readdirSync(folder, { withFileTypes: true })) {
      budget.left -= 1;
      if (budget.left < 0) break;
      const path = join(folder, each.name);
      if (each.isDirectory()) total += sizeBelow(path, budget);
      else if (each.isFile()) total += lstatSync(path).size;
    }
  } catch {
    // It went while it was looked at.
  }
  return total;
}
