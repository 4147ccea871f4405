import { readdirSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

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
  await Promise.all(
    sockets.map(async (name) => {
      const path = join(folder, name);
      if (await isDead(path)) rmSync(path, { force: true });
    }),
  );
}

function filesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", (error) => resolve("code" in error && error.code === "ECONNREFUSED"));
  });
}
