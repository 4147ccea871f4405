import type { Socket } from "node:net";
import { type BodyDecoder, bodyDecoder } from "../http/body.ts";
import { type Framing, responseFraming } from "../http/framing.ts";
import { parseResponseHead, type ResponseHead, single } from "../http/head.ts";
import type { EngineLine } from "./engine-line.ts";

/** A request as it goes to the Engine. */
export interface UpstreamRequest {
  readonly method: string;
  /** To the empty line behind it, a character a byte. */
  readonly head: string;
  /** Where it is known whole. */
  readonly body: Uint8Array | undefined;
  /** How the rest of the body follows by `write`. */
  readonly stream: "none" | "chunked" | "length";
  /** A 101, or an answer that ends with the connection, opens a tunnel. */
  readonly hijack: boolean;
}

/** What comes of a request, in this order: `head`, any `data`, `end`; or `tunnel`; or `fail` at any time instead. */
export interface Handlers {
  head(head: ResponseHead, framing: Framing): void;
  /** A piece of the body; gives whether its bytes are needed after the return. */
  data(chunk: Buffer): boolean;
  end(): void;
  /** The connection belongs to the taker from here on; `rest` came behind the head. */
  tunnel(head: ResponseHead, line: EngineLine, rest: Buffer): void;
  /** The streamed body may go on. */
  drain(): void;
  /** `answered`: bytes of an answer had come. */
  fail(error: unknown, answered: boolean): void;
}

interface Owner {
  free(): void;
  gone(): void;
}

const nothing = Buffer.alloc(0);
const lastChunk = Buffer.from("0\r\n\r\n");
const lineEnd = Buffer.from("\r\n");

/** Milliseconds until an Engine on the network that does not take a connection counts as away. */
const connectTimeout = 5_000;

/** What the Engine's side of a connection did wrong; its message is for people. */
export class Broken extends Error {}

/** All connections to the Engine are in use; its message is for people. */
export class Busy extends Broken {}

/** One connection to the Engine: one request at a time, one answer for each. */
export class UpstreamConnection {
  readonly #line: EngineLine;
  readonly #socket: Socket;
  readonly #owner: Owner;
  #handlers: Handlers | undefined;
  #request: UpstreamRequest | undefined;
  #pending: Buffer = nothing;
  #decoder: BodyDecoder | undefined;
  #keepAlive = false;
  #sent = false;
  #answered = false;
  /** Whether somebody needs the bytes that are being taken. */
  #kept = false;
  #error: unknown;

