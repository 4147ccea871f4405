import { readFileSync } from "node:fs";
import type { Server as HttpServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { createAdaptorServer } from "@hono/node-server";
import { whyUnread } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { hasAccounts } from "../store/accounts/accounts.ts";
import { forgetInvitations, invite } from "../store/accounts/invitations.ts";
import { buildApp } from "./app.ts";
import type { Proxies } from "./http/address.ts";
import type { PageFiles } from "./http/page.ts";
import { openSender } from "./notify/sender.ts";
import type { Service } from "./service.ts";
import { hashToken, newToken } from "./sign-in/passwords.ts";
import { openMeter } from "./telemetry/meter.ts";
import { keepUp } from "./upkeep.ts";

export interface ListenOptions {
  readonly address: ListenAddress;
  /** The address that browsers use, where it is another one: a proxy's. */
  readonly url: URL | undefined;
  /** The proxies whose `X-Forwarded-For` is believed. */
  readonly proxies: Proxies;
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
}

interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

interface Server {
  /** Where the page is. */
  readonly url: string;
  /** Reads the certificate and its key again, for connections from now on. A reason says why the old ones stay. */
  readCertificate(): Result<void>;
  close(): Promise<void>;
}

/**
 * A page keeps a stream open and asks by six more at most. Node.js looks at unfinished requests every half a minute by itself, so
 * that time-outs do not bite before. The time for headers runs while this process is busy, too: with 5 s a request that had come
 * whole was given up where a proof kept a slow machine busy.
 */
const limits = { most: 1_000, mostIdle: 200 };
const timeOuts = {
  connectionsCheckingInterval: 1_000,
  headersTimeout: 20_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 10_000,
};

const hour = 3_600_000;

/** `127.0.0.1:7070`, `[::1]:7070`, `:7070` (every address). */
export function parseListenAddress(text: string): Result<ListenAddress> {
  const at = text.lastIndexOf(":");
  const host = text.slice(0, at).replace(/^\[(.*)\]$/, "$1");
  const port = Number(text.slice(at + 1));
  if (at < 0 || text.slice(at + 1) === "" || !Number.isInteger(port) || port < 0 || port > 65_535) {
    return failed(`${text} is not an address to listen on: 127.0.0.1:7070 is expected`);
  }
  return ok({ host: host === "" ? "::" : host, port });
}

export function isLoopback({ host }: ListenAddress): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

/** Serves the page and the API until `close`. A reason says why it cannot listen. */
export async function startServer(
  service: Service,
  page: PageFiles,
  { address, url, tls }: ListenOptions,
): Promise<Result<Server>> {
  const files = tls && readTls(tls);
  if (files && !files.ok) return files;
  const hosts = new Set<string>();
  const app = buildApp(service, { hosts, page });
  const server = createAdaptorServer({
    fetch: app.fetch,
    ...(files
      ? {
          createServer: createSecureServer,
          serverOptions: { ...files.value, ...timeOuts, minVersion: "TLSv1.2" },
        }
      : { serverOptions: timeOuts }),
  });
  const endConnections = boundConnections(server as HttpServer, limits);
  const bound = await new Promise<Result<number>>((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE" ? "something listens there already" : (error.code ?? error.message);
      resolve(failed(`cannot listen on ${address.host}:${address.port}: ${why}`));
    });
    server.listen(address.port, address.host, () => resolve(ok((server.address() as AddressInfo).port)));
  });
  if (!bound.ok) return bound;
  const own = `${tls ? "https" : "http"}://${nameFor(address)}:${bound.value}`;
  for (const host of ownHosts(address, bound.value, url)) hosts.add(host);
  const endUpkeep = keepUp(service);
  const sender = openSender(service);
  const meter = openMeter(service);
  return ok({
    url: url?.origin ?? own,
    readCertificate() {
      if (!tls || !("setSecureContext" in server)) return ok(undefined);
      const files = readTls(tls);
      if (files.ok) server.setSecureContext({ ...files.value, minVersion: "TLSv1.2" });
      return files.ok ? ok(undefined) : files;
    },
    async close() {
      endUpkeep();
      await sender.close();
      await meter.close();
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      // Streams of events do not end by themselves.
      endConnections();
      await ended;
    },
  });
}

/** A link that makes the first administrator; undefined if somebody has an account. Links of earlier starts end. */
export async function firstLink(service: Service, url: string): Promise<string | undefined> {
  if (await hasAccounts(service.database)) return undefined;
  await forgetInvitations(service.database, Number.MAX_SAFE_INTEGER);
  const token = newToken();
  await invite(service.database, {
    token: hashToken(token),
    role: "administrator",
    expires: Date.now() + 24 * hour,
  });
  return `${url}/#/join/${token}`;
}

/** A name that a browser can open: every address is this machine's, too. */
function nameFor({ host }: ListenAddress): string {
  if (host === "::" || host === "0.0.0.0") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}

function ownHosts(address: ListenAddress, port: number, url: URL | undefined): readonly string[] {
  const names = new Set([
    nameFor(address),
    ...(isLoopback(address) ? ["localhost", "127.0.0.1", "[::1]"] : []),
  ]);
  return [
    ...[...names].map((name) => `${name}:${port}`.toLowerCase()),
    ...(url ? [url.host.toLowerCase()] : []),
  ];
}

function readTls(
  tls: NonNullable<ListenOptions["tls"]>,
): Result<{ readonly cert: string; readonly key: string }> {
  const read = (path: string): Result<string> => {
    try {
      return ok(readFileSync(path, "utf8"));
    } catch (error) {
      return failed(`${path}: ${whyUnread(error)}`);
    }
  };
  const cert = read(tls.certificate);
  if (!cert.ok) return cert;
  const key = read(tls.key);
  if (!key.ok) return key;
  const pair = { cert: cert.value, key: key.value };
  try {
    createSecureContext(pair);
    return ok(pair);
  } catch {
    return failed(`${tls.certificate} and ${tls.key} are not a certificate and its key in PEM form`);
  }
}

interface ConnectionLimits {
  /** Connections at the same time. */
  readonly most: number;
  /** Of one address that asks for nothing on them. */
  readonly mostIdle: number;
}

/**
 * Bounds the connections of a server. Where there are too many, the one that has asked for nothing for longest ends, so that who
 * only holds connections open keeps nobody out. Gives what ends them all.
 */
function boundConnections(server: HttpServer, { most, mostIdle }: ConnectionLimits): () => void {
  const all = new Set<Socket>();
  /** Those on which no request is under way, the oldest first. */
  const idle = new Set<Socket>();

  server.on("connection", (socket: Socket) => {
    all.add(socket);
    idle.add(socket);
    socket.once("close", () => {
      all.delete(socket);
      idle.delete(socket);
    });
    const address = socket.remoteAddress;
    const alike = [...idle].filter((each) => each.remoteAddress === address);
    if (alike.length > mostIdle) alike[0]?.destroy();
    if (all.size <= most) return;
    const [oldest = socket] = idle;
    oldest.destroy();
  });
  server.on("request", ({ socket }, response) => {
    idle.delete(socket);
    response.once("close", () => {
      if (!socket.destroyed) idle.add(socket);
    });
  });
  return () => {
    for (const socket of all) socket.destroy();
  };
}
