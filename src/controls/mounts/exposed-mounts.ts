import type { Container } from "../../model/container.ts";
import { type FactList, isOpen, mapItems, set, type UnresolvedFact, unresolved } from "../../model/fact.ts";
import { canonicalPath, isPipe } from "../../model/host/path.ts";
import type { Mount } from "../../model/mount.ts";
import { isApiOrigin, type Origin } from "../../model/origin.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { Severity } from "../../model/severity.ts";
import { fail, pass, type Verdict } from "../../model/verdict.ts";
import type { Context } from "../control.ts";
import { judgeItems } from "../facts.ts";

/** A place of the host that a container sees, by its own mount or by `--volumes-from`. */
export interface ExposedMount {
  readonly mount: Mount;
  /** Canonical (see canonicalPath). */
  readonly path: string;
  /** The container that it is taken from, as this one names it; undefined for its own mount. */
  readonly from: string | undefined;
}

/** What is wrong with one mount. */
export interface MountProblem {
  readonly message: string;
  readonly severity?: Severity | undefined;
}

type MountRule = (exposed: ExposedMount) => MountProblem | undefined;

/**
 * Every place of the host that the container sees. What a `--volumes-from` brings along stands at that option;
 * a container that this audit does not see is unresolved, for its mounts may be anything.
 */
export function exposedMounts(container: Container, context: Context): FactList<ExposedMount> {
  return [...ownMounts(container), ...takenMounts(container, context)];
}

function ownMounts(container: Container): FactList<ExposedMount> {
  return container.mounts.flatMap((item) => {
    if (isOpen(item)) return [item];
    return exposed(item.value, undefined, item.origins);
  });
}

function exposed(mount: Mount, from: string | undefined, origins: readonly Origin[]): FactList<ExposedMount> {
  if (mount.source !== undefined && isPipe(mount.source)) {
    return [set({ mount, path: mount.source, from }, ...origins)];
  }
  const path = hostPathOf(mount);
  if (path !== undefined) return [set({ mount, path, from }, ...origins)];
  if (mount.type !== "bind") return [];
  return [unresolved(`the host path behind ${mount.target} is not known`, ...origins)];
}

function takenMounts(container: Container, context: Context): FactList<ExposedMount> {
  const taken = container.volumesFrom.flatMap((item) =>
    isOpen(item) ? [item] : takenFrom(item.value, item.origins, context, new Set()),
  );
  return isComplete(container) ? taken.filter((item) => item.state === "set") : taken;
}

/** The kernel, and `Mounts` of an inspect document, list what came by --volumes-from among the container's own. */
function isComplete({ level, mounts }: Container): boolean {
  if (level === "effective") return true;
  return mounts
    .flatMap(({ origins }) => origins)
    .some((origin) => isApiOrigin(origin) && origin.pointer.startsWith("/Mounts/"));
}

function takenFrom(
  name: string,
  origins: readonly Origin[],
  context: Context,
  seen: Set<string>,
): FactList<ExposedMount> {
  if (seen.has(name)) return [];
  seen.add(name);
  const peer = context.peer(name);
  if (!peer) return [unknownPeer(name, origins)];
  const theirs = peer.mounts.flatMap((item) => {
    if (item.state === "set") return exposed(item.value, name, origins);
    return [unresolved(item.reason, ...origins)];
  });
  const further = peer.volumesFrom.flatMap((item): FactList<ExposedMount> => {
    if (isOpen(item)) return [unresolved(item.reason, ...origins)];
    return takenFrom(item.value, origins, context, seen);
  });
  return [...theirs, ...mapItems(further, (taken) => ({ ...taken, from: name }))];
}

function unknownPeer(name: string, origins: readonly Origin[]): UnresolvedFact {
  return unresolved(`it takes the volumes of ${name}, which this audit does not see`, ...origins);
}

/** Judges every exposed mount by the rule; the evidence is the mount's target. */
export function judgeMounts(container: Container, context: Context, rule: MountRule): Verdict {
  return judgeItems(exposedMounts(container, context), ({ value, origins }) => {
    const problem = rule(value);
    if (!problem) return pass();
    return fail(problem.message, {
      origins,
      severity: problem.severity,
      evidence: value.mount.target,
      about: "mounts",
      place: value.path,
      observed: value.path,
    });
  });
}

/** Takes away what fails the rule: the mount itself, or the `--volumes-from` that brings it. */
export function withoutMounts(
  container: Container,
  context: Context,
  rule: MountRule,
): readonly ContainerPatch[] {
  const bad = exposedMounts(container, context).flatMap((item) =>
    item.state === "set" && rule(item.value) ? [item.value] : [],
  );
  const sources = [...new Set(bad.flatMap(({ from }) => (from === undefined ? [] : [from])))];
  return [
    ...bad.flatMap(({ mount, from }): ContainerPatch[] =>
      from === undefined ? [{ op: "remove", field: "mounts", value: mount }] : [],
    ),
    ...sources.map((value): ContainerPatch => ({ op: "remove", field: "volumesFrom", value })),
  ];
}

/** How a sentence begins: `mounts /etc at /host/etc`, `takes over the mount of ~/.ssh (/home/me/.ssh) from agent (volumes-from)`. */
export function describeMount(exposed: ExposedMount): string {
  const { mount, from } = exposed;
  const place = placeOf(exposed);
  if (from !== undefined) return `takes over the mount of ${place} from ${from} (volumes-from)`;
  if (mount.type === "volume") return `mounts ${place} through the volume ${mount.source ?? mount.target}`;
  return place === mount.target ? `mounts ${place}` : `mounts ${place} at ${mount.target}`;
}

/** The place as written, with where that leads in brackets where it says something else. */
function placeOf({ mount, path }: ExposedMount): string {
  const written = (mount.type === "volume" ? undefined : mount.source) ?? mount.hostPath ?? path;
  const same = written.startsWith("/") ? canonicalPath(written) === path : written === path;
  return same ? written : `${written} (${path})`;
}

/**
 * The canonical host path that a mount exposes, as exactly as its reader could tell; undefined where the Engine
 * manages the storage itself, or where it is a bind of a place that nobody could name.
 */
export function hostPathOf(mount: Mount): string | undefined {
  const path = mount.resolvedPath ?? mount.hostPath;
  if (path !== undefined) return canonicalPath(path);
  return mount.type === "bind" && mount.source?.startsWith("/") ? canonicalPath(mount.source) : undefined;
}
