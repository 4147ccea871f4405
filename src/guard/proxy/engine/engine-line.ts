import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { Dialler } from "../../../engine/connect/socket.ts";

/** Bytes to read at once: for an answer as much as is gathered, for a stream a larger piece. */
const pieces = { answer: 64 * 1024, stream: 256 * 1024 };

/**
 * A connection to the Engine as bytes. They are read into the same memory again and again, for taking and returning it
 * costs more than reading what most answers hold.
 */
export class EngineLine {
  readonly socket: Socket;
  /** Takes what comes, and gives whether it needs the bytes after it returned. */
  take: (bytes: Buffer) => boolean = () => false;
  #isStream = false;
  #memory: Buffer | undefined;
  /** Memory whose bytes the taker needs, and memory that it has given back. */
  #lent: Buffer[] = [];
  #spare: Buffer[] = [];

  constructor(dialler: Dialler) {
    this.socket = dialler.dial({
      buffer: () => {
        this.#memory ??=
          this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#isStream ? pieces.stream : pieces.answer);
        return this.#memory;
      },
      callback: (length, memory) => {
        const bytes = Buffer.from(memory.buffer, memory.byteOffset, length);
        if (this.take(bytes)) {
          if (this.#memory && this.#isStream && this.#lent.length < 4) this.#lent.push(this.#memory);
          this.#memory = undefined;
        }
        return true;
      },
    });
    // Where the bytes had to be deciphered first they come as events.
    this.socket.on("data", (bytes: Buffer) => this.take(bytes));
  }

  /** From here on a stream is read. */
  widen(): void {
    this.#isStream = true;
    this.#memory = undefined;
    this.#lent = [];
  }

  /** Nothing that was taken is needed any more. */
  giveBack(): void {
    this.#spare.push(...this.#lent);
    this.#lent = [];
  }
}

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
