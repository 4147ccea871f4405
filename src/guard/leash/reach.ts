import { accessSync, constants, existsSync } from "node:fs";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { usualSockets } from "../../engine/host/reach.ts";

/** Milliseconds for a port of this machine to answer. */
const patience = 50;

/**
 * How a command of this user can reach an Engine past the leash, as clauses that follow "it can still"; none where no way is known.
 * Tried, not guessed: a socket counts if this user may open it, a port if somebody answers.
 */
export async function waysPast(
  engineSocket: string | undefined,
  engine: string,
  environment: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const ways: string[] = [];
  if (process.getuid?.() === 0) ways.push("do anything on this host, as root");
  const runtime = environment.XDG_RUNTIME_DIR;
  const rootless = runtime ? [join(runtime, "docker.sock"), join(runtime, "podman/podman.sock")] : [];
  const sockets = [...(engineSocket ? [engineSocket] : []), ...usualSockets, ...rootless];
  const open = [...new Set(sockets)].filter(mayWrite);
  if (open.length > 0) ways.push(`open ${open.slice(0, 3).join(", ")}`);
  if (engineSocket === undefined) ways.push(`connect to ${engine}`);
  if (await answers(2375)) ways.push("connect to the Engine on port 2375, which needs no certificate");
  if ((environment.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, "podman"))))
    ways.push("run podman, which needs no socket");
  return ways;
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const line = connect({ host: "127.0.0.1", port, timeout: patience });
    const end = (isOpen: boolean) => {
      line.destroy();
      resolve(isOpen);
    };
    line.once("connect", () => end(true));
    line.once("error", () => end(false));
    line.once("timeout", () => end(false));
  });
}
