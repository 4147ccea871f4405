import { type FactList, type SetFact, set, type UnresolvedFact, unresolved } from "../../../model/fact.ts";
import { type Mount, mount } from "../../../model/mount.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import { mountOfUnknown, parseTmpfsOptions } from "../../values/volume.ts";
import { at, entriesOf, get, has, isNull, itemsOf, type Node, originOf } from "../yaml/node.ts";
import {
  booleanFact,
  listFact,
  missingReason,
  origins,
  parseBoolean,
  parseSize,
  type Scope,
  scalar,
} from "./facts.ts";
import { nameOf } from "./key-values.ts";
import { cleanTarget, hostPath, isHostPath, isPropagation, parseShortVolume } from "./volume-short.ts";

/** Everything that a service mounts, whatever key it stands under. */
export function readMounts(service: Node, scope: Scope): FactList<Mount> {
  return [
    ...readVolumes(get(service, "volumes"), scope),
    ...readTmpfsList(get(service, "tmpfs")),
    ...readFileMounts(service, "secrets", scope),
    ...readFileMounts(service, "configs", scope),
    ...readApiSocket(get(service, "use_api_socket")),
  ];
}

/** `tmpfs: /run` or a list of `/run:size=64m,mode=1777`; repeated ones count once, by the text before `=`. */
function readTmpfsList(node: Node | undefined): FactList<Mount> {
  const found = new Map<string, FactList<Mount>[number]>();
  const facts = listFact(node, "a path with options", (text) => text);
  for (const fact of facts) {
    if (fact.state !== "set") found.set(`?${found.size}`, fact);
    else found.set(nameOf(fact.value), { ...fact, value: tmpfsMount(fact.value) });
  }
  return [...found.values()];
}

function tmpfsMount(spec: string): Mount {
  const colon = spec.indexOf(":");
  const path = colon < 0 ? spec : spec.slice(0, colon);
  const options = colon < 0 ? "" : spec.slice(colon + 1);
  return mount({
    type: "tmpfs",
    target: cleanTarget(path),
    readOnly: options.split(",").includes("ro"),
    tmpfs: parseTmpfsOptions(options),
  });
}

/**
 * Secrets and configs with a `file:` are read-only binds of it; on a Swarm the manager hands them out instead
 * (docker/compose: pkg/compose/create.go, buildContainerSecretMounts).
 */
function readFileMounts(service: Node, kind: "secrets" | "configs", scope: Scope): FactList<Mount> {
  if (scope.swarm) return [];
  const found = new Map<string, FactList<Mount>[number]>();
  for (const each of itemsOf(get(service, kind))) {
    const fact = readFileMount(each, kind, scope);
    if (fact) found.set(fact.state === "set" ? fact.value.target : `?${found.size}`, fact);
  }
  return [...found.values()];
}

function readFileMount(
  node: Node,
  kind: "secrets" | "configs",
  scope: Scope,
): SetFact<Mount> | UnresolvedFact | undefined {
  const name = scalar(node.kind === "map" ? get(node, "source") : node);
  const target = scalar(get(node, "target"));
  const missing = [node, name, target].map((part) => part && missingReason(part)).find(Boolean);
  if (missing !== undefined) return unresolved(missing, originOf(node));
  const file = scalar(at(scope.project, kind, name?.text ?? "", "file"));
  if (!name || !file) return undefined;
  const noFile = missingReason(file);
  if (noFile !== undefined) return unresolved(noFile, ...origins(node, file));
  const path = target?.text || name.text;
  const root = kind === "secrets" ? "/run/secrets/" : "/";
  const baseDir = file.place.source.base.absolute;
  const bind = mount({
    type: "bind",
    source: file.text,
    target: cleanTarget(path.startsWith("/") ? path : root + path),
    readOnly: true,
    hostPath: hostPath(file.text, { baseDir, home: scope.io.home }),
  });
  return set(bind, ...origins(node, file));
}

