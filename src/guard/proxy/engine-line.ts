import type { Socket } from "node:net";
import type { Dialler } from "../../engine/connect/socket.ts";

/** Bytes that are read at once: an answer, and a stream that may be long. */
const pieces = { answer: 64 * 1024, stream: 256 * 1024 };

/**
 * A connection to the Engine as bytes. They are read into the same memory again and again, for taking and returning it
 * costs more than reading what most answers hold.
 */
export class EngineLine {
  readonly socket: Socket;
  /** Takes what comes, and gives whether it needs the bytes after it returned. */
  take: (bytes: Buffer) => boolean = () => false;
  #size = pieces.answer;
  #memory: Buffer | undefined;
  /** Memory whose bytes the taker needs, and memory that it has given back. */
  #lent: Buffer[] = [];
  #spare: Buffer[] = [];

  constructor(dialler: Dialler) {
    this.socket = dialler.dial({
      buffer: () => {
        this.#memory ??= this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#size);
        return this.#memory;
      },
      callback: (length, memory) => {
        const bytes = Buffer.from(memory.buffer, memory.byteOffset, length);
        if (this.take(bytes)) {
          // More than a few are lent where nobody says when they were written.
          if (this.#memory && this.#lent.length < 4) this.#lent.push(this.#memory);
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
    this.#size = pieces.stream;
    this.#memory = undefined;
    this.#lent = [];
  }

  /** Nothing that was taken is needed any more. */
  giveBack(): void {
    this.#spare.push(...this.#lent);
    this.#lent = [];
  }
}
