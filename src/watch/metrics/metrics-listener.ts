import { createServer } from "node:http";
import { failed, ok, type Result } from "../../base/result.ts";
import { contentType } from "../../metrics/registry.ts";

export interface MetricsListener {
  /** The bound address, with the real port if 0 was asked for. */
  readonly address: string;
  close(): Promise<void>;
}

/** Serves `/metrics` on `HOST:PORT` and nothing else. It has its own listener, so that a scraper can reach nothing more. */
export async function listenForScrapes(
  address: string,
  text: () => string,
): Promise<Result<MetricsListener>> {
  const at = address.lastIndexOf(":");
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  const port = Number(address.slice(at + 1));
  if (at < 1 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    return failed(`${address} is not an address to listen on: 127.0.0.1:9317 is expected`);
  }
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    const path = (request.url ?? "").split("?", 1)[0];
    if (request.method !== "GET" && request.method !== "HEAD") response.writeHead(405).end();
    else if (path !== "/metrics") response.writeHead(404).end("/metrics is all there is\n");
    else {
      response.writeHead(200, { "content-type": contentType });
      response.end(request.method === "HEAD" ? undefined : text());
    }
  });
  server.maxConnections = 32;
  const bound = await new Promise<Result<string>>((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE" ? "something listens there already" : (error.code ?? error.message);
      resolve(failed(`metrics cannot be served on ${address}: ${why}`));
    });
    server.listen(port, host, () => {
      const own = server.address();
      const actual = typeof own === "object" && own !== null ? own.port : port;
      resolve(ok(`${address.slice(0, at)}:${actual}`));
    });
  });
  if (!bound.ok) return bound;
  return ok({
    address: bound.value,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
