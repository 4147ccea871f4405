import type { Socket } from "node:net";
import type { EngineLine } from "./engine/engine-line.ts";

/**
 * Two connections joined: each direction is read as fast as the other end takes it, and ends by itself, so that a client
 * that has said everything still hears the answer. An error of either ends both. `done` is called once.
 */
export function tunnel(client: Socket, line: EngineLine, done: () => void): { destroy(): void } {
  const engine = line.socket;
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
  line.widen();
  line.take = (bytes) => {
    if (!client.write(bytes)) engine.pause();
    return client.writableLength > 0;
  };
  client.on("data", (chunk: Buffer) => {
    if (!engine.write(chunk)) client.pause();
  });
  for (const [from, to] of [
    [client, engine],
    [engine, client],
  ] as const) {
    to.on("drain", () => {
      if (from === engine) line.giveBack();
      from.resume();
    });
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
  // A connection that closed before this point sends no event any more.
  if (client.destroyed || engine.destroyed) {
    destroy();
    end();
  } else {
    client.resume();
    engine.resume();
  }
  return { destroy };
}
