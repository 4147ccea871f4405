import type { Framing } from "../http/framing.ts";
import type { ClientConnection } from "./client-connection.ts";

export type BodyRead =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly status: 400 | 413 | 503; readonly reason: string };

/** Whether so many more bytes may be held. */
export type Hold = (bytes: number) => boolean;

const firstRoom = 4 * 1024;

/** A body that comes in more pieces than this, of fewer bytes each than that, is sent to keep the guard busy. */
const smallest = { pieces: 4_096, bytes: 16 };

/**
 * The whole body, as long as it is no larger than `limit` bytes, gathered in one buffer that grows with what has come. It has one
 * deadline. Never settles if the client goes away.
 */
export function readBody(
  connection: ClientConnection,
  framing: Framing,
  limit: number,
  hold: Hold,
): Promise<BodyRead> {
  return new Promise((resolve) => {
    const refuse = (status: 400 | 413 | 503, reason: string) => {
      connection.abandonBody();
      resolve({ ok: false, status, reason });
    };
    const tooLarge = () => refuse(413, `the body is larger than ${limit} bytes`);
    if (framing.kind === "length" && framing.bytes > limit) {
      tooLarge();
      return;
    }
    let memory: Buffer = Buffer.alloc(0);
    let size = 0;
    let pieces = 0;
    const makeRoom = (needed: number): boolean => {
      if (needed <= memory.length) return true;
      const length = Math.min(limit, Math.max(needed, memory.length * 2, firstRoom));
      if (!hold(length - memory.length)) return false;
      const grown = Buffer.allocUnsafeSlow(length);
      memory.copy(grown, 0, 0, size);
      memory = grown;
      return true;
    };
    connection.streamBody(framing, {
      data: (chunk) => {
        pieces += 1;
        if (size + chunk.length > limit) tooLarge();
        else if (pieces > smallest.pieces && size < pieces * smallest.bytes)
          refuse(400, "the body comes in chunks of a few bytes: send larger ones");
        else if (!makeRoom(size + chunk.length))
          refuse(503, "too many large requests are under way: try again in a moment");
        else {
          memory.set(chunk, size);
          size += chunk.length;
        }
      },
      end: () => resolve({ ok: true, bytes: memory.subarray(0, size) }),
      wrong: (reason) => resolve({ ok: false, status: 400, reason }),
    });
    connection.expectBody();
  });
}
