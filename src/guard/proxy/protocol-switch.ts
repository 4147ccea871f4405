import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import type { SentRequest } from "../request/write.ts";
import type { Route } from "../routes/route.ts";
import type { ClientConnection } from "./client/client-connection.ts";
import type { EngineLine } from "./engine/engine-line.ts";
import { lineStream } from "./engine/engine-line.ts";
import { responseHeaders } from "./engine/response-headers.ts";
import { type Header, many, type ResponseHead, single } from "./http/head.ts";
import { tunnel } from "./tunnel.ts";

/** How a request turns its connection into a stream of bytes. */
export interface Switch {
  /** Whether the Engine's answer is one to what it was asked with. */
  accepts(answered: ResponseHead): boolean;
  /** What the client is answered with on a 101, beside the known headers. */
  readonly response: readonly Header[];
}

/** Whether a route's answer may be a stream of bytes both ways. */
export function opensTunnel({ body, response }: Route): boolean {
  return body.kind === "hijack" || response === "hijack" || response === "websocket";
}

/**
 * The switch that a request asks for. docker's clients ask with `Upgrade: tcp` and are answered with 101; old ones ask
 * with nothing and are answered with 200 and no end. What a WebSocket's key must be answered with is reckoned here, and
 * the Engine's answer held against it.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerAttach
 * @see https://www.rfc-editor.org/rfc/rfc6455#section-4
 */
export function switchFor({ headers }: SentRequest): Switch {
  const protocol = single(headers, "upgrade");
  if (protocol === undefined || protocol === many) return { accepts: isPlain, response: [] };
  const upgrade: readonly Header[] = [
    ["Connection", "Upgrade"],
    ["Upgrade", protocol],
  ];
  const switches = (answered: ResponseHead) => {
    const said = single(answered.headers, "upgrade");
    return answered.status === 101 && typeof said === "string" && said.toLowerCase() === protocol;
  };
  if (protocol !== "websocket")
    return { accepts: (answered) => isPlain(answered) || switches(answered), response: upgrade };
  const key = single(headers, "sec-websocket-key");
  const named = headers.filter(([name]) => name === "Sec-WebSocket-Protocol");
  const expected = acceptOf(typeof key === "string" ? key : "");
  return {
    accepts: (answered) =>
      switches(answered) && single(answered.headers, "sec-websocket-accept") === expected,
    response: [...upgrade, ["Sec-WebSocket-Accept", expected], ...named],
  };
}

function isPlain({ status }: ResponseHead): boolean {
  return status === 200;
}

function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

export interface TunnelEnds {
  readonly connection: ClientConnection;
  /** The Engine's side, with what came behind its head. */
  readonly line: EngineLine;
  readonly rest: Buffer;
  readonly answered: ResponseHead;
  readonly change: Switch;
  readonly tunnels: Set<{ destroy(): void }>;
  /** What joins both sides where the guard itself speaks their protocol; undefined hands the bytes on. */
  readonly join?: ((client: Duplex, engine: Duplex) => void) | undefined;
}

/** Joins both sides, with what either sent ahead. False where the Engine answered to something else. */
export function openTunnel(ends: TunnelEnds): boolean {
  const { connection, line, rest, answered, change, tunnels, join } = ends;
  if (!change.accepts(answered)) {
    line.socket.destroy();
    return false;
  }
  const { socket: client, rest: ahead, ended } = connection.take();
  const headers = [...responseHeaders(answered), ...(answered.status === 101 ? change.response : [])];
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  client.write(`HTTP/1.1 ${answered.status} ${answered.words}\r\n${lines}\r\n`, "latin1");
  if (join) {
    // Plain 200: the Engine did not switch, and there is no HTTP/2 to be spoken.
    if (answered.status !== 101) return false;
    const engine = lineStream(line);
    if (rest.length > 0) engine.push(Buffer.from(rest));
    if (ahead.length > 0) client.unshift(ahead);
    const both = {
      destroy: () => {
        client.destroy();
        engine.destroy();
      },
    };
    tunnels.add(both);
    client.once("close", () => tunnels.delete(both));
    join(client, engine);
    return true;
  }
  if (rest.length > 0) client.write(rest);
  if (ahead.length > 0) line.socket.write(ahead);
  const joined = tunnel(client, line, () => tunnels.delete(joined));
  tunnels.add(joined);
  if (ended) line.socket.end();
  return true;
}
