import { chmodSync } from "node:fs";
import type { Server } from "node:http";
import { failed, ok, type Result } from "../../base/result.ts";
import { freePath } from "../socket-path.ts";

/**
 * Listens where dockerd looks for plugins, for root alone. A socket that nobody answers at is left by a process that died,
 * and is replaced; one that somebody answers at is not.
 *
 * @see https://docs.docker.com/engine/extend/plugin_api/#plugin-discovery
 */
export async function listenUnix(server: Server, path: string): Promise<Result<void>> {
  const free = await freePath(path);
  if (!free.ok) return free;
  return await new Promise((resolve) => {
    server.once("error", (error) => resolve(failed(`${path} cannot be listened at: ${reasonOf(error)}`)));
    // Nobody else may come in before the mode is set.
    const umask = process.umask(0o177);
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve(ok(undefined));
    });
    process.umask(umask);
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
