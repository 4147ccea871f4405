import type { Socket } from "node:net";
import type { Asker } from "../../log/entry.ts";
import { type BodyDecoder, bodyDecoder } from "../http/body.ts";
import type { Framing } from "../http/framing.ts";
import { type Header, parseRequestHead, type RequestHead } from "../http/head.ts";
import { type AnswerBody, AnswerWriter } from "./answer-writer.ts";
import { problem } from "./problem.ts";

/** Milliseconds. */
export interface ClientTimeouts {
  /** From the first byte of a head to its end, and for the first head of a connection. */
  readonly head: number;
  /** From the head to the end of a body that is read whole. */
  readonly body: number;
  /** Between two requests. */
  readonly idle: number;
}

export interface ConnectionOwner {
  readonly timeouts: ClientTimeouts;
  /** Answers the request, and calls `finish` on the connection; must not throw. */
  serve(connection: ClientConnection, head: RequestHead): void;
  /** A head that cannot be read was answered: for the log and the metrics. */
  refused(connection: ClientConnection, status: number, reason: string): void;
  closed(connection: ClientConnection): void;
  /** No more requests are taken: the answers say so. */
  stopping(): boolean;
  /** Who this is by the policy of now; undefined where nobody may come in here any more. */
  asker(): Asker | undefined;
}

export interface BodyHandlers {
  data(chunk: Buffer): void;
  end(): void;
  /** The framing is wrong. A client that went away calls `onGone` instead. */
  wrong(reason: string): void;
}

const nothing = Buffer.alloc(0);

/** Bytes that a client may send ahead while its request is answered, before it is no longer read. */
const readAhead = 64 * 1024;
/** How much of an unwanted body to read, and for how long (milliseconds), so that the client reads the reason. */
const discard = { bytes: 64 * 1024 * 1024, time: 3_000 };

type Phase = "head" | "body" | "busy" | "discard" | "taken";

/**
 * A client's connection: one request after the other, each answered before the next is read. Speaks HTTP/1.1 itself
 * and not by node:http, for three reasons: any request may turn into a stream of bytes (docker attach, without an
 * Upgrade, too) with what is already behind its head; how strict the reading is does not depend on Node's version; and
 * it takes a third of the time. Whatever is misread here cannot reach the Engine: what goes there is made anew.
 */