  constructor(line: EngineLine, owner: Owner) {
    const { socket } = line;
    this.#line = line;
    this.#socket = socket;
    this.#owner = owner;
    line.take = (bytes) => {
      this.#kept = false;
      this.#onData(bytes);
      return this.#kept;
    };
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onError);
    socket.on("close", this.#onClose);
    socket.on("drain", this.#onDrain);
    if (socket.connecting) {
      socket.setTimeout(connectTimeout, () => socket.destroy(new Broken("it cannot be connected in time")));
      socket.once("connect", () => socket.setTimeout(0));
    }
  }

  begin(request: UpstreamRequest, handlers: Handlers): void {
    this.#request = request;
    this.#handlers = handlers;
    this.#answered = false;
    this.#sent = request.stream === "none";
    const { head, body } = request;
    if (body === undefined) this.#socket.write(head, "latin1");
    else this.#socket.write(Buffer.concat([Buffer.from(head, "latin1"), body]));
  }

  write(chunk: Buffer): boolean {
    if (this.#handlers === undefined || this.#sent) return true;
    if (this.#request?.stream !== "chunked") return this.#socket.write(chunk);
    this.#socket.cork();
    this.#socket.write(`${chunk.length.toString(16)}\r\n`, "latin1");
    this.#socket.write(chunk);
    const more = this.#socket.write(lineEnd);
    this.#socket.uncork();
    return more;
  }

  endBody(): void {
    if (this.#handlers === undefined || this.#sent) return;
    this.#sent = true;
    if (this.#request?.stream === "chunked") this.#socket.write(lastChunk);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#handlers = undefined;
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    // Nobody asked: what an idle connection says belongs to no request.
    if (this.#handlers === undefined) {
      this.destroy();
      return;
    }
    this.#answered = true;
    if (this.#decoder) {
      this.#feed(this.#decoder, chunk);
      return;
    }
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const parsed = parseResponseHead(bytes);
    if (parsed.state === "more") {
      this.#pending = bytes;
      this.#kept = true;
      return;
    }
    this.#pending = nothing;
    if (parsed.state === "wrong") {
      this.#fail(new Broken(parsed.reason));
      return;
    }
    this.#onHead(parsed.head, parsed.rest);
  }

  #onHead(head: ResponseHead, rest: Buffer): void {
    const { method = "", hijack = false } = this.#request ?? {};
    const framing = head.status === 101 ? untilClose : responseFraming(method, head);
    if (!framing.ok) {
      this.#fail(new Broken(framing.reason));
      return;
    }
    const opens = head.status === 101 || (head.status === 200 && framing.value.kind === "untilClose");
    if (hijack && opens) {
      this.#tunnel(head, rest);
      return;
    }
    if (head.status === 101) {
      this.#fail(new Broken("it switches protocols, which nobody asked for"));
      return;
    }
    // 100 and 103 come in front of the answer itself.
    if (head.status < 200) {
      if (rest.length > 0) this.#onData(rest);
      return;
    }
    const connection = single(head.headers, "connection");
    const stays =
      connection === undefined || (typeof connection === "string" && /^keep-alive$/i.test(connection));
    this.#keepAlive = head.minor === 1 && stays && framing.value.kind !== "untilClose";
    this.#handlers?.head(head, framing.value);
    if (framing.value.kind === "none") {
      if (rest.length > 0) this.#keepAlive = false;
      this.#finish();
      return;
    }
    this.#decoder = bodyDecoder(framing.value);
    if (rest.length > 0) this.#feed(this.#decoder, rest);
    else if (framing.value.kind === "length" && framing.value.bytes === 0) this.#finish();
  }

  #feed(decoder: BodyDecoder, chunk: Buffer): void {
    const fed = decoder.feed(chunk, (data) => {
      if (this.#handlers?.data(data)) this.#kept = true;
    });
    if (fed.state === "more") return;
    if (fed.state === "wrong") {
      this.#fail(new Broken(fed.reason));
      return;
    }
    if (fed.rest.length > 0) this.#keepAlive = false;
    this.#finish();
  }

  #finish(): void {
    const handlers = this.#handlers;
    if (handlers === undefined) return;
    this.#handlers = undefined;
    this.#decoder = undefined;
    // An answer before the end of the body leaves a connection that cannot be used again.
    if (this.#keepAlive && this.#sent && !this.#socket.destroyed) {
      this.#socket.resume();
      this.#owner.free();
    } else {
      this.#socket.destroy();
    }
    handlers.end();
  }

  #tunnel(head: ResponseHead, rest: Buffer): void {
    const handlers = this.#handlers;
    this.#handlers = undefined;
    const socket = this.#socket;
    socket.pause();
    socket.off("end", this.#onEnd);
    socket.off("drain", this.#onDrain);
    this.#kept = rest.length > 0;
    handlers?.tunnel(head, this.#line, rest);
  }

  #fail(error: unknown): void {
    const handlers = this.#handlers;
    this.destroy();
    handlers?.fail(error, this.#answered);
  }

  #onEnd = (): void => {
    if (this.#handlers !== undefined && this.#decoder?.mayEnd()) {
      this.#finish();
      return;
    }
    this.#fail(this.#error ?? new Broken("it closed the connection"));
  };

  #onError = (error: Error): void => {
    this.#error = error;
    this.#fail(error);
  };

  #onClose = (): void => {
    this.#owner.gone();
    this.#fail(this.#error ?? new Broken("it closed the connection"));
  };

  #onDrain = (): void => {
    this.#handlers?.drain();
  };
}

const untilClose = { ok: true, value: { kind: "untilClose" } } as const;
