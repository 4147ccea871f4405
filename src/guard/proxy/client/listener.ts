import { chmodSync, chownSync, lstatSync, readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import { codeOf, whyUnread } from "../../../base/error-words.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import { freePath } from "../../socket-path.ts";
import type { ListenAddress } from "./listen-address.ts";

/** Milliseconds. */
const handshake = 10_000;

export interface Listener {
  readonly at: ListenAddress;
  /** Reads the certificates again; if that fails, the old ones stay. */
  reload(): Result<void>;
  /** No more connections are taken; the socket's file is gone. */
  close(): void;
}

/** A connection that came in, with the names in the client's certificate. */
export type Accept = (socket: Socket, certificateNames: readonly string[]) => void;

/** Listens. Each direction of a connection can end on its own. */
export async function openListener(
  at: ListenAddress,
  most: number,
  accept: Accept,
): Promise<Result<Listener>> {
  const material = at.kind === "tcp" && at.tls ? readMaterial(at.tls) : ok(undefined);
  if (!material.ok) return material;
  const server = serverFor(material.value, accept);
  server.maxConnections = most;
  const bound = await bind(server, at);
  if (!bound.ok) return bound;
  return ok({
    at,
    reload() {
      if (at.kind !== "tcp" || !at.tls) return ok(undefined);
      const next = readMaterial(at.tls);
      if (!next.ok) return next;
      try {
        if ("setSecureContext" in server) (server satisfies Server as TlsServer).setSecureContext(next.value);
        return ok(undefined);
      } catch {
        return failed(`the certificates of ${at.address} cannot be used`);
      }
    },
    close: () => {
      server.close();
    },
  });
}

type Material = ReturnType<typeof pems>;

function serverFor(material: Material | undefined, accept: Accept): Server {
  if (!material) {
    return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => accept(socket, []));
  }
  const server = createTlsServer({
    ...material,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    handshakeTimeout: handshake,
    allowHalfOpen: true,
    noDelay: true,
  });
  server.on("secureConnection", (socket) => accept(socket, namesOf(socket)));
  // A client without a valid certificate is cut off; that is not an error of the guard.
  server.on("tlsClientError", (_, socket) => socket.destroy());
  return server;
}

/** The common name of a certificate that was checked: what dockerd tells the plugin, too. */
function namesOf(socket: TLSSocket): readonly string[] {
  if (!socket.authorized) return [];
  const common = socket.getPeerCertificate().subject?.CN;
  return common === undefined ? [] : [common].flat();
}

/** Listens there, with the socket's owner and mode. Of what a dead guard left on the path nothing stays. */
export async function bind(server: Server, at: ListenAddress): Promise<Result<void>> {
  const free = at.kind === "unix" ? await freePath(at.path) : ok(undefined);
  if (!free.ok) return free;
  return await new Promise((resolve) => {
    server.once("error", (error) =>
      resolve(failed(`${at.address} cannot be listened on: ${whyListen(error)}`)),
    );
    if (at.kind === "tcp") {
      server.listen({ port: at.port, ...(at.host !== "" && { host: at.host }) }, () =>
        resolve(ok(undefined)),
      );
      return;
    }
    // Nobody gets in between the bind, which happens within this call, and the mode.
    const mask = process.umask(0o177);
    try {
      server.listen(at.path, () => resolve(protect(server, at)));
    } finally {
      process.umask(mask);
    }
  });
}

function protect(server: Server, at: Extract<ListenAddress, { readonly kind: "unix" }>): Result<void> {
  try {
    if (at.uid !== undefined || at.gid !== undefined) {
      const now = lstatSync(at.path);
      chownSync(at.path, at.uid ?? now.uid, at.gid ?? now.gid);
    }
    chmodSync(at.path, at.mode);
    return ok(undefined);
  } catch (error) {
    server.close();
    return failed(`the owner and mode of ${at.path} cannot be set: ${whyUnread(error)}`);
  }
}

function whyListen(error: unknown): string {
  const code = codeOf(error);
  if (code === "EADDRINUSE") return "something listens there already";
  if (code === "EADDRNOTAVAIL") return "this machine has no such address";
  return whyUnread(error);
}

function readMaterial(paths: {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}): Result<Material> {
  try {
    return ok(pems(paths));
  } catch (error) {
    const path = error instanceof Error && "path" in error ? ` ${String(error.path)}` : "";
    return failed(`the certificate${path} cannot be read: ${whyUnread(error)}`);
  }
}

function pems({ ca, cert, key }: { readonly ca: string; readonly cert: string; readonly key: string }) {
  return { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
}
