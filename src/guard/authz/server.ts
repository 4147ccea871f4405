import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { failed, ok, type Result } from "../../base/result.ts";
import { type AuthzMessage, readMessage } from "./message.ts";

/** The answer to dockerd. */
export type Ruling = { readonly allow: true } | { readonly allow: false; readonly message: string };

/** Bytes of a question: 1 MiB of body as base64, 1 MiB of headers, and room for certificates. */
const longestQuestion = 8 * 1024 * 1024;

/**
 * Milliseconds until an answer is given up and the request denied: dockerd itself waits for a plugin without end.
 */
const patience = 20_000;

export interface AuthzServer {
  readonly server: Server;
  /** Takes no more questions, answers those that came, and ends. */
  end(): Promise<void>;
}

/**
 * The plugin's side of dockerd's authorization protocol, not yet listening. Whatever goes wrong is a denial: dockerd takes an
 * answer with `Allow: false`, an error and no answer alike.
 *
 * @see https://docs.docker.com/engine/extend/plugins_authorization/
 */
export function authzServer(rule: (message: AuthzMessage) => Promise<Ruling>): AuthzServer {
  const open = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    open.add(response);
    response.once("close", () => open.delete(response));
    answer(request, response, rule).catch(() => {
      if (!response.headersSent) deny(response, "bulkhead failed to judge this request");
    });
  });
  // dockerd keeps a connection for its next question, and sends none a second time whole.
  server.keepAliveTimeout = 0;
  server.on("clientError", (_, socket) => socket.destroy());
  return {
    server,
    async end() {
      server.close();
      await Promise.all(
        [...open].map((response) => new Promise((resolve) => response.once("close", resolve))),
      );
      // dockerd keeps connections, some of which it never asked on.
      server.closeAllConnections();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  rule: (message: AuthzMessage) => Promise<Ruling>,
): Promise<void> {
  if (request.method !== "POST") return reply(response, { Err: "POST is expected" }, 405);
  switch (request.url) {
    case "/Plugin.Activate":
      request.resume();
      return reply(response, { Implements: ["authz"] });
    case "/AuthZPlugin.AuthZReq": {
      const text = await readText(request);
      const message = text.ok ? readMessage(text.value) : text;
      if (!message.ok) return deny(response, message.reason);
      const ruling = await inTime(rule(message.value));
      return ruling.allow ? reply(response, { Allow: true }) : deny(response, ruling.message);
    }
    case "/AuthZPlugin.AuthZRes":
      // The request was judged already, and the protocol does not allow changing an answer.
      request.resume();
      return reply(response, { Allow: true });
    default:
      request.resume();
      return reply(response, { Err: "bulkhead implements authz only" }, 404);
  }
}

/** dockerd reads `Allow`, `Msg` and `Err`. */
function reply(response: ServerResponse, document: object, status = 200): void {
  const body = JSON.stringify(document);
  response.writeHead(status, {
    "Content-Type": "application/vnd.docker.plugins.v1.1+json",
    "Content-Length": Buffer.byteLength(body),
  });
  response.end(body);
}

function deny(response: ServerResponse, message: string): void {
  reply(response, { Allow: false, Msg: message });
}

async function readText(request: IncomingMessage): Promise<Result<string>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > longestQuestion) {
      request.resume();
      return failed("dockerd's question is longer than bulkhead reads");
    }
    chunks.push(chunk);
  }
  return ok(Buffer.concat(chunks).toString("utf8"));
}

async function inTime(ruling: Promise<Ruling>): Promise<Ruling> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Ruling>((resolve) => {
    timer = setTimeout(
      () => resolve({ allow: false, message: `bulkhead did not decide within ${patience / 1000} s` }),
      patience,
    );
  });
  try {
    return await Promise.race([ruling, late]);
  } finally {
    clearTimeout(timer);
  }
}
