import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { framed } from "../../../src/guard/buildkit/grpc.ts";

export interface Called {
  readonly status: number;
  readonly message: string;
}

/** One call of BuildKit's over `/grpc`, byte for byte: what a client of an attacker's own would send. */
export async function callBuildkit(socketPath: string, path: string, message: Buffer): Promise<Called> {
  const held = await holdBuildkit(socketPath);
  try {
    return await held.call(path, message);
  } finally {
    held.close();
  }
}

/** A connection to `/grpc` that stays. */
export function holdBuildkit(socketPath: string): Promise<{
  call(path: string, message: Buffer): Promise<Called>;
  close(): void;
}> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("The connection was closed.")));
    socket.write("POST /grpc HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    let head: Buffer = Buffer.alloc(0);
    // dockerd writes its head in pieces.
    socket.on("data", function gather(piece: Buffer) {
      head = Buffer.concat([head, piece]);
      const end = head.indexOf("\r\n\r\n") + 4;
      if (end < 4) return;
      socket.off("data", gather);
      if (!head.toString("latin1").startsWith("HTTP/1.1 101")) {
        socket.destroy();
        reject(new Error(head.toString("latin1")));
        return;
      }
      socket.pause();
      if (end < head.length) socket.unshift(head.subarray(end));
      const session = connectHttp2("http://localhost", { createConnection: () => socket });
      session.on("error", reject);
      resolve({
        call: (path, message) => callOn(session, path, message),
        close() {
          session.destroy();
          socket.destroy();
        },
      });
    });
  });
}

function callOn(session: ClientHttp2Session, path: string, message: Buffer): Promise<Called> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    let told: Readonly<Record<string, unknown>> = {};
    for (const event of ["response", "trailers"] as const)
      stream.on(event, (headers: Readonly<Record<string, unknown>>) => {
        told = { ...told, ...headers };
      });
    stream.on("error", reject);
    stream.on("close", () =>
      resolve({
        status: Number(told["grpc-status"] ?? -1),
        message: decodeURIComponent(String(told["grpc-message"] ?? "")),
      }),
    );
    stream.resume();
    stream.end(framed(message));
  });
}
