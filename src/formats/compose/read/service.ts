import { splitWords } from "../../../base/shell.ts";
import { normaliseCapability } from "../../../model/container/capability.ts";
import { type NamespaceMode, parseNamespaceMode } from "../../../model/container/namespace.ts";
import { type Container, container } from "../../../model/container.ts";
import type { BlkioDeviceLimit, Healthcheck, Hook, Ulimit } from "../../../model/container-values.ts";
import {
  type Fact,
  type FactList,
  isOpen,
  mapFact,
  set,
  unresolved,
  unset,
  valueOr,
} from "../../../model/fact.ts";
import type { ScalarRow } from "../../../model/facts/row.ts";
import { type CodedFacts, keyedIn, withoutSilent } from "../../../model/facts/table.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import { sightOf, unseenIn } from "../../../model/sight.ts";
import { cgroupsMountedBy, readSecurityOptions } from "../../values/security-options.ts";
import { beyondSwarm } from "../../values/swarm-sight.ts";
import { fileIn } from "../load/file-path.ts";
import { at, entriesOf, get, isNull, itemsOf, type Node, originOf } from "../yaml/node.ts";
import { readBuild } from "./build.ts";
import { readCredentials } from "./credentials.ts";
import { readDevices } from "./devices.ts";
import { readEnvironment } from "./environment.ts";
import {
  booleanFact,
  bytesFact,
  listFact,
  microsecondsFact,
  missingReason,
  modeFact,
  numberFact,
  parseNumber,
  parseSize,
  type Scope,
  scalar,
  setFact,
  textFact,
  texts,
} from "./facts.ts";
import { nameValues } from "./key-values.ts";
import { readMounts } from "./mounts.ts";
import { networkModeOf, readNetworkFacts } from "./networks.ts";
import { readPorts } from "./ports.ts";

const unseenFacts = unseenIn(sightOf("compose"));

const keyed = keyedIn("compose").map(({ field, key, row }) => ({
  field,
  path: key.split("."),
  deploy: row.deploy && ["deploy", "resources", ...row.deploy.split(".")],
  row,
}));

/** A service, after merging, as the container it declares. */
export function readService(service: Node, scope: Scope, secrets: FileOrigin[]): Container {
  const securityOptions = texts(get(service, "security_opt"));
  const coded: CodedFacts<"compose"> = {
    build: readBuild(get(service, "build"), scope),
    ...readSecurityOptions(securityOptions, (path) => readProfile(path, get(service, "security_opt"), scope)),
    networkMode:
      get(service, "network_mode") && !scope.swarm
        ? namespaceFact(get(service, "network_mode"), "network", scope)
        : networkModeOf(get(service, "networks"), scope),
    blkioDeviceLimits: readBlkioDevices(get(service, "blkio_config")),
    ulimits: readUlimits(get(service, "ulimits")),
    logOptions: nameValues(at(service, "logging", "options")),
    healthcheck: readHealthcheck(get(service, "healthcheck")),
    environment: readEnvironment(service, scope, secrets),
    capAdd: setFact(get(service, "cap_add"), "a capability", normaliseCapability),
    capDrop: setFact(get(service, "cap_drop"), "a capability", normaliseCapability),
    groupAdd: texts(get(service, "group_add")),
    mounts: readMounts(service, scope),
    volumesFrom: listFact(get(service, "volumes_from"), "a service or container", (text) =>
      volumesFromName(text, scope),
    ),
    devices: readDevices(service, scope.report),
    deviceCgroupRules: texts(get(service, "device_cgroup_rules")),
    ports: readPorts(get(service, "ports"), scope.report),
    ...readNetworkFacts(service, scope),
    sysctls: nameValues(get(service, "sysctls")),
    storageOpt: nameValues(get(service, "storage_opt")),
    labels: nameValues(get(service, "labels")),
    annotations: nameValues(get(service, "annotations")),
    hooks: readHooks(service),
    restart: readRestart(service, scope),
    entrypoint: readWords(get(service, "entrypoint")),
    command: readWords(get(service, "command")),
    credentials: readCredentials(service),
  };
  const facts = keyed.map(({ field, path, deploy, row }) => {
    const own = keyFact(at(service, ...path), row, scope);
    return [field, deploy ? either(keyFact(at(service, ...deploy), row, scope), own) : own];
  });
  return container(
    "declared",
    unseenFacts,
    coded,
    { fileSystems: cgroupsMountedBy(securityOptions) },
    Object.fromEntries(facts) as Partial<Container>,
    scope.swarm ? beyondSwarm : {},
  );
}

