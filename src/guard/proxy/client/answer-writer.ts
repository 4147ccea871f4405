import type { Socket } from "node:net";
import type { Header } from "../http/head.ts";

/** How the end of an answer is marked. */
export interface AnswerBody {
  /** Bytes; undefined where they are not known before they came; `none`: no body, and no length of one (204, 304). */
  readonly length: number | "none" | undefined;
  /** The client's HTTP version. */
  readonly minor: 0 | 1;
  readonly close: boolean;
}

/** Bytes that are gathered before they are written. */
const most = 64 * 1024;

/** Free buffers. One comes back when the kernel took its content at once. */
const spare: Buffer[] = [];
const mostSpare = 64;

/**
 * Writes answers to a client, one after the other. What comes of an answer in one turn of the event loop leaves in one
 * write, since a write costs more than all else that is done to a small answer: the Engine sends documents in many pieces.
 */
export class AnswerWriter {
  readonly #socket: Socket;
  #memory: Buffer | undefined;
  /** Bytes at the beginning of the memory that wait. */
  #size = 0;
  #isDue = false;
  #chunked = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** The head of an answer. Gives whether the connection stays: one without a length ends with it in HTTP/1.0. */
  head(
    status: number,
    words: string,
    headers: readonly Header[],
    { length, minor, close }: AnswerBody,
  ): boolean {
    let text = `HTTP/1.1 ${status} ${words}\r\n`;
    for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
    this.#chunked = length === undefined && minor === 1;
    const stays = !close && (length !== undefined || this.#chunked);
    if (this.#chunked) text += "Transfer-Encoding: chunked\r\n";
    else if (typeof length === "number") text += `Content-Length: ${length}\r\n`;
    if (!stays) text += "Connection: close\r\n";
    else if (minor === 0) text += "Connection: keep-alive\r\n";
    this.#gatherText(`${text}\r\n`);
    return stays;
  }

  /**
   * A piece of the body; its memory may be used again if it is no larger than what is gathered. False asks to wait for the
   * socket's `drain`.
   */
  body(chunk: Buffer): boolean {
    if (this.#chunked) this.#gatherText(`${chunk.length.toString(16)}\r\n`);
    this.#gather(chunk);
    if (this.#chunked) this.#gatherText("\r\n");
    return !this.#socket.writableNeedDrain;
  }

  /** The end of the body. */
  end(): void {
    if (this.#chunked) this.#gatherText("0\r\n\r\n");
    this.#chunked = false;
    this.flush();
  }

  /** Writes what waits. */
  flush(): void {
    const memory = this.#memory;
    if (memory === undefined) return;
    const bytes = memory.subarray(0, this.#size);
    this.#memory = undefined;
    this.#size = 0;
    if (this.#socket.destroyed) return;
    // What has to wait holds no more than it is, or a client that does not read would hold as much for each answer.
    const waits = this.#socket.writableLength > 0;
    this.#socket.write(waits ? Buffer.from(bytes) : bytes);
    if ((waits || this.#socket.writableLength === 0) && spare.length < mostSpare) spare.push(memory);
  }

  #gather(bytes: Buffer): void {
    if (this.#size + bytes.length > most) this.flush();
    if (bytes.length > most) {
      this.#socket.write(bytes);
      return;
    }
    this.#room().set(bytes, this.#size);
    this.#size += bytes.length;
  }

  /** A character a byte. */
  #gatherText(text: string): void {
    if (text.length > most) this.#gather(Buffer.from(text, "latin1"));
    else {
      if (this.#size + text.length > most) this.flush();
      this.#size += this.#room().write(text, this.#size, "latin1");
    }
  }

  #room(): Buffer {
    if (!this.#isDue) {
      this.#isDue = true;
      setImmediate(this.#due);
    }
    this.#memory ??= spare.pop() ?? Buffer.allocUnsafeSlow(most);
    return this.#memory;
  }

  #due = (): void => {
    this.#isDue = false;
    this.flush();
  };
}
