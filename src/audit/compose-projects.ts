import { basename, dirname, join } from "node:path";

const bases = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const overrides = [
  "compose.override.yml",
  "compose.override.yaml",
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
];

/**
 * The Compose files of a walk in the groups that are read together: a folder's default file with its override, as
 * `docker compose` loads them without `-f` (compose-go: cli.DefaultFileNames), every other file by itself.
 */
export function composeProjects(paths: readonly string[]): readonly (readonly string[])[] {
  const present = new Set(paths);
  const taken = new Set<string>();
  const groups = paths.flatMap((path) => {
    if (taken.has(path) || overrides.includes(basename(path))) return [];
    const override = isDefault(path, present) ? first(dirname(path), overrides, present) : undefined;
    if (override) taken.add(override);
    return [override ? [path, override] : [path]];
  });
  const orphans = paths.filter((path) => overrides.includes(basename(path)) && !taken.has(path));
  return [...groups, ...orphans.map((path) => [path])];
}

function isDefault(path: string, present: ReadonlySet<string>): boolean {
  return first(dirname(path), bases, present) === path;
}

function first(folder: string, names: readonly string[], present: ReadonlySet<string>): string | undefined {
  return names.map((name) => join(folder, name)).find((path) => present.has(path));
}
