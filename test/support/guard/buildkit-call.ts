import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { framed } from "../../../src/guard/buildkit/grpc.ts";

/** One call of BuildKit's over `/grpc`, byte for byte: what a client of an attacker's own would send. */
export function callBuildkit(
  socketPath: string,
  path: string,
  message: Buffer,
): Promise<{ readonly status: number; readonly message: string }> {
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
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
      });
      let told: Readonly<Record<string, unknown>> = {};
      stream.on("response", (headers) => {
        told = { ...told, ...headers };
      });
      stream.on("trailers", (headers) => {
        told = { ...told, ...headers };
      });
      stream.on("error", reject);
      stream.on("close", () => {
        session.destroy();
        socket.destroy();
        resolve({
          status: Number(told["grpc-status"] ?? -1),
          message: decodeURIComponent(String(told["grpc-message"] ?? "")),
        });
      });
      stream.resume();
      stream.end(framed(message));
    });
  });
}
