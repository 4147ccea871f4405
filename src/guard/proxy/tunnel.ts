import type { Socket } from "node:net";

/**
 * Two connections joined: each direction is read as fast as the other end takes it, and ends by itself, so that a client
 * that has said everything still hears the answer. An error of either ends both. `done` is called once.
 */
export function tunnel(client: Socket, engine: Socket, done: () => void): { destroy(): void } {
  let open = 2;
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    done();
  };
  const destroy = () => {
    client.destroy();
    engine.destroy();
  };
  for (const [from, to] of [
    [client, engine],
    [engine, client],
  ] as const) {
    from.on("data", (chunk: Buffer) => {
      if (!to.write(chunk)) from.pause();
    });
    to.on("drain", () => from.resume());
    from.on("end", () => to.end());
    from.on("error", destroy);
    from.on("close", () => {
      open -= 1;
      // Nothing more comes from here, and nothing that goes here arrives.
      if (from === engine) client.end();
      else engine.destroy();
      if (open === 0) end();
    });
  }
  // One that closed before it was joined tells nobody any more.
  if (client.destroyed || engine.destroyed) {
    destroy();
    end();
  } else {
    client.resume();
    engine.resume();
  }
  return { destroy };
}
