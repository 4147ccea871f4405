import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isRecord, itemsOf, textAt } from "../base/json.ts";
import type { EngineClient } from "../engine/client.ts";
import { type Given, givenOf } from "./compare/likeness.ts";
import { type ContainerState, isHere } from "./state.ts";

/** Files that a container wrote: the path in it, with the size in bytes (undefined where only the name is known). */
export type WrittenFiles = ReadonlyMap<string, number | undefined>;

/** What is in files of a container's own layer, by path, and whether the image has a file there. */
export type Contents = Map<string, Given & { readonly ofImage: boolean }>;

/** More files than this are not compared. */
const most = 20_000;

/** What is in a log depends on the time. */
const isLog = /^\/var\/log\/|\.log$/;

/** Larger files are not read, nor more than so many bytes in all. */
const largest = 256 * 1024;
const mostBytes = 16 * 1024 * 1024;

/** What is in these may go at any time. */
const scratchPlaces = /^\/(?:tmp|run|var\/run|var\/tmp|var\/cache|var\/lock|dev|proc|sys)(?:\/|$)/;

/**
 * What Docker puts into every container, and what Python compiles beside its sources: nothing that a workload keeps. On a
 * merged /usr docker-init is in /usr/sbin.
 */
const nobodys =
  /^\/(?:dev|proc|sys)(?:\/|$)|^\/(?:\.dockerenv|(?:usr\/)?sbin\/docker-init|etc\/(?:hosts|hostname|resolv\.conf|mtab))$|\/__pycache__(?:\/|$)|\.py[co]$/;

/** Whether what is written at a path says nothing of the workload. */
export function isNobodys(path: string): boolean {
  return nobodys.test(path);
}

export function isScratch(path: string): boolean {
  return scratchPlaces.test(path);
}

/**
 * The files in the container's volumes and binds, those that it changed in its own layer, and those of `expected` that it
 * has anywhere (in a tmpfs). `contents` takes what is in those outside of volumes. Undefined where they cannot be seen from
 * here, or are too many.
 */
export async function writtenFiles(
  reader: EngineClient,
  state: ContainerState,
  expected: Iterable<string>,
  contents: Contents = new Map(),
): Promise<WrittenFiles | undefined> {
  const files = new Map<string, number | undefined>();
  let left = mostBytes;
  for (const { type, source, target, writable } of state.mounts) {
    if (!writable || (type !== "volume" && type !== "bind") || isScratch(target)) continue;
    if (!walk(source, target, files) || files.size > most) return undefined;
  }
  const changes = await reader.get(`/containers/${state.id}/changes`);
  const root = isHere(state) ? `/proc/${state.pid}/root` : undefined;
  for (const change of changes.ok ? itemsOf(changes.value).filter(isRecord) : []) {
    const path = textAt(change, "Path") ?? "";
    // 2 is a file that was deleted.
    if (change.Kind === 2 || isScratch(path) || isNobodys(path)) continue;
    const status = root === undefined ? undefined : statOf(join(root, path));
    if (root === undefined || status?.isFile()) files.set(path, status?.size);
    if (root !== undefined && status?.isFile()) take(root, path, change.Kind === 0);
    if (files.size > most) return undefined;
  }
  for (const path of expected) {
    const status = root === undefined || files.has(path) ? undefined : statOf(join(root, path));
    if (root === undefined || !status?.isFile()) continue;
    files.set(path, status.size);
    take(root, path, false);
  }
  return files;

  function take(root: string, path: string, ofImage: boolean): void {
    const size = files.get(path) ?? 0;
    if (size > largest || size > left || isLog.test(path)) return;
    try {
      contents.set(path, { ...givenOf(readFileSync(join(root, path))), ofImage });
      left -= size;
    } catch {
      // It went while it was looked at.
    }
  }
}

/** False where the folder cannot be read. */
function walk(source: string, target: string, files: Map<string, number | undefined>): boolean {
  const status = statOf(source);
  if (!status) return false;
  if (status.isFile()) files.set(target, status.size);
  if (!status.isDirectory()) return true;
  let names: readonly string[];
  try {
    names = readdirSync(source);
  } catch {
    // It went while it was looked at, as temporary folders do.
    return true;
  }
  for (const name of names) {
    if (files.size > most) return true;
    walk(join(source, name), join(target, name), files);
  }
  return true;
}

function statOf(path: string) {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
