import { unlinkSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { failed, ok, type Result } from "../../model/result.ts";

/**
 * Holds a folder for this process alone, by a unix socket in it that nobody else can listen on: unlike a file with a process id,
 * it ends with the process however that ends, and is seen from other containers too.
 */
export async function holdFolder(folder: string): Promise<Result<{ release(): void }>> {
  const path = join(folder, "held");
  const first = await listen(path);
  if (first.ok || first.code !== "EADDRINUSE") return outcome(first, folder);
  if (await answers(path)) return failed(`another bulkhead watch uses ${folder}`);
  try {
    unlinkSync(path);
  } catch {
    // Whoever was faster holds it.
  }
  return outcome(await listen(path), folder);
}

type Listened =
  | { readonly ok: true; readonly release: () => void }
  | { readonly ok: false; readonly code: string };

function outcome(listened: Listened, folder: string): Result<{ release(): void }> {
  if (listened.ok) return ok({ release: listened.release });
  if (listened.code === "EADDRINUSE") return failed(`another bulkhead watch uses ${folder}`);
  const why = listened.code === "EINVAL" ? "its path is too long for a socket" : listened.code;
  return failed(`${folder} cannot be held: ${why}`);
}

function listen(path: string): Promise<Listened> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve({ ok: false, code: error.code ?? error.message }),
    );
    server.listen(path, () => {
      server.unref();
      resolve({ ok: true, release: () => server.close() });
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