/** The value under a key. */
function keyFact(node: Node | undefined, row: ScalarRow, scope: Scope): Fact<unknown> {
  switch (row.kind) {
    case "switch":
      return booleanFact(node);
    case "namespace":
      return namespaceFact(node, "other", scope);
    case "bytes":
      return bytesFact(node);
    case "cpus":
      return mapFact(numberFact(node), (cpus) => Math.round(cpus * 1e9));
    case "microseconds":
      return microsecondsFact(node);
    case "integer":
      return withoutSilent(numberFact(node), row);
    default:
      return textFact(node);
  }
}

/** docker compose takes a 0 under `deploy` for nothing said (docker/compose: pkg/compose/create.go, setLimits). */
function either(deploy: Fact<unknown>, own: Fact<unknown>): Fact<unknown> {
  const silent = deploy.state === "unset" || (deploy.state === "set" && deploy.value === 0);
  return silent && own.state !== "unset" ? own : deploy;
}

function namespaceFact(node: Node | undefined, kind: "network" | "other", scope: Scope): Fact<NamespaceMode> {
  return modeFact(node, (text) => ofService(parseNamespaceMode(text, kind), scope));
}

/** A container that a service of the project gives its name (`container_name`) is that service's. */
function ofService(mode: NamespaceMode | undefined, { containerNames }: Scope): NamespaceMode | undefined {
  if (mode?.mode !== "container" || mode.by !== "container") return mode;
  const service = containerNames.get(mode.target);
  return service === undefined ? mode : { mode: "container", target: service, by: "service" };
}

/** `service[:ro]` or `container:name[:ro]`. */
function volumesFromName(text: string, { containerNames }: Scope): string {
  const name = text.replace(/^container:/, "").replace(/:(?:ro|rw)$/, "");
  return text.startsWith("container:") ? (containerNames.get(name) ?? name) : name;
}

/** A seccomp profile's path is the client's: docker compose reads it from the project's folder. */
function readProfile(path: string, node: Node | undefined, scope: Scope): string | undefined {
  if (!node) return undefined;
  const text = scope.io.read(fileIn(node.place.source.base, path, scope.io.home));
  return text.ok ? text.value : undefined;
}

/**
 * Only a test, or its absence on purpose, says something; timing alone keeps the image's own test. A single text `NONE`
 * is a command of that name to docker compose, only the list `["NONE"]` is none.
 */
function readHealthcheck(node: Node | undefined): Fact<Healthcheck> {
  const disable = get(node, "disable");
  const disabled = booleanFact(disable);
  if (disabled.state === "unresolved") return disabled;
  if (disable && disabled.state === "set" && disabled.value) return set("none", originOf(disable));
  const test = get(node, "test");
  if (!test || isNull(test)) return unset;
  if (test.kind === "list" && itemsOf(test).length === 0) return unset;
  const first = scalar(itemsOf(test)[0]);
  return set(first?.text === "NONE" ? "none" : "command", originOf(test));
}

/** `command:` and `entrypoint:`: a list of words, or a text that docker compose splits. */
function readWords(node: Node | undefined): FactList<string> {
  if (node?.kind !== "scalar" || isNull(node)) return texts(node);
  const missing = missingReason(node);
  if (missing !== undefined) return [unresolved(missing, originOf(node))];
  return splitWords(node.text).map((word) => set(word, originOf(node)));
}

