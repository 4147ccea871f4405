import { type FactList, type SetFact, set, type UnresolvedFact, unresolved } from "../../../model/fact.ts";
import { type Mount, mount } from "../../../model/mount.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import { mountOfUnknown } from "../../values/volume.ts";
import { at, entriesOf, get, isNull, itemsOf, type Node, originOf } from "../yaml/node.ts";
import { missingReason, parseBoolean, parseSize, scalar } from "./facts.ts";
import { withNamedVolume } from "./named-volume.ts";
import type { Scope } from "./scope.ts";
import { cleanTarget, hostPath, isHostPath, isPropagation, parseShortVolume } from "./volume-short.ts";

type MountFact = SetFact<Mount> | UnresolvedFact;

/** `volumes:` in the short and the long syntax; the last that goes to a target stands, in the place of the first. */
export function readVolumes(node: Node | undefined, scope: Scope): FactList<Mount> {
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
