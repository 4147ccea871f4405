import type { Route } from "../routes/route.ts";
import type { Policy } from "./policy.ts";
import { allGroups } from "./presets/preset.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the variables of docker-socket-proxy ask for. */
export interface SocketProxy {
  readonly policy: Policy;
  /** Where it listens: `tcp://[::]:2375`, plain, for the containers of one Docker network. */
  readonly listen: string;
  /** The Engine: `unix:///var/run/docker.sock`. */
  readonly host: string;
  /** syslog's names; `info` and `debug` log every request. */
  readonly logLevel: string;
  /** What is not as it was meant, one sentence each. */
  readonly notes: readonly string[];
}

/** The section of the API that a variable opens, with its default. A section is a prefix of the path. */
const sections: Readonly<Record<string, { readonly path: string; readonly open: boolean }>> = {
  AUTH: { path: "/auth", open: false },
  BUILD: { path: "/build", open: false },
  COMMIT: { path: "/commit", open: false },
  CONFIGS: { path: "/configs", open: false },
  CONTAINERS: { path: "/containers", open: false },
  DISTRIBUTION: { path: "/distribution", open: false },
  EVENTS: { path: "/events", open: true },
  EXEC: { path: "/exec", open: false },
  GRPC: { path: "/grpc", open: false },
  IMAGES: { path: "/images", open: false },
  INFO: { path: "/info", open: false },
  NETWORKS: { path: "/networks", open: false },
  NODES: { path: "/nodes", open: false },
  PING: { path: "/_ping", open: true },
  PLUGINS: { path: "/plugins", open: false },
  SECRETS: { path: "/secrets", open: false },
  SERVICES: { path: "/services", open: false },
  SESSION: { path: "/session", open: false },
  SWARM: { path: "/swarm", open: false },
  SYSTEM: { path: "/system", open: false },
  TASKS: { path: "/tasks", open: false },
  VERSION: { path: "/version", open: true },
  VOLUMES: { path: "/volumes", open: false },
};

/** What a container's lifecycle is opened by, beside CONTAINERS. The last two are LinuxServer's. */
const actions: Readonly<Record<string, readonly string[]>> = {
  ALLOW_RESTARTS: ["stop", "restart", "kill"],
  ALLOW_START: ["start"],
  ALLOW_STOP: ["stop"],
  ALLOW_PAUSE: ["pause"],
  ALLOW_UNPAUSE: ["unpause"],
};

/**
 * What of CONTAINERS LinuxServer's image closes again by a word of its own; not said, it stays open as in the first one.
 *
 * @see https://github.com/linuxserver/docker-socket-proxy
 */
const closable: Readonly<Record<string, string>> = {
  ALLOW_ARCHIVE: "archive",
  ALLOW_CHANGES: "changes",
  ALLOW_EXPORT: "export",
  ALLOW_LOGS: "logs",
  ALLOW_TOP: "top",
};

/**
 * Reads the environment as docker-socket-proxy does: everything is closed but EVENTS, PING and VERSION; without POST only
 * GET and HEAD go through, ALLOW_START and its like included. What goes through is judged by the guard all the same.
 *
 * @see https://github.com/Tecnativa/docker-socket-proxy/blob/master/haproxy.cfg
 */
export function socketProxy(below: Policy, environment: Environment, table: readonly Route[]): SocketProxy {
  const { isOn, notes } = switches(environment);
  const closes = (route: Route) =>
    Object.entries(closable).some(
      ([name, part]) => ofContainer(route) === part && environment[name] !== undefined && !isOn(name, false),
    );
  const opens = (route: Route) =>
    (!closes(route) &&
      Object.entries(sections).some(
        ([name, { path, open }]) => isBelow(route.path, path) && isOn(name, open),
      )) ||
    Object.entries(actions).some(
      ([name, verbs]) =>
        route.method === "POST" && verbs.includes(ofContainer(route) ?? "") && isOn(name, false),
    );
  const reads = (route: Route) => route.method === "GET" || route.method === "HEAD";
  const allowed = table.filter((route) => (reads(route) || isOn("POST", false)) && opens(route));
  const idle = isOn("POST", false) ? [] : Object.keys(actions).filter((name) => isOn(name, false));
  return {
    policy: {
      ...below,
      name: "preset docker-socket-proxy",
      groups: allGroups("deny"),
      routes: Object.fromEntries(allowed.map(({ id }) => [id, "allow" as const])),
    },
    listen: listenOf(environment),
    host: `unix://${environment.SOCKET_PATH || "/var/run/docker.sock"}`,
    logLevel: environment.LOG_LEVEL || "info",
    notes: [
      ...notes(),
      ...idle.map((name) => `${name} opens nothing without POST=1, as docker-socket-proxy reads it`),
    ],
  };
}

/** haproxy reads a number: any but 0 is on, and a word (`true`) is off. */
function switches(environment: Environment) {
  const strange = new Set<string>();
  const isOn = (name: string, fallback: boolean) => {
    const text = environment[name];
    if (text === undefined) return fallback;
    if (text !== "" && !/^-?\d+$/.test(text)) strange.add(name);
    return /^-?\d+$/.test(text) && Number(text) !== 0;
  };
  const notes = () =>
    [...strange].map(
      (name) => `${name}=${environment[name]} is off, as docker-socket-proxy reads it: 0 or 1 is expected`,
    );
  return { isOn, notes };
}

function isBelow(path: string, section: string): boolean {
  return path === section || path.startsWith(`${section}/`);
}

/** `start` of `/containers/{container}/start`. */
function ofContainer({ path }: Route): string | undefined {
  return /^\/containers\/\{[^{}]*\}\/([a-z]+)$/.exec(path)?.[1];
}

/** `BIND_CONFIG` is haproxy's: `[::]:2375 v4v6`, `:2375`, `127.0.0.1:2375`. */
function listenOf({ BIND_CONFIG, DISABLE_IPV6 = "" }: Environment): string {
  const address = BIND_CONFIG?.trim().split(/\s+/)[0] ?? "";
  const [, host, port = "2375"] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (host !== undefined) return `tcp://${host === "" || host === "*" ? "0.0.0.0" : host}:${port}`;
  return `tcp://${["1", "true", "yes"].includes(DISABLE_IPV6.toLowerCase()) ? "0.0.0.0" : "[::]"}:${port}`;
}
