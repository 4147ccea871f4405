import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { join } from "node:path";

/** A socket before an Engine's, which acts at one request that changes something: before it, or once it was answered. */
export interface CuttingSocket {
  readonly host: string;
  /** The requests that change something, in order, since the last `at`. */
  readonly changes: readonly string[];
  /** Calls `act` at the change with this number (from 0), and lets nothing more of it through to the client. */
  at(number: number, when: "before" | "after", act: () => void): void;
  close(): Promise<void>;
}

export async function cuttingSocket(
  folder: string,
  target: string,
  name = "cutting.sock",
): Promise<CuttingSocket> {
  const path = join(folder, name);
  let changes: string[] = [];
  let plan: { number: number; when: "before" | "after"; act: () => void } | undefined;

  const server = createServer((incoming, outgoing) => {
    const isChange = incoming.method !== "GET" && incoming.method !== "HEAD";
    const number = changes.length;
    if (isChange) changes.push(`${incoming.method} ${incoming.url?.replace(/^\/v[\d.]+/, "")}`);
    const cut = isChange && plan?.number === number ? plan : undefined;
    if (cut?.when === "before") {
      cut.act();
      outgoing.destroy();
      return;
    }
    pass(incoming, outgoing, target, cut?.act);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    host: `unix://${path}`,
    get changes() {
      return changes;
    },
    at(number, when, act) {
      changes = [];
      plan = { number, when, act };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  socketPath: string,
  cut: (() => void) | undefined,
): void {
  const { method, url, headers } = incoming;
  const inner = request({ socketPath, method, path: url, headers }, (answer) => {
    if (cut) {
      answer.resume();
      answer.on("end", () => {
        cut();
        outgoing.destroy();
      });
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  inner.on("error", () => outgoing.destroy());
  incoming.pipe(inner);
}
