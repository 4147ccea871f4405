import { Duplex } from "node:stream";
import type { EngineLine } from "./engine-line.ts";

/** A connection to the Engine as a stream of Node's, for what speaks another protocol over it. */
export function lineStream(line: EngineLine): Duplex {
  const { socket } = line;
  const stream = new Duplex({
    read: () => void socket.resume(),
    // After the callback the writer may reuse the bytes.
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, done),
    final: (done) => {
      socket.end();
      done();
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  stream.on("error", () => undefined);
  line.take = (bytes) => {
    // The memory is read into again.
    if (!stream.push(Buffer.from(bytes))) socket.pause();
    return false;
  };
  socket.on("end", () => stream.push(null));
  socket.on("error", () => stream.destroy());
  socket.on("close", () => stream.destroy());
  return stream;
}
