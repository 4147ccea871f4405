import { setTimeout as pause } from "node:timers/promises";
import { failed, ok, type Result } from "../../base/result.ts";
import type { EngineClient } from "../../engine/client.ts";
import { chooseEndpoint } from "../../engine/connect/choose.ts";
import type { ConnectOptions } from "../../engine/connect/endpoint.ts";
import { dialler } from "../../engine/connect/socket.ts";
import { openBuilds } from "../buildkit/builds.ts";
import { answerer } from "../engine/answer.ts";
import { labelsByAddress } from "../engine/container-labels.ts";
import { openEyes, trimmedRoot } from "../engine/eyes.ts";
import { holdFolders } from "../engine/folders.ts";
import type { HostEyes } from "../engine/host-path.ts";
import { limitsTeller } from "../engine/limits-in-vain.ts";
import type { OwnFile } from "../engine/own-files.ts";
import { hostPrograms, remappedBase } from "../engine/views.ts";
import { isAllowed } from "../judge/policy/rules.ts";
import type { Sink } from "../log/sink.ts";
import { guardMetrics } from "../metrics.ts";
import type { Learner } from "../policy/learn.ts";
import type { Policies } from "../policy/policies.ts";
import { type AdminOptions, openAdmin } from "./admin.ts";
import { type ListenAddress, readListenAddress } from "./client/listen-address.ts";
import { countTraffic } from "./client/traffic.ts";
import { engineQuestions, ping } from "./engine/ask-engine.ts";
import { engineVersion } from "./engine/engine-version.ts";
import { watchEngine } from "./engine/liveness.ts";
import { openUpstream } from "./engine/upstream.ts";
import type { Gate } from "./gate.ts";
import { type Health, openHealth } from "./health.ts";
import { createProxy } from "./proxy.ts";
import { realGate } from "./real-gate.ts";

export interface ServeOptions {
  readonly connect: ConnectOptions;
  /** As `--listen` takes them. */
  readonly listen: readonly string[];
  readonly policies: Policies;
  readonly log: Sink;
  readonly learner: Pick<Learner, "note"> | undefined;
  /** Where the host's root is mounted, for a guard in a container. */
  readonly hostRoot: string | undefined;
  /** What no container may mount; the same list for as long as it is the same. */
  readonly ownFiles: () => readonly OwnFile[];
  /** As `--metrics` takes it. */
  readonly metrics: string | undefined;
  /** As `--admin` takes it, and what reads a candidate's text; undefined: no such listener. */
  readonly admin?: Pick<AdminOptions, "address" | "candidate"> | undefined;
  readonly maxConnections: number;
  /** What is decided beside the policy; asks the Engine by `engine`. */
  readonly further?: (gate: Gate, engine: Pick<EngineClient, "get">) => Gate;
  /** What the names of its views of folders begin with, where nobody else uses them. */
  readonly ownViews?: string;
  /** A line for the operator. */
  readonly tell: (message: string) => void;
}

export interface Serving {
  /** The Engine's address. */
  readonly engine: string;
  addresses(): readonly string[];
  /** Those in use: what could not be loaded again stays as it was. */
  policies(): Policies;
  /** Loads policies, listeners, log and certificates again. What fails stays as it was; returns one clause for each. */
  reload(policies: Policies): Promise<readonly string[]>;
  /** The same without policies, where they could not be read: the old ones stay. */
  keep(): readonly string[];
  /** Gives how many connections were cut at the end of `grace` milliseconds. */
  stop(grace: number): Promise<number>;
}

