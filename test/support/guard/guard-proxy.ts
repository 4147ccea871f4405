import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ok } from "../../../src/base/result.ts";
import { dialler } from "../../../src/engine/connect/socket.ts";
import { openBuilds } from "../../../src/guard/buildkit/builds.ts";
import type { Sink } from "../../../src/guard/log/sink.ts";
import { guardMetrics } from "../../../src/guard/metrics.ts";
import { defaultPolicy } from "../../../src/guard/policy/defaults.ts";
import type { Policy } from "../../../src/guard/policy/policy.ts";
import type { ClientTimeouts } from "../../../src/guard/proxy/client/client-connection.ts";
import { countTraffic } from "../../../src/guard/proxy/client/traffic.ts";
import { ping } from "../../../src/guard/proxy/engine/ask-engine.ts";
import { engineVersion } from "../../../src/guard/proxy/engine/engine-version.ts";
import { watchEngine } from "../../../src/guard/proxy/engine/liveness.ts";
import { openUpstream } from "../../../src/guard/proxy/engine/upstream.ts";
import type { Gate } from "../../../src/guard/proxy/gate.ts";
import { createProxy, type GuardProxy, usualTimeouts } from "../../../src/guard/proxy/proxy.ts";
import { realGate } from "../../../src/guard/proxy/real-gate.ts";

export interface TestProxy {
  readonly proxy: GuardProxy;
  readonly path: string;
  /** The Engine's connections, in the order in which they came. */
  readonly engine: readonly EngineSide[];
  readonly lines: readonly string[];
  readonly told: readonly string[];
  /** A client that sends these bytes, and what comes back. */
  client(bytes: string | Buffer): Wire;
  stop(): Promise<void>;
}

export interface EngineSide {
  readonly socket: Socket;
  /** All that came in on it. */
  received(): string;
}

export interface TestProxyOptions {
  /** What the Engine does with a connection: gets each piece that comes in. */
  readonly engine: (side: EngineSide, piece: string) => void;
  readonly gate?: Partial<Gate>;
  readonly timeouts?: Partial<ClientTimeouts>;
  readonly log?: Sink;
  readonly policy?: Policy;
  readonly limits?: Parameters<typeof openUpstream>[1];
  readonly liveness?: Parameters<typeof watchEngine>[1];
}

/** A proxy between raw sockets: the real reading and judging under the default policy, where nothing need be asked. */
export async function startTestProxy({
  engine,
  gate = {},
  timeouts = {},
  log,
  policy = defaultPolicy,
  limits,
  liveness,
}: TestProxyOptions): Promise<TestProxy> {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-proxy-"));
  const enginePath = join(folder, "engine.sock");
  const path = join(folder, "guard.sock");
  const sides: EngineSide[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let received = "";
    const side: EngineSide = { socket, received: () => received };
    sides.push(side);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      engine(side, chunk.toString("latin1"));
    });
  });
  await new Promise<void>((resolve) => server.listen(enginePath, resolve));
  const line = dialler({ kind: "unix", address: `unix://${enginePath}`, path: enginePath }, {});
  const upstream = openUpstream(line, limits);
  const lines: string[] = [];
  const told: string[] = [];
  const version = engineVersion();
  const traffic = countTraffic();
  const around = {
    version,
    gate: { ...realGate(async () => new Map()), ...gate },
    upstream,
    liveness: watchEngine(() => ping(upstream, line.basePath, version), liveness),
    traffic,
    address: line.address,
    basePath: line.basePath,
    log: log ?? memorySink(lines),
    learner: undefined,
    metrics: guardMetrics(),
    tell: (message: string) => told.push(message),
    builds: openBuilds(traffic),
    tunnels: new Set<{ destroy(): void }>(),
  };
  const policies = { default: policy, clients: [], socketProxy: undefined };
  const proxy = createProxy({
    policies,
    around,
    maxConnections: 100,
    timeouts: { ...usualTimeouts, ...timeouts },
  });
  const at = {
    kind: "unix",
    address: `unix://${path}`,
    client: undefined,
    path,
    mode: 0o600,
    uid: undefined,
    gid: undefined,
  } as const;
  const listening = await proxy.listen(at);
  if (!listening.ok) throw new Error(listening.reason);
  return {
    proxy,
    path,
    engine: sides,
    lines,
    told,
    client: (bytes) => wire(path, bytes),
    async stop() {
      await proxy.stop(0);
      for (const { socket } of sides) socket.destroy();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function memorySink(lines: string[]): Sink {
  return {
    write(line) {
      lines.push(line);
      return ok(undefined);
    },
    isFree: () => true,
    hasRoomForDenials: () => true,
    reopen: () => ok(undefined),
    close: () => undefined,
  };
}

/** The client's end of a connection, byte for byte. */
export interface Wire {
  readonly socket: Socket;
  received(): string;
  /** Waits until what was received has this in it. */
  until(text: string): Promise<string>;
  /** Waits for the end; gives everything. */
  ended(): Promise<string>;
}

export function wire(path: string, bytes: string | Buffer = ""): Wire {
  const socket = connect({ path, allowHalfOpen: true });
  let received = "";
  let hasEnded = false;
  let wake: () => void = () => undefined;
  const note = () => wake();
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
    note();
  });
  for (const event of ["end", "close"]) {
    socket.on(event, () => {
      hasEnded = true;
      note();
    });
  }
  socket.on("error", () => undefined);
  if (bytes.length > 0) socket.write(bytes);
  async function wait(isDone: () => boolean): Promise<string> {
    while (!isDone()) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`still waiting; came: ${received}`)), 8_000);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return received;
  }
  return {
    socket,
    received: () => received,
    until: (text) => wait(() => received.includes(text)),
    ended: () => wait(() => hasEnded),
  };
}
