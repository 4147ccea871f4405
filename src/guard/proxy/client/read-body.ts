import type { Framing } from "../http/framing.ts";
import type { ClientConnection } from "./client-connection.ts";

export type BodyRead =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly status: 400 | 413; readonly reason: string };

/** The whole body, as long as it is no larger than `limit` bytes. Never settles if the client goes away. */
export function readBody(connection: ClientConnection, framing: Framing, limit: number): Promise<BodyRead> {
  return new Promise((resolve) => {
    const refuse = () => {
      connection.abandonBody();
      resolve({ ok: false, status: 413, reason: `the body is larger than ${limit} bytes` });
    };
    if (framing.kind === "length" && framing.bytes > limit) {
      refuse();
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    connection.streamBody(framing, {
      data: (chunk) => {
        connection.expectBody();
        size += chunk.length;
        if (size <= limit) chunks.push(chunk);
        else refuse();
      },
      end: () =>
        resolve({ ok: true, bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) }),
      wrong: (reason) => resolve({ ok: false, status: 400, reason }),
    });
    connection.expectBody();
  });
}
