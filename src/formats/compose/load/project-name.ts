import { posix } from "node:path";
import type { Files } from "../../../model/reading.ts";
import type { Folder } from "./file-path.ts";

/**
 * The name that docker compose gives a project, and as `COMPOSE_PROJECT_NAME` its files: the first file's `name:`, else
 * its folder's.
 */
export function projectName(file: string, base: Folder, io: Files): string {
  const text = io.read(file);
  const written = text.ok ? /^name:[ \t]*["']?([\w-]+)/m.exec(text.value)?.[1] : undefined;
  const name = (written ?? posix.basename(base.absolute)).toLowerCase().replace(/[^a-z0-9_-]/g, "");
  return name.replace(/^[_-]+/, "");
}
