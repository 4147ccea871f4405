import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface FakeEngine {
  readonly host: string;
  /** The paths that were asked for, without the API version. */
  readonly asked: readonly string[];
  /** Cuts every connection and listens no more. */
  die(): void;
  stop(): void;
}

export interface Replies {
  /** What answers a path, without the API version. */
  readonly documents?: Readonly<Record<string, unknown>>;
  /** Paths that are answered in some other way. */
  readonly handlers?: Readonly<Record<string, (response: ServerResponse, engine: FakeEngine) => void>>;
  readonly apiVersion?: string;
}

/** An Engine that is not one: it answers `/_ping` and what it is told to, and 404 else. Listens on a unix socket. */
export async function fakeEngine({
  documents = {},
  handlers = {},
  apiVersion = "1.45",
}: Replies): Promise<FakeEngine> {
  const asked: string[] = [];
  const engine: FakeEngine = await serve((request, response) => {
    const path = (request.url ?? "").replace(/^\/v[\d.]+/, "");
    response.setHeader("Api-Version", apiVersion);
    if (path === "/_ping") {
      response.end("OK");
      return;
    }
    asked.push(path);
    const handle = handlers[path];
    if (handle) handle(response, engine);
    else if (path in documents) response.end(JSON.stringify(documents[path]));
    else response.writeHead(404).end(JSON.stringify({ message: `no such thing: ${path}` }));
  });
  return { ...engine, asked };
}

async function serve(listener: RequestListener): Promise<FakeEngine> {
  const server = createServer(listener);
  return { ...(await listenIn(server, () => server.closeAllConnections())), asked: [] };
}

/** Lets any server listen on a unix socket of its own. */
export async function listenIn(
  server: Server,
  cut: () => void = () => {},
): Promise<{ readonly host: string; die(): void; stop(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-fake-"));
  const path = join(folder, "engine.sock");
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const die = () => {
    server.close();
    cut();
  };
  return {
    host: `unix://${path}`,
    die,
    stop: () => {
      die();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
