import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { isRecord, itemsOf, recordAt, textAt } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import type { EngineClient } from "../engine/client.ts";
import { keptHeaders, type RecordedRequest } from "../trial/recorded.ts";

/** A published TCP port of a running service. */
export interface Published {
  readonly service: string;
  readonly port: number;
  readonly host: string;
  readonly hostPort: number;
}

/** Bytes of a body that are kept; a larger one is passed on, and its request is not recorded. */
const most = 1024 * 1024;

/** The published TCP ports of the Compose file's running services. */
export async function publishedPorts(
  reader: EngineClient,
  files: readonly string[],
): Promise<Result<readonly Published[]>> {
  const list = await reader.get("/containers/json");
  if (!list.ok) return failed(list.reason);
  const found = new Map<string, Published>();
  for (const container of itemsOf(list.value).filter(isRecord)) {
    const labels = recordAt(container, "Labels");
    const service = textAt(labels, "com.docker.compose.service");
    const from = (textAt(labels, "com.docker.compose.project.config_files") ?? "").split(",");
    if (service === undefined || !from.some((file) => files.includes(file))) continue;
    for (const { PrivatePort, PublicPort, Type, IP } of itemsOf(container.Ports).filter(isRecord)) {
      if (Type !== "tcp" || typeof PublicPort !== "number" || typeof PrivatePort !== "number") continue;
      const host = typeof IP !== "string" || ["", "0.0.0.0", "::"].includes(IP) ? "127.0.0.1" : IP;
      const key = `${service}:${PrivatePort}`;
      if (!found.has(key)) found.set(key, { service, port: PrivatePort, host, hostPort: PublicPort });
    }
  }
  return ok([...found.values()]);
}

/** A proxy on a loopback port of its own in front of a published port. It tells each request once it was answered. */
export async function recordPort(
  published: Published,
  told: (request: RecordedRequest) => void,
): Promise<{ readonly address: string; readonly close: () => void }> {
  const server = createServer((asked, answer) => pass(asked, answer, published, server, told));
  // What is no HTTP any more, such as a web socket, is passed on and not recorded.
  server.on("upgrade", (asked, socket, head) => {
    const onward = connect(published.hostPort, published.host, () => {
      const lines = Object.entries(headersFor(asked, published)).map(([name, value]) => `${name}: ${value}`);
      onward.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What a cache would save us from seeing is asked for whole. */
const notPassed = ["if-none-match", "if-modified-since", "accept-encoding"];

function headersFor(asked: IncomingMessage, { host, hostPort }: Published): Record<string, string> {
  const own = `${host.includes(":") ? `[${host}]` : host}:${hostPort}`;
  const said = Object.entries(asked.headers).flatMap(([name, value]): [string, string][] =>
    value === undefined || notPassed.includes(name) ? [] : [[name, String(value)]],
  );
  const origin = asked.headers.origin === undefined ? {} : { origin: `http://${own}` };
  return { ...Object.fromEntries(said), ...origin, host: own };
}

function pass(
  asked: IncomingMessage,
  answer: ServerResponse,
  published: Published,
  server: Server,
  told: (request: RecordedRequest) => void,
): void {
  const headers = headersFor(asked, published);
  const { host, hostPort, service, port } = published;
  const { method = "GET", url: path = "/" } = asked;
  const parts: Buffer[] = [];
  let size = 0;
  asked.on("data", (part: Buffer) => {
    size += part.length;
    if (size <= most) parts.push(part);
  });
  const onward = request({ host, port: hostPort, method, path, headers }, (theirs) => {
    const { location } = theirs.headers;
    const shown = location?.replace(
      `http://${headers.host}`,
      `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    );
    answer.writeHead(theirs.statusCode ?? 502, {
      ...theirs.headers,
      ...(shown !== undefined && { location: shown }),
    });
    theirs.pipe(answer);
    theirs.on("end", () => {
      if (size > most) return;
      const kept = keptHeaders.flatMap((name) =>
        headers[name] === undefined ? [] : [[name, headers[name]]],
      );
      told({
        ...{ service, port, method, path, headers: Object.fromEntries(kept) },
        ...(size > 0 && { body: Buffer.concat(parts).toString("base64") }),
        status: theirs.statusCode ?? 0,
      });
    });
  });
  onward.on("error", (error: NodeJS.ErrnoException) => {
    if (answer.headersSent) answer.destroy();
    else answer.writeHead(502).end(`${service} does not answer: ${error.code ?? error.message}\n`);
  });
  asked.pipe(onward);
}
