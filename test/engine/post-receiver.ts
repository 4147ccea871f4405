import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Posted {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Whether it was answered with 200. */
  readonly taken: boolean;
}

export interface PostReceiver {
  readonly address: string;
  /** All that came, ill or well, in order. */
  readonly posted: readonly Posted[];
  /** What it took on a path, parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: what a receiver parses has no type.
  taken(path: string): readonly any[];
  /** How it treats what comes from now on, on a path or on all of them. */
  treat(how: "takes" | "fails" | "hangs", path?: string): void;
}

/** An HTTP server on this machine that takes what is posted to it, or is ill, until the test ends. */
export async function startPostReceiver(): Promise<PostReceiver> {
  const posted: Posted[] = [];
  const treatments = new Map<string, string>();
  const hanging = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const path = request.url ?? "";
      const how = treatments.get(path) ?? treatments.get("") ?? "takes";
      posted.push({
        path,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
        taken: how === "takes",
      });
      if (how === "hangs") hanging.add(response);
      else response.writeHead(how === "takes" ? 200 : 500).end();
    });
  });
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posted,
    taken: (path) =>
      posted.filter((each) => each.taken && each.path === path).map(({ body }) => JSON.parse(body)),
    treat: (how, path = "") => void treatments.set(path, how),
  };
}