/** A stack restarts by `deploy.restart_policy`, which docker compose reads as well where `restart:` is not there. */
function readRestart(service: Node, { swarm }: Scope): Fact<string> {
  const policy = at(service, "deploy", "restart_policy");
  const own = swarm ? undefined : get(service, "restart");
  if (own || !policy) return modeFact(own, (text) => (text === "no" ? undefined : text));
  const condition = textFact(get(policy, "condition"));
  const attempts = numberFact(get(policy, "max_attempts"));
  if (condition.state === "unresolved") return condition;
  if (attempts.state === "unresolved") return attempts;
  const name = { none: undefined, "on-failure": "on-failure" }[valueOr(condition, "any")];
  if (condition.state === "set" && condition.value === "none") return unset;
  const text =
    name === undefined ? "always" : `${name}${attempts.state === "set" ? `:${attempts.value}` : ""}`;
  return set(text, originOf(policy));
}

/**
 * The commands that docker compose runs in the service's container by itself: when it starts, before it stops, and when
 * `docker compose watch` sees a change (https://docs.docker.com/compose/how-tos/lifecycle/).
 */
function readHooks(service: Node): FactList<Hook> {
  return [
    ...["pre_start", "post_start", "pre_stop"].flatMap((key) =>
      itemsOf(get(service, key)).map((hook) => readHook(key, hook)),
    ),
    ...itemsOf(at(service, "develop", "watch")).flatMap((rule) => {
      const hook = get(rule, "exec");
      return hook ? [readHook("develop.watch.exec", hook)] : [];
    }),
  ];
}

/** It stands at what raises it, or else where it begins. */
function readHook(key: string, hook: Node): FactList<Hook>[number] {
  const privileged = booleanFact(get(hook, "privileged"));
  const user = textFact(get(hook, "user"));
  if (isOpen(privileged)) return privileged;
  if (isOpen(user)) return user;
  const value = { key, privileged: valueOr(privileged, false), user: valueOr(user, "") };
  const raised = value.privileged ? get(hook, "privileged") : get(hook, "user");
  return set(value, originOf(raised ?? hook));
}

/** The limits of devices in `blkio_config`. */
function readBlkioDevices(blkio: Node | undefined): FactList<BlkioDeviceLimit> {
  return deviceKinds.flatMap(([key, kind]) => readDeviceLimits(get(blkio, key), kind));
}

const deviceKinds = [
  ["weight_device", "weight"],
  ["device_read_bps", "read-bps"],
  ["device_write_bps", "write-bps"],
  ["device_read_iops", "read-iops"],
  ["device_write_iops", "write-iops"],
] as const satisfies readonly (readonly [string, BlkioDeviceLimit["kind"]])[];

function readDeviceLimits(
  node: Node | undefined,
  kind: BlkioDeviceLimit["kind"],
): FactList<BlkioDeviceLimit> {
  return itemsOf(node).map((each) => {
    const path = scalar(get(each, "path"));
    const rate = scalar(get(each, kind === "weight" ? "weight" : "rate"));
    const missing = (path && missingReason(path)) ?? (rate && missingReason(rate));
    if (missing !== undefined) return unresolved(missing, originOf(each));
    const value = rate && (kind.endsWith("bps") ? parseSize(rate.text, rate) : parseNumber(rate.text, rate));
    if (!path || value === undefined)
      return unresolved("a path and a rate are expected here", originOf(each));
    return set({ kind, path: path.text, rate: value }, originOf(each));
  });
}

function readUlimits(node: Node | undefined): FactList<Ulimit> {
  return entriesOf(node).map(({ name, value }) => {
    const soft = scalar(value.kind === "map" ? get(value, "soft") : value);
    const hard = scalar(value.kind === "map" ? get(value, "hard") : value);
    const missing = (soft && missingReason(soft)) ?? (hard && missingReason(hard));
    if (missing !== undefined) return unresolved(missing, originOf(value));
    const limits = [soft, hard].map((each) => each && parseNumber(each.text, each));
    const [softLimit, hardLimit] = limits;
    if (softLimit === undefined || hardLimit === undefined) {
      return unresolved("a number, or soft and hard, is expected here", originOf(value));
    }
    return set({ name, soft: softLimit, hard: hardLimit }, originOf(value));
  });
}
