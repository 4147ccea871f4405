import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { slowness } from "../../support/slowness.ts";

export interface Answered {
  readonly status: number;
  readonly text: string;
  /** The body, where it is JSON; else undefined. */
  readonly json: unknown;
}

/** A socket that speaks the Engine's API, with or without a guard behind it. */
export interface Door {
  readonly socketPath: string;
  /** A call of API 1.45; `path` begins behind the version. Rejects where no whole answer comes. */
  call(method: string, path: string, body?: unknown): Promise<Answered>;
  /** A body that is no JSON: an archive. */
  send(method: string, path: string, body: Uint8Array, type?: string): Promise<Answered>;
  /**
   * Byte for byte; resolves with what came back once the other side is silent for a while, or has closed. `then` is sent once
   * something has come back.
   */
  raw(bytes: string | Uint8Array, then?: string | Uint8Array): Promise<string>;
  /** Everything that came out of it so far. */
  heard(): string;
}

/** Milliseconds after which somebody who does not answer is left. */
const patience = 20_000 * slowness;

export function openDoor(socketPath: string): Door {
  let heard = "";
  const hear = (text: string): string => {
    heard += text;
    return text;
  };
  const exchange = (method: string, path: string, body: string | Uint8Array | undefined, type: string) =>
    new Promise<Answered>((resolve, reject) => {
      const headers = body === undefined ? {} : { "Content-Type": type };
      const options = { socketPath, method, path: `/v1.45${path}`, headers, agent: false, timeout: patience };
      const call = request(options, (answer) => {
        collect(answer, call).then((text) => {
          hear(text);
          resolve({ status: answer.statusCode ?? 0, text, json: parsed(text) });
        }, reject);
      });
      // A stream that is taken over: what it says counts.
      call.on("upgrade", (answer, socket) => {
        let text = "";
        socket.on("data", (chunk: Buffer) => {
          text += hear(chunk.toString("latin1"));
        });
        socket.on("error", () => undefined);
        socket.on("close", () => resolve({ status: answer.statusCode ?? 0, text, json: undefined }));
        socket.end();
      });
      call.on("timeout", () => call.destroy(new Error(`${method} ${path}: no answer`)));
      call.on("error", reject);
      call.end(body);
    });
  return {
    socketPath,
    call: (method, path, body) =>
      exchange(method, path, body === undefined ? undefined : JSON.stringify(body), "application/json"),
    send: (method, path, body, type = "application/x-tar") => exchange(method, path, body, type),
    raw: (bytes, then) => rawTo(socketPath, bytes, then).then(hear),
    heard: () => heard,
  };
}

function collect(answer: IncomingMessage, call: ClientRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    answer.on("data", (chunk: Buffer) => chunks.push(chunk));
    answer.on("end", () => resolve(Buffer.concat(chunks).toString("latin1")));
    answer.on("error", reject);
    call.on("close", () => resolve(Buffer.concat(chunks).toString("latin1")));
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Milliseconds of silence, behind an answer, that count as its end. */
const silence = 700;

function rawTo(socketPath: string, bytes: string | Uint8Array, then?: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const line = connect(socketPath, () => line.write(bytes));
    line.setTimeout(patience);
    line.on("timeout", () => line.destroy());
    line.on("data", (chunk) => {
      if (answer === "" && then !== undefined) line.write(then);
      answer += chunk.toString("latin1");
      line.setTimeout(silence);
    });
    line.on("error", () => undefined);
    line.on("close", () => resolve(answer));
  });
}
