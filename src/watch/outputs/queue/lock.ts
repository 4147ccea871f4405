import { unlinkSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { whyUnwritten } from "../../../base/error-words.ts";

/** Bytes. @see https://man7.org/linux/man-pages/man7/unix.7.html */
const longestPath = 107;

/**
 * Holds a folder for this process alone, by a unix socket in it that nobody else can listen on: unlike a file with a process id,
 * it ends with the process however that ends, and is seen from other containers too.
 */
export async function holdFolder(folder: string): Promise<Held> {
  const path = join(folder, "held");
  // A longer one would be cut off, and the socket be somewhere else.
  if (Buffer.byteLength(path) > longestPath)
    return { kind: "impossible", reason: "its path is too long for a socket" };
  const first = await listen(path);
  if (first.ok || first.code !== "EADDRINUSE") return outcome(first);
  if (await answers(path)) return { kind: "taken" };
  try {
    unlinkSync(path);
  } catch {
    // Another process was faster.
  }
  return outcome(await listen(path));
}

export type Held =
  | { readonly kind: "held"; readonly release: () => void }
  /** By another process. */
  | { readonly kind: "taken" }
  /** Nobody can hold it: it cannot be written, its path is too long. */
  | { readonly kind: "impossible"; readonly reason: string };

/** Whether somebody holds a folder now. */
export async function isFolderHeld(folder: string): Promise<boolean> {
  return await answers(join(folder, "held"));
}

type Listened =
  | { readonly ok: true; readonly release: () => void }
  | { readonly ok: false; readonly code: string | undefined; readonly error: Error };

function outcome(listened: Listened): Held {
  if (listened.ok) return { kind: "held", release: listened.release };
  if (listened.code === "EADDRINUSE") return { kind: "taken" };
  return { kind: "impossible", reason: whyUnwritten(listened.error) };
}

function listen(path: string): Promise<Listened> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => resolve({ ok: false, code: error.code, error }));
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
