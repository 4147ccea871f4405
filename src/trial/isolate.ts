import { isRecord, itemsOf, type JsonObject, recordAt, textAt } from "../base/json.ts";
import { isCredentialName } from "../model/credentials/names.ts";
import { mask } from "../report/secrets/redact.ts";
import type { ComposeDocument } from "./compose-config.ts";

/** What a trial puts in the place of a bind mount of the host. */
export type StandIn =
  /** A volume of this name: an overlay over the folder, whose upper layer is thrown away. */
  | { readonly kind: "volume"; readonly volume: string; readonly options: JsonObject }
  /** Another path: a copy. */
  | { readonly kind: "path"; readonly path: string }
  /** The path itself: nothing can be written through it, or the user allowed it. */
  | { readonly kind: "same" };

export interface Isolation {
  /** Label and value of everything that is made. */
  readonly label: readonly [name: string, value: string];
  /** The services to start. */
  readonly services: readonly string[];
  /** Those that only a check starts. */
  readonly checks: readonly string[];
  readonly standIn: (source: string, readOnly: boolean) => StandIn;
  /** The copied content of named volumes (`--with-data`), by the volume's key. Other volumes start empty. */
  readonly data: ReadonlyMap<string, string>;
  /** The image of each service, and whether it has a health check. */
  readonly images: ReadonlyMap<string, { readonly id: string; readonly hasHealth: boolean }>;
  /** Whether container logs stay on the Engine's host when a service names no log driver. */
  readonly logsAreLocal: boolean;
}

/** Keys that a trial leaves out: they name or reach what belongs to others. */
const leftOut = new Set([
  "build",
  "container_name",
  "ports",
  "external_links",
  "mac_address",
  "volumes_from",
  "labels",
  "label_file",
  "profiles",
  "scale",
  "develop",
  "annotations",
]);

/** The project to start in a trial. It cannot write a volume, network or bind mount of the user's. Pure. */
export function isolate(document: ComposeDocument, isolation: Isolation): JsonObject {
  const [label, owner] = isolation.label;
  const labels = { [label]: owner };
  const overlays = new Map<string, JsonObject>();
  const services = Object.fromEntries(
    isolation.services.map((name) => {
      const service = document.services[name] ?? {};
      return [name, { ...serviceOf(name, service, isolation, overlays), labels }];
    }),
  );
  const checks = isolation.checks.map((name) => [
    name,
    {
      ...serviceOf(name, document.services[name] ?? {}, isolation, overlays),
      ...{ labels, profiles: ["check"], restart: "no" },
    },
  ]);
  const volumes = Object.keys(recordAt(document.rest, "volumes")).map((name) => [name, { labels }] as const);
  const networks = Object.entries(recordAt(document.rest, "networks")).map(([name, network]) => [
    name,
    { labels, ...(recordAt({ network }, "network").internal === true && { internal: true }) },
  ]);
  const { secrets, configs } = document.rest;
  return {
    services: { ...services, ...Object.fromEntries(checks) },
    volumes: {
      ...Object.fromEntries(volumes),
      ...Object.fromEntries([...overlays].map(([name, options]) => [name, { ...options, labels }])),
    },
    networks: { default: { labels }, ...Object.fromEntries(networks) },
    ...(isRecord(secrets) && { secrets: nameless(secrets) }),
    ...(isRecord(configs) && { configs: nameless(configs) }),
  };
}

