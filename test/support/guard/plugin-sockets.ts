import { readdirSync } from "node:fs";
import { join } from "node:path";
import { freePath } from "../../../src/guard/socket-path.ts";

/**
 * Where every dockerd of the machine looks for plugins; it cannot be told to look elsewhere.
 *
 * @see https://docs.docker.com/engine/extend/plugin_api/#plugin-discovery
 */
const folder = "/run/docker/plugins";

export function pluginSocket(name: string): string {
  return join(folder, `${name}.sock`);
}

/**
 * Removes the sockets of bulkhead's plugins that died without doing it: a dockerd tries each of them for 15 s whenever it looks
 * for a volume. Neither one that somebody answers at nor another program's is touched.
 */
export async function removeDeadPlugins(): Promise<void> {
  const sockets = filesIn(folder).filter((name) => /^bulkhead.*\.sock$/.test(name));
  await Promise.all(sockets.map((name) => freePath(join(folder, name))));
}

function filesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