/** Opens everything that the proxy is made of; what was opened is closed again where one part fails. */
export async function serve(options: ServeOptions): Promise<Result<Serving>> {
  const endpoint = chooseEndpoint(options.connect);
  if (!endpoint.ok) return endpoint;
  const wanted = listenersOf(options.listen, options.policies);
  if (!wanted.ok) return wanted;
  const engine = dialler(endpoint.value, options.connect.environment);
  const upstream = openUpstream(engine);
  const questions = engineQuestions(upstream, engine.basePath);
  const metrics = guardMetrics();
  const tunnels = new Set<{ destroy(): void }>();
  const traffic = countTraffic();
  const version = engineVersion();
  const eyes = openEyes(engine.socketPath, options.hostRoot, options.ownFiles);
  let inUse = options.policies;
  const ask = answerer(
    questions,
    eyes,
    limitsTeller(() => inUse, options.tell),
  );
  /** So that the operator hears at the start which limits have no effect. Nothing waits: an Engine may take seconds to describe itself. */
  const hearOfEngine = () => void ask([{ kind: "engine" }]);
  const hostRoot = trimmedRoot(options.hostRoot);
  const onHost = hostRoot === "" ? hostPrograms(options.connect) : undefined;
  const folders = holdFolders({
    eyes,
    hostRoot,
    onHost,
    base: async () => {
      const info = await questions.get("/info");
      return remappedBase(info.ok ? info.value : undefined);
    },
    ownViews: options.ownViews,
    tell: options.tell,
  });
  inUse = await folders.under(options.policies);
  const around = {
    version,
    gate: options.further?.(realGate(ask, folders), questions) ?? realGate(ask, folders),
    upstream,
    liveness: watchEngine(() => ping(upstream, engine.basePath, version)),
    traffic,
    address: engine.address,
    basePath: engine.basePath,
    log: options.log,
    learner: options.learner,
    metrics,
    tell: options.tell,
    tunnels,
    builds: openBuilds(traffic),
  };
  const proxy = createProxy({
    policies: inUse,
    around,
    maxConnections: options.maxConnections,
    labelsOf: (address) => labelsByAddress(questions, address),
  });
  const { registry } = metrics;
  registry.gauge("bulkhead_guard_connections", "Connections of clients.", () => proxy.connections());
  registry.gauge("bulkhead_guard_body_bytes", "Bytes of request bodies that are held.", () =>
    around.traffic.loads().reduce((sum, { bodyBytes }) => sum + bodyBytes, 0),
  );
  registry.gauge("bulkhead_guard_streams", "Attached streams under way.", () => tunnels.size);
  registry.gauge("bulkhead_guard_engine_connections", "Connections to the Engine, in use or idle.", () => {
    const { busy, idle } = upstream.connections();
    return busy + idle;
  });

  // An Engine that is not there yet tells its version with its first answer.
  const isThere = await Promise.race([
    ping(upstream, engine.basePath, version).catch(() => false),
    pause(2_000, undefined, { ref: false }),
  ]);

  let health: Health | undefined;
  let admin: Health | undefined;
  const closeAll = async () => {
    health?.close();
    admin?.close();
    await proxy.stop(0);
    folders.close();
  };
  // One that is not there yet may be seen later; until then every folder of the host is denied.
  const blind = isThere === true ? blindness(options.policies, eyes) : undefined;
  if (blind !== undefined) {
    await closeAll();
    return failed(blind);
  }
  for (const at of wanted.value) {
    const listening = await proxy.listen(at);
    if (listening.ok) continue;
    await closeAll();
    return listening;
  }
  if (options.metrics !== undefined) {
    const check = async () => {
      const answer = await questions.get("/version");
      return answer.ok ? ok(undefined) : failed(answer.reason);
    };
    const opened = await openHealth(options.metrics, metrics, check);
    if (!opened.ok) {
      await closeAll();
      return opened;
    }
    health = opened.value;
  }
  if (options.admin) {
    const opened = await openAdmin({ ...options.admin, policies: () => inUse, ask, tell: options.tell });
    if (!opened.ok) {
      await closeAll();
      return opened;
    }
    admin = opened.value;
  }

  if (isThere === true) hearOfEngine();

  const reopen = () => {
    const log = options.log.reopen();
    return [...(log.ok ? [] : [log.reason]), ...proxy.reloadCertificates()];
  };

  return ok({
    engine: engine.address,
    addresses: () => proxy.addresses(),
    policies: () => inUse,
    async reload(policies) {
      const faults: string[] = [];
      const next = listenersOf(options.listen, policies);
      if (next.ok) {
        inUse = await folders.under(policies);
        proxy.use(inUse);
        hearOfEngine();
        proxy.keepOnly(new Set(next.value.map(({ address }) => address)));
        for (const at of next.value) {
          if (proxy.addresses().includes(at.address)) continue;
          const listening = await proxy.listen(at);
          if (!listening.ok) faults.push(listening.reason);
        }
      } else {
        faults.push(next.reason);
      }
      metrics.reloaded(next.ok);
      return [...faults, ...reopen()];
    },
    keep() {
      metrics.reloaded(false);
      return reopen();
    },
    async stop(grace) {
      const cut = await proxy.stop(grace);
      health?.close();
      admin?.close();
      options.log.close();
      folders.close();
      return cut;
    },
  });
}

/** Why the guard cannot do what a policy asks: folders of the host are allowed, and where their links lead is not visible. */
function blindness(policies: Policies, eyes: HostEyes): string | undefined {
  const mounting = [policies.default, ...policies.clients.map(({ policy }) => policy)].find(
    (policy) =>
      policy.mode === "enforce" && policy.allow.mounts.length > 0 && !isAllowed(policy, "guard-blind"),
  );
  if (!mounting) return undefined;
  const root = eyes.look("/");
  return root.state === "unknown" && root.isBlind
    ? `${mounting.name} allows folders of the host, and the guard cannot see where links in them lead: ${root.reason}. Run it as root, or give --host-root /`
    : undefined;
}

/** The listeners of the command line, and those of each client; no address twice. */
function listenersOf(listen: readonly string[], { clients }: Policies): Result<readonly ListenAddress[]> {
  const found = new Map<string, ListenAddress>();
  const own = clients.flatMap(({ name, listen: addresses }) =>
    addresses.map((text) => ({ text, client: name })),
  );
  for (const { text, client } of [...listen.map((text) => ({ text, client: undefined })), ...own]) {
    const at = readListenAddress(text);
    if (!at.ok) return at;
    const named = client ?? at.value.client;
    if (named !== undefined && !clients.some(({ name }) => name === named))
      return failed(`${at.value.address} is for the client ${named}, which bulkhead.yaml does not have`);
    if (found.has(at.value.address)) return failed(`${at.value.address} is listened on twice`);
    found.set(at.value.address, { ...at.value, client: named });
  }
  return found.size === 0
    ? failed("nowhere to listen: give --listen, or a client with listen in bulkhead.yaml")
    : ok([...found.values()]);
}
