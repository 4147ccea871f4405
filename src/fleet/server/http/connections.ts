import type { Server } from "node:http";
import type { Socket } from "node:net";

export interface ConnectionLimits {
  /** Connections at the same time. */
  readonly most: number;
  /** Of one address that asks for nothing on them. */
  readonly mostIdle: number;
}

/**
 * Bounds the connections of a server. Where there are too many, the one that has asked for nothing for longest ends, so that who
 * only holds connections open keeps nobody out. Gives what ends them all.
 */
export function boundConnections(server: Server, { most, mostIdle }: ConnectionLimits): () => void {
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
