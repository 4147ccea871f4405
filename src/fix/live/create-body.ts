import { isEqual } from "../../base/equal.ts";
import { isRecord, itemsOf, type JsonObject, recordAt, textAt, textsOf } from "../../base/json.ts";

/** What makes a container like one that is there. */
export interface CreateBody {
  /** The body of `POST /containers/create`, without what the image says by itself. */
  readonly body: JsonObject;
  /** Networks beside the first, with their endpoint's configuration: they are joined after it was created. */
  readonly networks: readonly (readonly [name: string, endpoint: JsonObject])[];
}

/**
 * What was asked for when the container was created, out of its inspect document. Its volumes stay its own: anonymous ones
 * are mounted by name. `image` is the image's inspect document, or nothing where the Engine has it no more; `defaultRuntime`
 * need not be asked for. What a container has by another default of the daemon (its IPC and cgroup namespaces) is asked for by
 * name: the API does not show these defaults.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/Container/operation/ContainerCreate
 */
export function createBodyOf(inspect: unknown, image: unknown, defaultRuntime?: string): CreateBody {
  const { Runtime: runtime, ...rest } = hostConfigOf(inspect);
  const host = runtime === undefined || runtime === defaultRuntime ? rest : { ...rest, Runtime: runtime };
  const mode = textAt(host, "NetworkMode") ?? "default";
  const [first, ...others] = networksOf(inspect, mode);
  return {
    body: {
      ...configOf(inspect, recordAt(image, "Config"), mode),
      HostConfig: host,
      ...(first && first[0] === mode && { NetworkingConfig: { EndpointsConfig: { [first[0]]: first[1] } } }),
    },
    networks: first && first[0] !== mode ? [first, ...others] : others,
  };
}

function configOf(inspect: unknown, image: JsonObject, mode: string): JsonObject {
  const config = recordAt(inspect, "Config");
  const id = textAt(inspect, "Id") ?? "";
  const isOwn = (key: string, value: unknown): boolean => {
    // The Engine gives a container its id as a host name; one that joins another's network cannot have any.
    if (key === "Hostname") return value !== id.slice(0, 12) && !/^(container:|host$)/.test(mode);
    if (key === "OnBuild" || key === "Shell") return false;
    // Another entrypoint takes the image's command away.
    if (key === "Cmd" && !isEqual(config.Entrypoint ?? null, image.Entrypoint ?? null)) return true;
    return !isEmpty(value) && !isEqual(value, image[key] ?? null);
  };
  const entries = Object.entries(config).flatMap(([key, value]): [string, unknown][] => {
    if (key === "Image") return [[key, value]];
    if (key === "Env") return withoutEmpty(key, without(value, image.Env));
    if (key === "Labels" || key === "ExposedPorts" || key === "Volumes")
      return withoutEmpty(key, withoutEntries(value, image[key]));
    return isOwn(key, value) ? [[key, value]] : [];
  });
  return Object.fromEntries(entries);
}

function without(list: unknown, other: unknown): unknown {
  const known = new Set(itemsOf(other));
  return itemsOf(list).filter((item) => !known.has(item));
}

function withoutEntries(map: unknown, other: unknown): unknown {
  if (!isRecord(map)) return map;
  const known = isRecord(other) ? other : {};
  return Object.fromEntries(
    Object.entries(map).filter(([key, value]) => !(key in known && isEqual(value, known[key]))),
  );
}

function withoutEmpty(key: string, value: unknown): [string, unknown][] {
  return isEmpty(value) ? [] : [[key, value]];
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;
}

function hostConfigOf(inspect: unknown): JsonObject {
  const host = recordAt(inspect, "HostConfig");
  const { MaskedPaths: masked, ReadonlyPaths: readonly, ...rest } = host;
  // What the Engine adds by itself to these is no wish (moby: daemon/create.go, generateSecurityOpt).
  const implies = host.Privileged === true || [host.PidMode, host.IpcMode].some((mode) => mode === "host");
  const options = textsOf(host.SecurityOpt).filter((option) => !(implies && option === "label=disable"));
  const isOpen = host.Privileged !== true && isBare(masked) && isBare(readonly);
  return {
    ...rest,
    ...(isOpen ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
    SecurityOpt: options.length > 0 ? options : null,
    ...volumesOf(inspect, host),
  };
}

/** `systempaths=unconfined`; lists that are not empty are Docker's own, which the Engine fills in again. */
function isBare(paths: unknown): boolean {
  return Array.isArray(paths) && paths.length === 0;
}

/** Volumes without a name in the request have one by now. */
function volumesOf(inspect: unknown, host: JsonObject): JsonObject {
  const points = itemsOf(recordAt({ inspect }, "inspect").Mounts).filter(isRecord);
  const named = new Map(
    points.flatMap((point) =>
      point.Type === "volume" && typeof point.Name === "string" && typeof point.Destination === "string"
        ? [[point.Destination, { name: point.Name, writable: point.RW !== false }] as const]
        : [],
    ),
  );
  const mounts = itemsOf(host.Mounts).map((mount) => {
    const target = textAt(mount, "Target") ?? "";
    const known = named.get(target);
    named.delete(target);
    const isNameless = isRecord(mount) && mount.Type === "volume" && !textAt(mount, "Source");
    return isNameless && known ? { ...mount, Source: known.name } : mount;
  });
  const binds = textsOf(host.Binds);
  for (const bind of binds) named.delete(bind.split(":")[1] ?? bind);
  const more = [...named].map(([target, { name, writable }]) => `${name}:${target}${writable ? "" : ":ro"}`);
  return {
    ...(binds.length + more.length > 0 && {
      Binds: [...binds.filter((bind) => bind.includes(":")), ...more],
    }),
    ...(mounts.length > 0 && { Mounts: mounts }),
  };
}

/** The networks that it is on, the first one first; none where it has no network of its own kind. */
function networksOf(inspect: unknown, mode: string): readonly (readonly [string, JsonObject])[] {
  if (/^(host|none|container:.*)$/.test(mode)) return [];
  const id = (textAt(inspect, "Id") ?? "").slice(0, 12);
  const networks = Object.entries(recordAt(inspect, "NetworkSettings", "Networks"));
  const isPlain = (name: string) => name === "bridge" && /^(default|bridge)$/.test(mode);
  return networks
    .filter(([name]) => !isPlain(name))
    .map(([name, endpoint]) => [name, endpointOf(endpoint, id)] as const)
    .toSorted(([one], [other]) => Number(other === mode) - Number(one === mode));
}

function endpointOf(endpoint: unknown, id: string): JsonObject {
  const given = recordAt({ endpoint }, "endpoint");
  const aliases = textsOf(given.Aliases).filter((alias) => alias !== id);
  return Object.fromEntries(
    Object.entries({
      IPAMConfig: given.IPAMConfig,
      Links: given.Links,
      Aliases: aliases,
      DriverOpts: given.DriverOpts,
    }).filter(([, value]) => !isEmpty(value)),
  );
}
