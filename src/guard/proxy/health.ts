import { createServer, type Server } from "node:http";
import { failed, ok, type Result } from "../../base/result.ts";
import { contentType } from "../../metrics/registry.ts";
import type { GuardMetrics } from "../metrics.ts";
import { readListenAddress } from "./client/listen-address.ts";

export interface Health {
  close(): void;
}

/**
 * `/metrics` and `/healthz` on a listener of their own, where nothing of the Engine can be asked. Healthy is a guard
 * whose Engine answers.
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
  const { value } = at;
  const where =
    value.kind === "unix"
      ? { path: value.path }
      : { port: value.port, ...(value.host && { host: value.host }) };
  return await listening(server, address, where);
}

/** Listens there, for an HTTP server that is no client's way to the Engine. */
export function listening(
  server: Server,
  address: string,
  where: { path: string } | { port: number },
): Promise<Result<Health>> {
  return new Promise((resolve) => {
    server.once("error", (error) => resolve(failed(`${address} cannot be listened on: ${error.message}`)));
    server.listen(where, () =>
      resolve(
        ok({
          close: () => {
            server.close();
            server.closeAllConnections();
          },
        }),
      ),
    );
  });
}