const apiSocket = "/var/run/docker.sock";

/** `use_api_socket: true` mounts the Engine's socket (https://docs.docker.com/reference/compose-file/services/). */
function readApiSocket(node: Node | undefined): FactList<Mount> {
  const fact = booleanFact(node);
  if (fact.state === "unresolved") return [fact];
  if (fact.state !== "set" || !fact.value) return [];
  const bind = mount({ type: "bind", source: apiSocket, target: apiSocket, hostPath: apiSocket });
  return [set(bind, ...fact.origins)];
}

type MountFact = SetFact<Mount> | UnresolvedFact;

/** `volumes:` in the short and the long syntax; the last that goes to a target stands, in the place of the first. */
function readVolumes(node: Node | undefined, scope: Scope): FactList<Mount> {
  if (!node || isNull(node)) return [];
  if (node.kind !== "list") return [unresolved("a list of volumes is expected here", originOf(node))];
  const found = new Map<string, MountFact>();
  for (const each of itemsOf(node)) {
    const read = each.kind === "map" ? readLong(each, scope) : readShort(each, scope);
    const complete = read.state === "set" ? withNamedVolume(read, each, scope) : read;
    found.set(complete.state === "set" ? complete.value.target : `?${found.size}`, complete);
  }
  return [...found.values()];
}

function readShort(node: Node, scope: Scope): MountFact {
  const origin = originOf(node);
  const missing = missingReason(node);
  if (missing !== undefined) return socketOfUnknown(behindSource(node)) ?? unresolved(missing, origin);
  const baseDir = node.place.source.base.absolute;
  const parsed = parseShortVolume(node.kind === "scalar" ? node.text : "", { baseDir, home: scope.io.home });
  if (parsed.ok) return set(parsed.value, origin);
  scope.report({ reason: `docker compose refuses this: ${parsed.reason}`, place: node.place });
  return unresolved(parsed.reason, origin);
}

function readLong(node: Node, scope: Scope): MountFact {
  const origin = originOf(node);
  const text = (...keys: readonly string[]) => scalar(at(node, ...keys))?.text;
  const missing = firstMissing(node);
  if (missing !== undefined) {
    const source = scalar(get(node, "source"));
    const target = scalar(get(node, "target"));
    const isOnlySource = source?.missing.length === 1 && target?.missing.length === 0;
    const written = isOnlySource ? { source: source.authored, target: target.text, origin } : undefined;
    return socketOfUnknown(written) ?? unresolved(missing, origin);
  }
  const source = text("source") || undefined;
  const type = mountTypes.find((known) => known === text("type")) ?? guessType(source);
  const propagation = text("bind", "propagation");
  if (type === "bind" && source === undefined) {
    scope.report({ reason: "docker compose refuses this: a bind mount without a source", place: node.place });
  }
  if (!text("target")) {
    scope.report({ reason: "docker compose refuses this: a mount without a target", place: node.place });
  }
  const baseDir = (get(node, "source") ?? node).place.source.base.absolute;
  return set(
    mount({
      type,
      source,
      target: cleanTarget(text("target") ?? ""),
      readOnly: parseBoolean(text("read_only") ?? "") ?? false,
      propagation: propagation !== undefined && isPropagation(propagation) ? propagation : undefined,
      hostPath: type === "bind" && source ? hostPath(source, { baseDir, home: scope.io.home }) : undefined,
      tmpfs: type === "tmpfs" ? readTmpfs(get(node, "tmpfs")) : undefined,
      ...(text("bind", "recursive") === "writable" && { isWritableBelow: true }),
    }),
    origin,
  );
}

/** The source as written and the target of a short volume whose source alone needs a variable that is not set. */
function behindSource(node: Node): { source: string; target: string; origin: FileOrigin } | undefined {
  if (node.kind !== "scalar") return undefined;
  const match = /^(\$\{\w+\}[^:$]*):(\/[^:$]*)(?::[\w,]*)?$/.exec(node.authored);
  return match ? { source: match[1] ?? "", target: match[2] ?? "", origin: originOf(node) } : undefined;
}

