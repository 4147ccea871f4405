import type { Socket } from "node:net";
import type { Header } from "./http/head.ts";

/** How the end of an answer is told. */
export interface AnswerBody {
  /** Bytes; undefined where they are not known before they came; `none`: no body, and no length of one (204, 304). */
  readonly length: number | "none" | undefined;
  /** The client's HTTP version. */
  readonly minor: 0 | 1;
  readonly close: boolean;
}

/** Bytes that are gathered before they are written. */
const most = 16 * 1024;

/**
 * Writes answers to a client, one after the other. What comes of an answer in one turn of the event loop leaves in one
 * write, since a write costs more than all else that is done to a small answer: the Engine sends documents in many pieces.
 */
export class AnswerWriter {
  readonly #socket: Socket;
  /** What waits, a character a byte. */
  #text = "";
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
    this.#gather(`${text}\r\n`);
    return stays;
  }

  /** A piece of the body, which is not kept; false asks to wait for the socket's `drain`. */
  body(chunk: Buffer): boolean {
    const size = this.#chunked ? `${chunk.length.toString(16)}\r\n` : "";
    const end = this.#chunked ? "\r\n" : "";
    if (chunk.length <= most) {
      this.#gather(`${size}${chunk.toString("latin1")}${end}`);
    } else {
      this.#text += size;
      this.flush();
      this.#socket.write(chunk);
      if (end !== "") this.#gather(end);
    }
    return !this.#socket.writableNeedDrain;
  }

  /** The end of the body. */
  end(): void {
    if (this.#chunked) this.#text += "0\r\n\r\n";
    this.#chunked = false;
    this.flush();
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    if (!this.#socket.destroyed) this.#socket.write(text, "latin1");
  }

  #gather(text: string): void {
    this.#text += text;
    if (this.#text.length >= most) {
      this.flush();
    } else if (!this.#isDue) {
      this.#isDue = true;
      setImmediate(this.#due);
    }
  }

  #due = (): void => {
    this.#isDue = false;
    this.flush();
  };
}
