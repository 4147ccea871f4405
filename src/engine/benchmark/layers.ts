import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isRecord, textAt } from "../../base/json.ts";
import { type SetFact, set } from "../../model/fact.ts";

/** More entries than this no image is searched for. */
const mostEntries = 400_000;

/**
 * The setuid and setgid files of an image, in the layers that overlay2 keeps on the host: the topmost layer that has a path
 * tells its mode. Undefined where the layers are not there to be read.
 */
export function setuidFiles(document: unknown, root: string): readonly SetFact<string>[] | undefined {
  const data = isRecord(document) && isRecord(document.GraphDriver) ? document.GraphDriver.Data : undefined;
  const upper = textAt(data, "UpperDir");
  const lower = textAt(data, "LowerDir");
  const folders = [upper, ...(lower ?? "").split(":")].filter(
    (folder) => folder !== undefined && folder !== "",
  );
  if (folders.length === 0) return undefined;
  const seen = new Set<string>();
  const found: SetFact<string>[] = [];
  let left = mostEntries;

  function walk(layer: string, path: string): boolean {
    let entries: readonly Dirent[];
    try {
      entries = readdirSync(join(layer, path), { withFileTypes: true });
    } catch {
      return false;
    }
    for (const entry of entries) {
      left -= 1;
      if (left < 0) return false;
      const inside = `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!walk(layer, inside)) return false;
        continue;
      }
      if (seen.has(inside)) continue;
      seen.add(inside);
      // What a later layer deletes stands there as a device of its own.
      if (!entry.isFile()) continue;
      const mode = lstatSync(join(layer, inside), { throwIfNoEntry: false })?.mode ?? 0;
      if ((mode & 0o6000) !== 0) found.push(set(inside, { kernel: join(layer, inside), field: "mode" }));
    }
    return true;
  }

  for (const folder of folders) if (!walk(`${root}${folder}`, "")) return undefined;
  return found;
}
