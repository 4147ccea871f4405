import { posix } from "node:path";
import type { Files } from "../../model/reading.ts";

const overrides = [
  "compose.override.yml",
  "compose.override.yaml",
  "docker-compose.override.yml",
  "docker-compose.override.yaml",
];

const defaults = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/**
 * The file that docker compose adds by itself beside a default Compose file in the same folder
 * (compose-go: cli/options.go, DefaultOverrideFileNames). Undefined where there is none, or where the Compose file has
 * a name of its own, which docker compose only reads when it is asked to.
 */
export function composeOverrideOf(path: string, io: Files): string | undefined {
  const folder = posix.dirname(path);
  if (!defaults.includes(posix.basename(path))) return undefined;
  const found = overrides.map((name) => posix.join(folder, name)).find((each) => io.exists(each));
  return found;
}