/** A source that is not known, at the target of an engine's socket: it is one, whatever its path is. */
function socketOfUnknown(
  given: { source: string; target: string; origin: FileOrigin } | undefined,
): SetFact<Mount> | undefined {
  const known = given && mountOfUnknown(given.source, given.target);
  return known && set(known, given.origin);
}

const mountTypes = ["bind", "volume", "tmpfs", "npipe", "image", "cluster"] as const;

/** docker compose insists on a type; what would be meant is judged all the same. */
function guessType(source: string | undefined): Mount["type"] {
  return source !== undefined && isHostPath(source) ? "bind" : "volume";
}

function readTmpfs(node: Node | undefined): Mount["tmpfs"] {
  const size = scalar(get(node, "size"));
  const mode = scalar(get(node, "mode"));
  return {
    size: (size && parseSize(size.text, size)) || undefined,
    mode: mode && fileMode(mode.value),
    exec: false,
    suid: false,
    dev: false,
  };
}

/** A number is the mode itself (YAML's `0o700`), a text its octal digits (compose-go: types.FileMode). */
function fileMode(value: string | number | boolean | null): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^[0-7]+$/.test(value) ? Number.parseInt(value, 8) : undefined;
}

/** The first variable that a mapping of a mount cannot do without, two levels deep. */
function firstMissing(node: Node): string | undefined {
  for (const { value } of entriesOf(node)) {
    const inner =
      missingReason(value) ??
      entriesOf(value)
        .map((entry) => missingReason(entry.value))
        .find(Boolean);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/**
 * A mount of a volume with what the top-level `volumes:` says of it. The local driver with `o: bind` makes any volume a
 * bind of its `device` (https://docs.docker.com/reference/cli/docker/volume/create/#driver-specific-options).
 */
function withNamedVolume(fact: SetFact<Mount>, node: Node, scope: Scope): SetFact<Mount> | UnresolvedFact {
  const { type, source } = fact.value;
  if (type !== "volume" || source === undefined) return fact;
  const volumes = get(scope.project, "volumes");
  if (!has(volumes, source)) {
    const place = get(node, "source")?.place ?? node.place;
    scope.report({ reason: `the volume ${source} is not declared under the top-level volumes`, place });
    return fact;
  }
  const volume = get(volumes, source);
  const options = get(volume, "driver_opts");
  const driver = scalar(get(volume, "driver"))?.text ?? "local";
  if (!options && driver === "local") return fact;
  const given: Record<string, string> = {};
  for (const { name, value } of entriesOf(options)) {
    const missing = missingReason(value);
    if (missing !== undefined) return unresolved(missing, ...fact.origins, originOf(value));
    given[name] = scalar(value)?.text ?? "";
  }
  const driven: SetFact<Mount> = {
    ...fact,
    value: { ...fact.value, driver: { name: driver, options: given } },
    origins: [
      ...fact.origins,
      ...[get(volume, "driver"), options].flatMap((node) => (node ? [originOf(node)] : [])),
    ],
  };
  if (driver !== "local") return driven;
  const flags = scalar(at(options, "o"))?.text.split(",") ?? [];
  const device = scalar(at(options, "device"));
  if (!device || !(flags.includes("bind") || flags.includes("rbind"))) return driven;
  const baseDir = device.place.source.base.absolute;
  return {
    ...fact,
    value: {
      ...driven.value,
      hostPath: hostPath(device.text, { baseDir, home: scope.io.home }),
      readOnly: fact.value.readOnly || flags.includes("ro"),
      propagation: fact.value.propagation ?? flags.findLast(isPropagation),
    },
    origins: [...fact.origins, originOf(device)],
  };
}
