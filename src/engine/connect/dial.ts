import { Pool } from "undici";
import type { ConnectOptions, Endpoint } from "./endpoint.ts";
import { sshDialler } from "./socket.ts";
import { whyConnection } from "./why.ts";

/** Connections to an Engine, and the words for their failures. */
export interface EngineLine {
  readonly pool: Pool;
  readonly basePath: string;
  /** Sent with every question. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until an Engine that does not answer its ping counts as gone. */
  readonly patience: number;
  why(error: unknown): Promise<string>;
}

const patience = 4_000;

const usualLimits = {
  /** Enough to keep dockerd busy; more only makes it contend with itself. */
  connections: 12,
  pipelining: 1,
  /** Milliseconds. */
  connectTimeout: 4_000,
  headersTimeout: 20_000,
  bodyTimeout: 20_000,
  /** Bytes. A list of ten thousand containers is some 20 MB. */
  maxResponseSize: 128 * 1024 * 1024,
} satisfies Pool.Options;

/** Opens nothing yet: connections are made when something is asked. `own` are limits that differ from the usual ones. */
export function openLine(
  endpoint: Endpoint,
  environment: ConnectOptions["environment"],
  own: { readonly connections?: number; readonly maxResponseSize?: number } = {},
): EngineLine {
  const limits = { ...usualLimits, ...own };
  const why = async (error: unknown) => whyConnection(error, endpoint);
  if (endpoint.kind === "unix") {
    const pool = new Pool("http://docker", { ...limits, socketPath: endpoint.path });
    return { pool, basePath: "", patience, why };
  }
  if (endpoint.kind === "tcp") {
    const { hostname, port, basePath, tls } = endpoint;
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    if (!tls) return { pool: new Pool(`http://${host}:${port}`, limits), basePath, patience, why };
    const { verify, ...material } = tls;
    const connect = { ...material, rejectUnauthorized: verify, timeout: limits.connectTimeout };
    return { pool: new Pool(`https://${host}:${port}`, { ...limits, connect }), basePath, patience, why };
  }
  const ssh = sshDialler(endpoint, environment);
  const pool = new Pool("http://docker", {
    ...limits,
    // Each is a login over there, and sshd drops what comes too fast (MaxStartups).
    connections: Math.min(limits.connections, 4),
    // Not at once: the client would take a stream that answers within its own call for a closed one.
    connect: (_, done) => setImmediate(() => done(null, ssh.dial())),
  });
  return {
    pool,
    basePath: "",
    // The login over there counts, too.
    patience: 15_000,
    why: async (error) => (await ssh.complaint()) ?? whyConnection(error, endpoint),
  };
}
