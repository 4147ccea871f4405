import { stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { type Container, labelOf } from "../../model/container.ts";

/** The service of a container in the Compose files that it was made from. */
export interface ComposeOrigin {
  readonly service: string;
  readonly files: readonly string[];
  /** Of variables; the `.env` beside the first file where it is undefined. */
  readonly environment: string | undefined;
}

/** By the labels that docker compose puts on what it makes; undefined where it made none of it. */
export function composeOriginOf(container: Pick<Container, "labels">): ComposeOrigin | undefined {
  const service = labelOf(container, "com.docker.compose.service");
  const files = labelOf(container, "com.docker.compose.project.config_files")?.split(",") ?? [];
  const environment = labelOf(container, "com.docker.compose.project.environment_file") || undefined;
  const all = [...files, ...(environment === undefined ? [] : [environment])];
  if (service === undefined || files.length === 0 || files.length > mostFiles || !all.every(isAbsolute))
    return undefined;
  return { service, files, environment };
}

const mostFiles = 20;
const mostBytes = 1024 * 1024;

/** Changes when a file does; undefined where one is not there, cannot be read here, or is no file of a usual size. */
export async function stampOf({
  files,
  environment,
}: Pick<ComposeOrigin, "files" | "environment">): Promise<string | undefined> {
  const beside = environment ?? join(dirname(files[0] ?? ""), ".env");
  const stamps = await Promise.all([...files, beside].map(oneStamp));
  const needed = environment === undefined ? stamps.slice(0, -1) : stamps;
  return needed.includes(undefined) ? undefined : stamps.join(" ");
}

async function oneStamp(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path);
    const { mtimeMs, ctimeMs, size, ino } = found;
    return found.isFile() && size <= mostBytes ? [mtimeMs, ctimeMs, size, ino].join("-") : undefined;
  } catch {
    return undefined;
  }
}
