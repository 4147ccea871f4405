import { createServer, type Server } from "node:http";
import { ok, type Result } from "../../base/result.ts";
import { contentType } from "../../metrics/registry.ts";
import type { GuardMetrics } from "../metrics.ts";
import { type ListenAddress, readListenAddress } from "./client/listen-address.ts";
import { bind } from "./client/listener.ts";

export interface Health {
  close(): void;
}

/**
 * `/metrics` and `/healthz` on a separate listener, which gives no access to the Engine. The guard is healthy if the Engine
 * answers.
 */
export async function openHealth(
  address: string,
  metrics: GuardMetrics,
  check: () => Promise<Result<void>>,
): Promise<Result<Health>> {
  // Counters and the names of clients are all there is to see, so it may be plain anywhere.
  const at = readListenAddress(address.startsWith("tcp://") ? `${address},plain=network` : address);
  if (!at.ok) return at;
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { Allow: "GET, HEAD" }).end();
    } else if (request.url === "/metrics") {
      response.writeHead(200, { "Content-Type": contentType }).end(metrics.registry.text());
    } else if (request.url === "/healthz") {
      void check().then((healthy) => {
        response.writeHead(healthy.ok ? 200 : 503, { "Content-Type": "text/plain; charset=utf-8" });
        response.end(healthy.ok ? "ok\n" : `${healthy.reason}\n`);
      });
    } else {
      response.writeHead(404).end();
    }
  });
  server.maxConnections = 64;
  return await listenForHttp(server, at.value);
}

/** Listens, for an HTTP server from which no client reaches the Engine. Closing it removes its socket. */
export async function listenForHttp(server: Server, at: ListenAddress): Promise<Result<Health>> {
  const bound = await bind(server, at);
  if (!bound.ok) return bound;
  return ok({
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
}