function serviceOf(
  name: string,
  service: JsonObject,
  isolation: Isolation,
  overlays: Map<string, JsonObject>,
): JsonObject {
  const kept = Object.fromEntries(Object.entries(service).filter(([key]) => !leftOut.has(key)));
  const image = isolation.images.get(name);
  const health = recordAt(service, "healthcheck");
  const isChecked = isRecord(service.healthcheck) ? health.disable !== true : image?.hasHealth === true;
  return {
    ...kept,
    image: image?.id ?? service.image,
    pull_policy: "never",
    restart: restartOf(service.restart),
    // So that a trial does not wait half a minute for the first one.
    ...(isChecked && { healthcheck: { ...health, interval: "1s" } }),
    ...(isRecord(service.deploy) && { deploy: deployOf(service.deploy) }),
    ...networksOf(service),
    ...loggingOf(service, isolation),
    volumes: itemsOf(service.volumes).map((mount) => mountOf(mount, isolation, overlays)),
  };
}

/** A trial that was killed must not be started again with the Engine. */
function restartOf(restart: unknown): string {
  if (restart === "always" || restart === "unless-stopped") return "on-failure:3";
  return typeof restart === "string" && restart !== "" ? restart : "no";
}

function deployOf(deploy: JsonObject): JsonObject {
  const { resources } = deploy;
  return isRecord(resources) ? { resources } : {};
}

/** A static address belongs to the real network. */
function networksOf(service: JsonObject): JsonObject {
  if (!isRecord(service.networks)) return {};
  const own = Object.entries(service.networks).map(([name, options]) => {
    const aliases = itemsOf(recordAt({ options }, "options").aliases);
    return [name, aliases.length > 0 ? { aliases } : null] as const;
  });
  return { networks: Object.fromEntries(own) };
}

const localDrivers = ["json-file", "local"];

/** Other drivers send the trial's log lines to where production's go. */
function loggingOf(service: JsonObject, { logsAreLocal }: Isolation): JsonObject {
  const driver = textAt(service, "logging", "driver");
  const isLocal = driver === undefined ? logsAreLocal : localDrivers.includes(driver);
  return isLocal ? {} : { logging: { driver: "json-file", options: { "max-size": "10m" } } };
}

function mountOf(mount: unknown, { standIn, data }: Isolation, overlays: Map<string, JsonObject>): unknown {
  const source = textAt(mount, "source") ?? "";
  const copied = isRecord(mount) && mount.type === "volume" ? data.get(source) : undefined;
  if (!isRecord(mount) || (mount.type !== "bind" && copied === undefined)) return mount;
  const { target, read_only } = mount;
  const other = standIn(copied ?? source, read_only === true);
  if (other.kind === "same") {
    return { ...mount, bind: { ...recordAt(mount, "bind"), create_host_path: false } };
  }
  if (other.kind === "path") return { type: "bind", source: other.path, target, read_only };
  overlays.set(other.volume, other.options);
  return { type: "volume", source: other.volume, target, read_only, volume: { nocopy: true } };
}

function nameless(entries: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(entries).map(([name, value]) => {
      const { name: _, ...rest } = recordAt({ value }, "value");
      return [name, rest];
    }),
  );
}

const secretName = /pass|pwd|secret|token|key|credential|auth|dsn|url|uri/i;

/** Shorter values would mask half of every line. */
const shortest = 4;

/** Takes the values of the project's secret variables, and passwords in addresses, out of a text. */
export function masker(document: ComposeDocument): (text: string) => string {
  const variables = Object.values(document.services).flatMap((service) =>
    Object.entries(recordAt(service, "environment")),
  );
  return maskerOf(
    variables.flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value.replaceAll("$$", "$")] as const] : [],
    ),
  );
}

/** The same for variables with their values. */
export function maskerOf(
  variables: readonly (readonly [name: string, value: string])[],
): (text: string) => string {
  const secret = variables.filter(
    ([name, value]) => value.length >= shortest && (secretName.test(name) || isCredentialName(name)),
  );
  const longestFirst = [...new Set(secret.map(([, value]) => value))].toSorted((a, b) => b.length - a.length);
  return (text) =>
    longestFirst
      .reduce((shown, value) => shown.replaceAll(value, mask), text)
      .replace(/(\w+:\/\/[^\s:/@]*):[^\s@/]+@/g, `$1:${mask}@`);
}