export class ClientConnection {
  readonly socket: Socket;
  /** When the phase must have ended, by Date.now(). */
  deadline: number;
  readonly #owner: ConnectionOwner;
  readonly #writer: AnswerWriter;
  #phase: Phase = "head";
  #pending: Buffer = nothing;
  #decoder: BodyDecoder | undefined;
  #body: BodyHandlers | undefined;
  #onGone: (() => void) | undefined;
  #onDrain: (() => void) | undefined;
  #keepAlive = true;
  #mayTunnel = false;
  /** Whether the body is handed on as it comes. */
  #isStreaming = false;
  #ended = false;
  /** Between two requests: the answers before wait to be read. */
  #isFull = false;
  #discarded = 0;
  #answered = false;
  /** Runs once the request is over, successful or not. */
  #whenDone: (() => void)[] = [];

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.socket = socket;
    this.#owner = owner;
    this.#writer = new AnswerWriter(socket);
    this.deadline = Date.now() + owner.timeouts.head;
    socket.on("data", this.#onData);
    socket.on("end", this.#onEnd);
    socket.on("error", this.#onClose);
    socket.on("close", this.#onClose);
    socket.on("drain", this.#onDrained);
  }

  get asker(): Asker | undefined {
    return this.#owner.asker();
  }

  /** Between two requests, with nothing of the next one here. */
  get isIdle(): boolean {
    return this.#phase === "head" && this.#pending.length === 0;
  }

  /** Whether the answer to the request under way has begun. */
  get isAnswered(): boolean {
    return this.#answered;
  }

  get isGone(): boolean {
    return this.socket.destroyed;
  }

  /** Ends what runs for the request, as if the client had gone. */
  giveUp(): void {
    this.#gone();
  }

  /** Called once if the client goes away before `finish`. */
  onGone(call: () => void): void {
    this.#onGone = call;
    if (this.isGone) this.#gone();
  }

  /** Called once the request is over: answered, or the connection closed, a tunnel included. */
  whenDone(call: () => void): void {
    this.#whenDone.push(call);
  }

  onDrain(call: (() => void) | undefined): void {
    this.#onDrain = call;
  }

  /** The end of the client's side is no sign that it went away: it may want a tunnel with nothing to say. */
  expectTunnel(): void {
    this.#mayTunnel = true;
  }

  /** Asks a client that waits for it to send the body. */
  sendContinue(): void {
    this.socket.write("HTTP/1.1 100 Continue\r\n\r\n", "latin1");
  }

  /** Nobody wants what there still is of the body: it is thrown away, and the connection ends after the answer. */
  abandonBody(): void {
    if (this.#phase !== "busy" && this.#phase !== "body") return;
    this.#body = undefined;
    this.#decoder = undefined;
    this.#phase = "discard";
    this.deadline = Number.POSITIVE_INFINITY;
  }

  /** A body that is waited for whole must have come by then. */
  expectBody(): void {
    if (this.#phase !== "body") return;
    this.#isStreaming = false;
    this.deadline = Date.now() + this.#owner.timeouts.body;
  }

  /** Hands the body on as it comes. */
  streamBody(framing: Framing, handlers: BodyHandlers): void {
    if (framing.kind === "none") {
      handlers.end();
      return;
    }
    this.#phase = "body";
    this.#stallsAt();
    this.#decoder = bodyDecoder(framing);
    this.#body = handlers;
    const pending = this.#pending;
    this.#pending = nothing;
    if (pending.length > 0) this.#feedBody(pending);
    this.socket.resume();
  }

  sendHead(status: number, words: string, headers: readonly Header[], answer: AnswerBody): void {
    // A body that was not read whole would be taken for the next request.
    const close = answer.close || !this.#keepAlive || this.#phase !== "busy" || this.#owner.stopping();
    this.#answered = true;
    this.#keepAlive = this.#writer.head(status, words, headers, { ...answer, close });
  }

  /** A piece of the answer's body; false asks to wait for `onDrain`. */
  sendBody(chunk: Buffer): boolean {
    return this.#writer.body(chunk);
  }

  /** The answer is complete; the next request may come. */
  finish(): void {
    this.#onGone = undefined;
    this.#onDrain = undefined;
    this.#done();
    if (this.isGone) return;
    this.#writer.end();
    if (!this.#keepAlive) {
      this.#hangUp();
      return;
    }
    this.#phase = "head";
    this.#mayTunnel = false;
    if (this.#ended) {
      this.#hangUp();
      return;
    }
    // A client that does not read its answers asks no more.
    this.#isFull = this.socket.writableNeedDrain;
    if (!this.#isFull) {
      this.#goOn();
      return;
    }
    this.deadline = Date.now() + this.#owner.timeouts.idle;
    this.socket.pause();
  }

  #goOn(): void {
    const { head, idle } = this.#owner.timeouts;
    this.deadline = Date.now() + (this.#pending.length > 0 ? head : idle);
    if (this.#pending.length > 0) setImmediate(this.#next);
    else this.socket.resume();
  }

  /** Gives the connection away, with what came behind the request. */
  take(): { readonly socket: Socket; readonly rest: Buffer; readonly ended: boolean } {
    this.#phase = "taken";
    this.deadline = Number.POSITIVE_INFINITY;
    this.#onGone = undefined;
    const { socket } = this;
    this.#writer.flush();
    socket.pause();
    socket.off("data", this.#onData);
    socket.off("end", this.#onEnd);
    socket.off("drain", this.#onDrained);
    const rest = this.#pending;
    this.#pending = nothing;
    return { socket, rest, ended: this.#ended };
  }

  /** The Engine takes no more for now, which is not the client's fault. */
  pauseBody(): void {
    this.socket.pause();
    if (this.#phase === "body") this.deadline = Number.POSITIVE_INFINITY;
  }

  resumeBody(): void {
    if (this.#phase === "body" && this.deadline === Number.POSITIVE_INFINITY) this.#stallsAt();
    this.socket.resume();
  }

  /** A body that is handed on must go on coming. */
  #stallsAt(): void {
    this.deadline = Date.now() + this.#owner.timeouts.idle;
    this.#isStreaming = true;
  }

  #done(): void {
    const calls = this.#whenDone;
    if (calls.length === 0) return;
    this.#whenDone = [];
    for (const call of calls) call();
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Ends what takes too long; called now and then. */
  checkDeadline(now: number): void {
    if (now < this.deadline) return;
    if (this.#phase === "head" && this.#pending.length > 0)
      this.#refuse(408, "the request's head did not come in time");
    else if (this.#phase === "body") this.#refuse(408, "the request's body stopped coming");
    else this.destroy();
  }

  /** The HTTP version that a head which could not be read may have had: the newest is answered. */
  #refuse(status: 400 | 408 | 431 | 505, reason: string): void {
    this.#phase = "discard";
    this.#onGone?.();
    this.#onGone = undefined;
    this.#owner.refused(this, status, reason);
    const { words, headers, body } = problem(status, reason);
    this.sendHead(status, words, headers, { length: body.length, minor: 1, close: true });
    this.sendBody(body);
    this.#hangUp();
  }

  #next = (): void => {
    if (this.#phase === "head" && !this.isGone) this.#parse();
  };

  #parse(): void {
    const parsed = parseRequestHead(this.#pending);
    if (parsed.state === "more") {
      this.socket.resume();
      return;
    }
    if (parsed.state === "wrong") {
      this.#refuse(parsed.status, parsed.reason);
      return;
    }
    this.#pending = parsed.rest.length === 0 ? nothing : parsed.rest;
    this.#phase = "busy";
    this.deadline = Number.POSITIVE_INFINITY;
    this.#answered = false;
    this.#keepAlive = keepsAlive(parsed.head);
    this.#owner.serve(this, parsed.head);
  }

  #onData = (chunk: Buffer): void => {
    if (this.#phase === "body") {
      if (this.#isStreaming) this.deadline = Date.now() + this.#owner.timeouts.idle;
      this.#feedBody(chunk);
      return;
    }
    if (this.#phase === "discard") {
      this.#discarded += chunk.length;
      if (this.#discarded > discard.bytes) this.destroy();
      return;
    }
    const isFirst = this.#pending.length === 0;
    this.#pending = isFirst ? chunk : Buffer.concat([this.#pending, chunk]);
    if (this.#phase === "head") {
      if (isFirst) this.deadline = Date.now() + this.#owner.timeouts.head;
      this.#parse();
    } else if (this.#pending.length > readAhead) {
      this.socket.pause();
    }
  };

  #feedBody(chunk: Buffer): void {
    const fed = this.#decoder?.feed(chunk, (data) => this.#body?.data(data));
    if (fed === undefined || fed.state === "more" || this.#phase !== "body") return;
    const handlers = this.#body;
    if (fed.state === "wrong") {
      this.abandonBody();
      handlers?.wrong(fed.reason);
      return;
    }
    this.#body = undefined;
    this.#decoder = undefined;
    this.#phase = "busy";
    this.deadline = Number.POSITIVE_INFINITY;
    this.#pending = fed.rest.length === 0 ? nothing : fed.rest;
    handlers?.end();
  }

  /** Ends our side and lets the other read why; a plain close could take the answer from it. */
  #hangUp(): void {
    this.#writer.flush();
    this.#phase = "discard";
    this.#pending = nothing;
    this.#body = undefined;
    this.#decoder = undefined;
    this.deadline = Date.now() + discard.time;
    if (this.#ended) this.socket.end(() => this.destroy());
    else this.socket.end();
    this.socket.resume();
  }

  #onEnd = (): void => {
    this.#ended = true;
    if (this.#phase === "busy" && this.#mayTunnel) return;
    if (this.#phase === "discard") {
      this.socket.end(() => this.destroy());
      return;
    }
    this.#gone();
    this.destroy();
  };

  #onClose = (): void => {
    this.#gone();
    if (!this.socket.destroyed) return;
    this.#done();
    this.#owner.closed(this);
  };

  #gone(): void {
    const call = this.#onGone;
    this.#onGone = undefined;
    call?.();
  }

  #onDrained = (): void => {
    if (this.#isFull) {
      this.#isFull = false;
      this.#goOn();
    }
    this.#onDrain?.();
  };
}

function keepsAlive({ headers, minor }: RequestHead): boolean {
  for (const [name, value] of headers) {
    if (name.toLowerCase() !== "connection") continue;
    const options = value.toLowerCase();
    if (options.includes("close")) return false;
    if (minor === 0 && options.includes("keep-alive")) return true;
  }
  return minor === 1;
}
