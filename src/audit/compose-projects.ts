import { composeOverrideOf } from "../formats/compose/override-file.ts";
import type { Files } from "../model/reading.ts";

/**
 * The Compose files of a walk in the groups that are read together: a folder's default file with its override, as
 * `docker compose` loads them without `-f`, every other file by itself. An override is not audited apart.
 */
export function composeProjects(paths: readonly string[], io: Files): readonly (readonly string[])[] {
  const overrides = new Map(paths.map((path) => [path, composeOverrideOf(path, io)]));
  const taken = new Set(overrides.values());
  return paths
    .filter((path) => !taken.has(path))
    .map((path) => {
      const override = overrides.get(path);
      return override === undefined ? [path] : [path, override];
    });
}
