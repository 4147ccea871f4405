import { isRecord, itemsOf, recordAt, textAt, textsOf } from "../../base/json.ts";
import { recordIn } from "../request/query.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import { joinedBy } from "./container/create-names.ts";
import { isFolderVolume } from "./container/folders.ts";
import { usualNetwork } from "./policy/listed.ts";
import { everybodys, isOwn } from "./policy/owner.ts";
import type { CheckContext } from "./route-check.ts";

/*
 * Containers, networks, volumes and labels of a leash have names that begin with a text of its own: `web` is
 * `bulkhead.VALUE.web` to the Engine. So two leashes, and the operator beside them, can use the same names, and no tool of the
 * operator's (compose, Traefik, Watchtower) takes a leash's container for one that it has to look after. The client sees and uses
 * its own names.
 */

type Kind = "container" | "network" | "volume";
type Json = Readonly<Record<string, unknown>>;
type Rename = (kind: Kind, name: string) => string;

/** The request with the names that its client uses as the Engine has them. What it sends itself, and not the guard, is renamed. */
export function withOwnNames(request: UnderstoodRequest, context: CheckContext): UnderstoodRequest {
  const { prefix } = context.policy;
  if (prefix === undefined) return request;
  const engines: Rename = (kind, name) => engineName(kind, name, prefix, context);
  const { id } = request.route;
  const params = { ...request.params };
  for (const kind of ["container", "network", "volume"] as const)
    if (params[kind] !== undefined) params[kind] = engines(kind, params[kind]);
  const query = new Map(request.query);
  const inQuery = (name: string, change: (text: string) => string) => {
    const [text] = query.get(name) ?? [];
    if (text !== undefined && text !== "") query.set(name, [change(text)]);
  };
  if (id === "container-create" || id === "container-rename")
    inQuery("name", (name) => newName(name.replace(/^\//, ""), prefix));
  if (id === "container-commit") inQuery("container", (name) => engines("container", name));
  if (id === "container-list")
    for (const name of ["since", "before"]) inQuery(name, (text) => engines("container", text));
  if (id === "build") inQuery("networkmode", (mode) => engineMode(mode, engines));
  const filters = recordIn(request.query, "filters");
  if (/^(?:container|network|volume)-list$|^events$/.test(id) && Object.keys(filters).length > 0)
    query.set("filters", [JSON.stringify(engineFilters(filters, prefix, engines))]);
  const body = isRecord(request.body) ? engineBody(id, request.body, prefix, engines) : request.body;
  const named = id === "container-create" ? withAlias(body, request.query.get("name")?.[0]) : body;
  const called = id === "network-connect" ? withContainersAlias(named, prefix, context) : named;
  return { ...request, params, query, body: called };
}

/** The client's own object comes first; then what it has by its ID, or by a name that the Engine made up. */
function engineName(kind: Kind, name: string, prefix: string, context: CheckContext): string {
  if (name === "" || name.startsWith(prefix)) return name;
  if (kind === "network" && (everybodys.has(name) || usualNetwork(name) !== undefined)) return name;
  const own = `${prefix}${name}`;
  const mine = context.ask({ kind, name: own });
  const other = context.ask({ kind, name });
  if (mine.state !== "missing") return own;
  const { owner } = context.policy;
  // What the guard mounts a folder by has the owner's label as well, and is not the client's.
  if (kind === "volume" && isFolderVolume(name, context.policy)) return own;
  const isOwnOther = other.state === "found" && owner !== undefined && isOwn(kind, other.document, owner);
  return isOwnOther || /^[0-9a-f]{12,64}$/.test(name) ? name : own;
}

function newName(name: string, prefix: string): string {
  return name === "" || name.startsWith(prefix) ? name : `${prefix}${name}`;
}

/** `container:NAME`, or a network's name. */
function engineMode(mode: string, engines: Rename): string {
  const joined = joinedBy(mode);
  if (joined !== undefined) return `container:${engines("container", joined)}`;
  return mode === "" ? mode : engines("network", mode);
}

function engineBody(id: string, body: Json, prefix: string, engines: Rename): Json {
  const renamed = (field: string, change: (name: string) => string) => {
    const name = body[field];
    return typeof name === "string" && name !== "" ? { [field]: change(name) } : {};
  };
  if (id === "network-create" || id === "volume-create")
    return { ...body, ...renamed("Name", (name) => newName(name, prefix)) };
  if (id === "network-connect" || id === "network-disconnect") {
    const { EndpointConfig } = body;
    const endpoint = isRecord(EndpointConfig) && { EndpointConfig: engineEndpoint(EndpointConfig, engines) };
    return { ...body, ...renamed("Container", (name) => engines("container", name)), ...endpoint };
  }
  if (id !== "container-create") return body;
  const endpoints = recordAt(body, "NetworkingConfig", "EndpointsConfig");
  const EndpointsConfig = Object.fromEntries(
    Object.entries(endpoints).map(([name, endpoint]) => [
      name === "" ? name : engines("network", name),
      isRecord(endpoint) ? engineEndpoint(endpoint, engines) : endpoint,
    ]),
  );
  return {
    ...body,
    ...(isRecord(body.HostConfig) && { HostConfig: engineHost(body.HostConfig, engines) }),
    ...(Object.keys(endpoints).length > 0 && {
      NetworkingConfig: { ...recordAt(body, "NetworkingConfig"), EndpointsConfig },
    }),
  };
}

function engineHost(host: Json, engines: Rename): Json {
  const changed: Record<string, unknown> = { ...host };
  const each = (field: string, change: (text: string) => string) => {
    if (Array.isArray(host[field]))
      changed[field] = host[field].map((item: unknown) => (typeof item === "string" ? change(item) : item));
  };
  if (typeof host.NetworkMode === "string") changed.NetworkMode = engineMode(host.NetworkMode, engines);
  for (const field of ["PidMode", "IpcMode", "UTSMode", "Cgroup"]) {
    const mode = host[field];
    if (joinedBy(mode) !== undefined) changed[field] = engineMode(String(mode), engines);
  }
  each("VolumesFrom", (text) => engineHead("container", text, engines));
  each("Links", (text) => engineLink(text, engines));
  each("Binds", (bind) =>
    bind.includes(":") && !/^[/.~]/.test(bind) ? engineHead("volume", bind, engines) : bind,
  );
  if (Array.isArray(host.Mounts))
    changed.Mounts = host.Mounts.map((mount: unknown) => {
      const source = textAt(mount, "Source") ?? "";
      const isNamed = isRecord(mount) && mount.Type === "volume" && source !== "";
      return isNamed ? { ...mount, Source: engines("volume", source) } : mount;
    });
  return changed;
}

/** `NAME:rest`. */
function engineHead(kind: Kind, text: string, engines: Rename): string {
  const [name = "", ...rest] = text.split(":");
  return [engines(kind, name), ...rest].join(":");
}

/** A link without an alias goes by the name itself. */
function engineLink(text: string, engines: Rename): string {
  const [name = "", alias = name] = text.split(":");
  return `${engines("container", name)}:${alias}`;
}

function engineEndpoint(endpoint: Json, engines: Rename): Json {
  return Array.isArray(endpoint.Links)
    ? { ...endpoint, Links: textsOf(endpoint.Links).map((text) => engineLink(text, engines)) }
    : endpoint;
}

/** In its networks a container is found by its own name as well: there the Engine's would be known alone. */
function withAlias(body: unknown, given: string | undefined): unknown {
  const name = given?.replace(/^\//, "");
  if (!name || !isRecord(body)) return body;
  const mode = textAt(body, "HostConfig", "NetworkMode") ?? "";
  const endpoints = recordAt(body, "NetworkingConfig", "EndpointsConfig");
  const isOwnNetwork = (network: string) =>
    usualNetwork(network) === undefined && !everybodys.has(network) && joinedBy(network) === undefined;
  const all = isOwnNetwork(mode) && endpoints[mode] === undefined ? { ...endpoints, [mode]: {} } : endpoints;
  const EndpointsConfig = Object.fromEntries(
    Object.entries(all).map(([network, endpoint]) => [
      network,
      isOwnNetwork(network) ? aliased(endpoint, name) : endpoint,
    ]),
  );
  return { ...body, NetworkingConfig: { ...recordAt(body, "NetworkingConfig"), EndpointsConfig } };
}

function withContainersAlias(body: unknown, prefix: string, { ask }: CheckContext): unknown {
  if (!isRecord(body)) return body;
  const answer = ask({ kind: "container", name: textAt(body, "Container") ?? "" });
  const called = answer.state === "found" ? (textAt(answer.document, "Name") ?? "").replace(/^\//, "") : "";
  if (!called.startsWith(prefix)) return body;
  return { ...body, EndpointConfig: aliased(body.EndpointConfig, called.slice(prefix.length)) };
}

function aliased(endpoint: unknown, name: string): Json {
  const own = isRecord(endpoint) ? endpoint : {};
  return { ...own, Aliases: [...new Set([...textsOf(own.Aliases), name])] };
}

/** Which filters of lists and events name what; `name` is a regular expression of Go's, which the guard does not run. */
function engineFilters(filters: Json, prefix: string, engines: Rename): Json {
  const change = (term: string, text: string): string => {
    if (term === "name") return namePattern(text, prefix);
    if (term === "volume" && text.startsWith("/")) return text;
    if (term === "container" || term === "before" || term === "since") return engines("container", text);
    return term === "network" || term === "volume" ? engines(term, text) : text;
  };
  return Object.fromEntries(
    Object.entries(filters).map(([term, given]) => [
      term,
      isRecord(given)
        ? Object.fromEntries(Object.entries(given).map(([text, item]) => [change(term, text), item]))
        : itemsOf(given).map((text) => change(term, String(text))),
    ]),
  );
}

/** The same pattern behind the prefix. */
function namePattern(text: string, prefix: string): string {
  const own = prefix.replaceAll(".", "\\.");
  const [, isAtStart, rest = ""] = /^(\^\/\?|\^\/|\^|\/)?(.*)$/s.exec(text) ?? [];
  return isAtStart === undefined ? `${own}.*(?:${rest})` : `^/?${own}(?:${rest})`;
}
