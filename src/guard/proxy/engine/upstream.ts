import { statSync } from "node:fs";
import type { Dialler } from "../../../engine/connect/socket.ts";
import { EngineLine } from "./engine-line.ts";
import { Broken, type Handlers, UpstreamConnection, type UpstreamRequest } from "./upstream-connection.ts";

/** A request under way. */
export interface Call {
  /** A piece of a streamed body; false asks to wait for `drain`. */
  write(chunk: Buffer): boolean;
  endBody(): void;
  /** Stops and goes on reading the answer. */
  pause(): void;
  resume(): void;
  /** Gives the answer up; nothing is told any more. */
  destroy(): void;
}

/** Connections to the Engine, kept for the next request. */
export interface Upstream {
  start(request: UpstreamRequest, handlers: Handlers): Call;
  /** Why a connection failed, in words. */
  why(error: unknown): Promise<string>;
  /** Connections open now, in use and idle. */
  connections(): { readonly busy: number; readonly idle: number };
  close(): void;
}

/** Connections kept idle, and for how long (milliseconds). */
const keep = { most: 32, idle: 60_000 };

export function openUpstream(dialler: Dialler): Upstream {
  const idle: { readonly connection: UpstreamConnection; readonly since: number }[] = [];
  let open = 0;
  let closed = false;
  const socketIs = socketWatch(dialler.socketPath);

  function connect(): UpstreamConnection {
    open += 1;
    const made: UpstreamConnection = new UpstreamConnection(new EngineLine(dialler), {
      free: () => {
        if (closed || idle.length >= keep.most) made.destroy();
        else idle.push({ connection: made, since: Date.now() });
      },
      gone: () => {
        open -= 1;
        const at = idle.findIndex(({ connection }) => connection === made);
        if (at !== -1) idle.splice(at, 1);
      },
    });
    return made;
  }

  function dropIdle(): void {
    for (const { connection } of idle.splice(0)) connection.destroy();
  }

  const sweep = setInterval(() => {
    const oldest = Date.now() - keep.idle;
    while (idle[0] && idle[0].since < oldest) idle.shift()?.connection.destroy();
  }, keep.idle / 4).unref();

  return {
    start(request, handlers) {
      if (!socketIs.same()) dropIdle();
      let current: UpstreamConnection;
      let given = false;
      function begin(connection: UpstreamConnection, mayRetry: boolean): void {
        current = connection;
        connection.begin(request, {
          ...handlers,
          fail(error, answered) {
            if (given) return;
            // An Engine that went away closes what lay idle. What it has surely not begun may go to the next one.
            if (mayRetry && !answered && mayRepeat(request, error)) begin(connect(), false);
            else handlers.fail(error, answered);
          },
        });
      }
      const kept = idle.pop()?.connection;
      begin(kept ?? connect(), kept !== undefined);
      return {
        write: (chunk) => current.write(chunk),
        endBody: () => current.endBody(),
        pause: () => current.pause(),
        resume: () => current.resume(),
        destroy: () => {
          given = true;
          current.destroy();
        },
      };
    },
    why: async (error) => (error instanceof Broken ? error.message : await dialler.why(error)),
    connections: () => ({ busy: open - idle.length, idle: idle.length }),
    close() {
      closed = true;
      clearInterval(sweep);
      dropIdle();
    },
  };
}

/**
 * A request that only reads may be sent twice. Any other only if the kernel took nothing of it: EPIPE is the answer to
 * the first write to a connection that the other side had closed.
 */
function mayRepeat({ method, stream }: UpstreamRequest, error: unknown): boolean {
  if (stream !== "none") return false;
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return true;
  return error instanceof Error && "code" in error && error.code === "EPIPE";
}

/** Whether another socket has taken the place of the Engine's; looked at once a second at most. */
function socketWatch(path: string | undefined): { same(): boolean } {
  let known: string | undefined;
  let looked = 0;
  return {
    same() {
      const now = Date.now();
      if (path === undefined || now - looked < 1_000) return true;
      looked = now;
      const found = statSync(path, { bigint: true, throwIfNoEntry: false });
      const identity = found && `${found.dev}:${found.ino}:${found.ctimeNs}`;
      const same = known === undefined || known === identity;
      known = identity;
      return same;
    },
  };
}
