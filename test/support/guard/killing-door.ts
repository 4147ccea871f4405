import { createServer, connect as openSocket } from "node:net";

/** A socket before the Engine's that counts requests, and kills its client at one of them. */
export interface KillingDoor {
  /** The first line of each request since `at` was called. */
  readonly asked: readonly string[];
  /** Counts anew; `kill` is called as soon as the Engine has the request of this number. */
  at(number: number, kill: () => void): void;
  close(): void;
}

export async function openKillingDoor(socketPath: string, engine: string): Promise<KillingDoor> {
  let asked: string[] = [];
  let wanted = 0;
  let kill: () => void = () => undefined;
  const server = createServer((client) => {
    const upstream = openSocket(engine);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      from.on("error", () => to.destroy()).on("close", () => to.destroy());
    upstream.on("data", (chunk) => client.write(chunk));
    client.on("data", (chunk) => {
      const line = /^(?:GET|HEAD|POST|PUT|DELETE) \S+/.exec(chunk.subarray(0, 400).toString("latin1"))?.[0];
      if (line !== undefined) asked.push(line);
      upstream.write(chunk);
      if (line !== undefined && asked.length === wanted) kill();
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  return {
    get asked() {
      return asked;
    },
    at(number, how) {
      [asked, wanted, kill] = [[], number, how];
    },
    close: () => server.close(),
  };
}
