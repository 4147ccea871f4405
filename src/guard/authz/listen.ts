import { chmodSync, lstatSync, mkdirSync, unlinkSync } from "node:fs";
import type { Server } from "node:http";
import { connect } from "node:net";
import { dirname } from "node:path";
import { failed, ok, type Result } from "../../model/result.ts";

/**
 * Listens where dockerd looks for plugins, for root alone. A socket that nobody answers at is left by a process that died,
 * and is replaced; one that somebody answers at is not.
 *
 * @see https://docs.docker.com/engine/extend/plugin_api/#plugin-discovery
 */
export async function listenUnix(server: Server, path: string): Promise<Result<void>> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
    const before = lstatSync(path, { throwIfNoEntry: false });
    if (before && !before.isSocket()) return failed(`${path} is there and is no socket`);
    if (before && (await answers(path))) return failed(`${path} is in use: another process answers there`);
    if (before) unlinkSync(path);
  } catch (error) {
    return failed(`${path} cannot be made: ${reasonOf(error)}`);
  }
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

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
