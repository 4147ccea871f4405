import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { failed, ok, type Result } from "../../base/result.ts";
import { faultLine } from "../fault.ts";
import { type Caller, plainAddress } from "../policy/callers.ts";
import type { Policies } from "../policy/policies.ts";
import { answer } from "./client/answer.ts";
import { ClientConnection, type ClientTimeouts, type ConnectionOwner } from "./client/client-connection.ts";
import { askerOf, type Entrance } from "./client/clients.ts";
import type { ListenAddress } from "./client/listen-address.ts";
import { type Listener, openListener } from "./client/listener.ts";
import { exchange, refuse, writeRefusal } from "./exchange.ts";
import type { Surroundings } from "./gate.ts";
import type { RequestHead } from "./http/head.ts";

export interface ProxyOptions {
  readonly policies: Policies;
  readonly around: Surroundings;
  /** Connections on each listener; what comes beyond is closed at once. */
  readonly maxConnections: number;
  /** The labels of the one container of the Engine that has the address; never rejects. */
  readonly labelsOf?: (address: string) => Promise<Caller["labels"]>;
  readonly timeouts?: ClientTimeouts;
}

/** The filtering proxy: listeners, the connections that came in, and what they may do. */
export interface GuardProxy {
  listen(at: ListenAddress): Promise<Result<void>>;
  /** Takes other policies from the next request on; connections and streams stay. */
  use(policies: Policies): void;
  /** Reads the certificates again; returns one clause for each failure. */
  reloadCertificates(): readonly string[];
  /** Listens no more on what is not among these. */
  keepOnly(addresses: ReadonlySet<string>): void;
  addresses(): readonly string[];
  connections(): number;
  /** Takes nothing new, lets what runs end for `grace` milliseconds, and cuts the rest. Gives how many were cut. */
  stop(grace: number): Promise<number>;
}

export const usualTimeouts: ClientTimeouts = { head: 10_000, body: 30_000, idle: 300_000 };

export function createProxy({
  policies,
  around,
  maxConnections,
  labelsOf = async () => undefined,
  timeouts = usualTimeouts,
}: ProxyOptions): GuardProxy {
  const listeners = new Map<string, Listener>();
  const connections = new Set<ClientConnection>();
  let current = policies;
  let isStopping = false;

  const sweep = setInterval(() => {
    const now = Date.now();
    for (const connection of connections) connection.checkDeadline(now);
  }, 1_000).unref();

  function ownerOf(entrance: Entrance): ConnectionOwner {
    const lookUp = () => askerOf(entrance, current);
    return {
      timeouts,
      asker: lookUp,
      serve(connection, head) {
        const asker = lookUp();
        if (!asker) {
          answer(connection, head, 403, "no client of the policy may come in here from there", [
            "guard-client",
          ]);
          return;
        }
        const tooMuch = around.traffic.begin(asker.client, asker.policy);
        if (tooMuch !== undefined) {
          connection.abandonBody();
          refuse(connection, head, 429, tooMuch, asker, around);
          return;
        }
        connection.whenDone(() => around.traffic.end(asker.client));
        try {
          exchange(connection, head, asker, around)?.catch((error: unknown) =>
            fault(connection, head, error),
          );
        } catch (error) {
          fault(connection, head, error);
        }
      },
      refused(_, status, reason) {
        around.metrics.refused(status);
        const asker = lookUp();
        if (asker) writeRefusal("", status, reason, asker, around);
      },
      closed: (connection) => {
        connections.delete(connection);
      },
      stopping: () => isStopping,
    };
  }

  /** Who calls is looked up once, before anything is read. */
  function come(socket: Socket, entrance: Entrance): void {
    const address = entrance.at.address.startsWith("tcp://") ? plainAddress(socket.remoteAddress) : undefined;
    if (address === undefined) {
      accept(socket, entrance);
      return;
    }
    if (!current.clients.some(({ callers }) => callers?.fromLabels !== undefined)) {
      accept(socket, { ...entrance, caller: { address, labels: undefined } });
      return;
    }
    socket.on("error", () => undefined);
    void labelsOf(address).then((labels) => {
      if (!socket.destroyed) accept(socket, { ...entrance, caller: { address, labels } });
    });
  }

  function accept(socket: Socket, entrance: Entrance): void {
    const asker = askerOf(entrance, current);
    const tooMany = asker && around.traffic.connect(asker.client, asker.policy);
    if (tooMany !== undefined) {
      around.metrics.refused(429);
      around.tell(tooMany);
      socket.destroy();
      return;
    }
    if (asker) socket.once("close", () => around.traffic.disconnect(asker.client));
    connections.add(new ClientConnection(socket, ownerOf(entrance)));
  }

  /** A bug in the guard is a denial. */
  function fault(connection: ClientConnection, head: RequestHead, error: unknown): void {
    around.tell(faultLine(error));
    connection.giveUp();
    connection.abandonBody();
    if (connection.isAnswered) connection.destroy();
    else
      answer(connection, head, 500, "the guard failed on this request, so it was not sent on", [
        "guard-fault",
      ]);
  }

  return {
    async listen(at) {
      if (listeners.has(at.address)) return failed(`${at.address} is given twice`);
      const opened = await openListener(at, maxConnections, (socket: Socket, certificateNames) => {
        come(socket, { at, certificateNames });
      });
      if (!opened.ok) return opened;
      listeners.set(at.address, opened.value);
      return ok(undefined);
    },
    use(next) {
      current = next;
    },
    reloadCertificates: () =>
      [...listeners.values()].flatMap((listener) => {
        const done = listener.reload();
        return done.ok ? [] : [done.reason];
      }),
    keepOnly(addresses) {
      for (const [address, listener] of listeners) {
        if (addresses.has(address)) continue;
        listener.close();
        listeners.delete(address);
      }
    },
    addresses: () => [...listeners.keys()],
    connections: () => connections.size,
    async stop(grace) {
      isStopping = true;
      for (const listener of listeners.values()) listener.close();
      listeners.clear();
      for (const connection of connections) if (connection.isIdle) connection.destroy();
      const until = Date.now() + grace;
      while (connections.size > 0 && Date.now() < until) await pause(20);
      const cut = connections.size;
      for (const each of around.tunnels) each.destroy();
      for (const connection of connections) connection.destroy();
      clearInterval(sweep);
      around.liveness.close();
      around.upstream.close();
      return cut;
    },
  };
}
