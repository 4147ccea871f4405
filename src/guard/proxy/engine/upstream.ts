import { statSync } from "node:fs";
import type { Dialler } from "../../../engine/connect/socket.ts";
import { EngineLine } from "./engine-line.ts";
import {
  Broken,
  Busy,
  type Handlers,
  UpstreamConnection,
  type UpstreamRequest,
} from "./upstream-connection.ts";

/** A request under way. */
export interface Call {
  /** A piece of a streamed body; false asks to wait for `drain`. */
  write(chunk: Buffer): boolean;
  endBody(): void;
  /** Stops and goes on reading the answer. */
  pause(): void;
  resume(): void;
  /** Drops the answer; no callback runs afterwards. */
  destroy(): void;
}

/** Connections to the Engine, kept for the next request. */
export interface Upstream {
  /** `first`: the guard's own question, which waits for no other request. */
  start(request: UpstreamRequest, handlers: Handlers, first?: "first"): Call;
  /** Why a connection failed, in words. */
  why(error: unknown): Promise<string>;
  /** Connections open now, in use and idle. */
  connections(): { readonly busy: number; readonly idle: number };
  close(): void;
}

/** Connections kept idle, and for how long (milliseconds). */
const keep = { most: 32, idle: 60_000 };

/** Connections in use at a time, requests that wait for one, and for how long (milliseconds). */
const usual = { most: 512, queue: 1_000, wait: 20_000 };

export function openUpstream(dialler: Dialler, limits: Partial<typeof usual> = {}): Upstream {
  const { most, queue, wait } = { ...usual, ...limits };
  /** Who waits for a connection, in the order in which they came. */
  const waiting = new Set<() => void>();
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
        next();
      },
      gone: () => {
        open -= 1;
        setImmediate(next);
        const at = idle.findIndex(({ connection }) => connection === made);
        if (at !== -1) idle.splice(at, 1);
      },
    });
    return made;
  }

  /** Whether a request may have a connection now. */
  function hasRoom(): boolean {
    return idle.length > 0 || open < most;
  }

  function next(): void {
    const [first] = waiting;
    if (closed || first === undefined || !hasRoom()) return;
    waiting.delete(first);
    first();
  }

  function dropIdle(): void {
    for (const { connection } of idle.splice(0)) connection.destroy();
  }

  const sweep = setInterval(() => {
    const oldest = Date.now() - keep.idle;
    while (idle[0] && idle[0].since < oldest) idle.shift()?.connection.destroy();
  }, keep.idle / 4).unref();

  return {
    start(request, handlers, first) {
      if (!socketIs.same()) dropIdle();
      let current: UpstreamConnection | undefined;
      let given = false;
      let isEnded = false;
      /** Piece of a streamed body that came while the request waited: at most one, then the body is paused. */
      const early: Buffer[] = [];
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
      const go = () => {
        const kept = idle.pop()?.connection;
        begin(kept ?? connect(), kept !== undefined);
        for (const chunk of early.splice(0)) current?.write(chunk);
        if (isEnded) current?.endBody();
        else if (request.stream !== "none") handlers.drain();
      };
      const fail = (reason: string) => {
        if (!given) handlers.fail(new Busy(reason), false);
      };
      const busy = `all ${most} connections to the Engine are in use: try again in a moment`;
      let timer: NodeJS.Timeout | undefined;
      const turn = () => {
        clearTimeout(timer);
        go();
      };
      if (first !== undefined || (hasRoom() && waiting.size === 0)) {
        const kept = idle.pop()?.connection;
        begin(kept ?? connect(), kept !== undefined);
      } else if (waiting.size >= queue) setImmediate(fail, busy);
      else {
        waiting.add(turn);
        timer = setTimeout(() => {
          if (waiting.delete(turn)) fail(busy);
        }, wait).unref();
      }
      return {
        write(chunk) {
          if (current) return current.write(chunk);
          early.push(Buffer.from(chunk));
          return false;
        },
        endBody() {
          isEnded = true;
          current?.endBody();
        },
        pause: () => current?.pause(),
        resume: () => current?.resume(),
        destroy: () => {
          given = true;
          clearTimeout(timer);
          waiting.delete(turn);
          current?.destroy();
        },
      };
    },
    why: async (error) => (error instanceof Broken ? error.message : await dialler.why(error)),
    connections: () => ({ busy: open - idle.length, idle: idle.length }),
    close() {
      closed = true;
      clearInterval(sweep);
      waiting.clear();
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
