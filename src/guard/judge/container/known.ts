import { isRecord, recordAt, textAt, textsOf } from "../../../base/json.ts";
import { bareContext, type Context } from "../../../controls/control.ts";
import { engineFromInfo } from "../../../engine/documents/info.ts";
import { containerFromInspect } from "../../../engine/documents/inspect.ts";
import { imageFromInspect } from "../../../engine/documents/sight.ts";
import { boundByDriver } from "../../../formats/create-request/mounts.ts";
import type { Container } from "../../../model/container.ts";
import type { Engine } from "../../../model/engine.ts";
import { type FactList, type SetFact, set, unresolved } from "../../../model/fact.ts";
import { canonicalPath } from "../../../model/host/path.ts";
import type { Image } from "../../../model/image.ts";
import type { Mount } from "../../../model/mount.ts";
import type { Answer } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { isFolderVolume } from "./folders.ts";

/** Views by the very document that they were read from: an answer is kept for as long as the Engine says nothing new. */
const engines = new WeakMap<object, Engine>();
const containers = new WeakMap<object, Container>();
const images = new WeakMap<object, Image>();

function remembered<T>(memory: WeakMap<object, T>, document: unknown, read: () => T): T {
  if (!isRecord(document)) return read();
  const known = memory.get(document);
  if (known) return known;
  const made = read();
  memory.set(document, made);
  return made;
}

/** The Engine; undefined where it could not be asked, and what depends on it is unknown. */
export function engineOf({ ask }: CheckContext): Engine | undefined {
  const answer = ask({ kind: "engine" });
  if (answer.state !== "found") return undefined;
  return engineIn(answer.document);
}

/** The Engine by the answer to what it is. */
export function engineIn(document: unknown): Engine {
  return remembered(engines, document, () => {
    const { info, version, networks, libpod } = recordAt({ document }, "document");
    return engineFromInfo({ info, version, networks, libpod });
  });
}

/** The image that a reference means. */
export function imageOf(answer: Answer): Image | undefined {
  if (answer.state !== "found") return undefined;
  return remembered(images, answer.document, () => imageFromInspect(answer.document));
}

/** A container that exists, with its volumes looked up. */
export function containerOf(answer: Answer, context: CheckContext): Container | undefined {
  if (answer.state !== "found") return undefined;
  const { document } = answer;
  const view = remembered(containers, document, () => containerFromInspect(document));
  return withVolumes(view, context);
}

export function contextOf(context: CheckContext): Context {
  return bareContext("engine-api", {
    engine: engineOf(context),
    peer: (reference) => {
      const name = reference.replace(/^\//, "");
      const view = containerOf(context.ask({ kind: "container", name }), context);
      // Its mounts become this one's where it takes them over, so they are followed as well.
      return view && (lookAtHost(view, context).resolved ?? view);
    },
  });
}

/**
 * The container with what its named volumes bind. One that does not exist is made as it is asked for; of one that does, the
 * options that are asked for count for nothing, and its own stand beside them, for it may be gone a moment later. One that
 * could not be asked may bind anything.
 */
export function withVolumes(view: Container, context: CheckContext): Container {
  if (!view.mounts.some((item) => item.state === "set" && isNamedVolume(item.value))) return view;
  const mounts = view.mounts.flatMap((item): FactList<Mount> => {
    if (item.state !== "set" || !isNamedVolume(item.value)) return [item];
    const name = item.value.source ?? "";
    const own = context.policy.folders?.named(name);
    if (own) {
      const { subpath } = item.value;
      const hostPath = canonicalPath(subpath === undefined ? own.root : `${own.root}/${subpath}`);
      return [{ ...item, value: { ...item.value, hostPath } }];
    }
    const answer = context.ask({ kind: "volume", name });
    if (answer.state === "missing") return [item];
    if (answer.state === "unknown") {
      return [unresolved(`what the volume ${name} binds is not known: ${answer.reason}`, ...item.origins)];
    }
    const hostPath = boundByDriver(
      textAt(answer.document, "Driver") ?? "",
      recordAt(answer.document, "Options"),
    );
    const asked = item.value.hostPath;
    if (hostPath === undefined || hostPath === asked) return [item];
    const bound: SetFact<Mount> = { ...item, value: { ...item.value, hostPath } };
    return asked === undefined ? [bound] : [item, bound];
  });
  return { ...view, mounts };
}

function isNamedVolume({ type, source }: Mount): boolean {
  return type === "volume" && source !== undefined && source !== "";
}

/** What could be told of the host's side of a container's mounts. */
export interface HostSight {
  /** With symlinks followed; undefined where that says nothing that the paths as written do not. */
  readonly resolved: Container | undefined;
  /** The first path that could not be looked up, and why; `isBlind` where none can. */
  readonly unseen: { readonly path: string; readonly reason: string; readonly isBlind: boolean } | undefined;
}

/** Follows every bound path on the host, where that is visible. */
export function lookAtHost(view: Container, { ask, policy }: CheckContext): HostSight {
  let unseen: HostSight["unseen"];
  let differs = false;
  const follow = (item: SetFact<Mount>): SetFact<Mount> => {
    const { hostPath, source, type } = item.value;
    // A link cannot lead out of a folder of the guard's, and may be another one when dockerd follows it.
    if (hostPath === undefined || (type === "volume" && isFolderVolume(source, policy))) return item;
    const answer = ask({ kind: "hostPath", path: hostPath });
    if (answer.state === "missing") return item;
    if (answer.state === "unknown") {
      unseen ??= { path: hostPath, reason: answer.reason, isBlind: answer.isBlind === true };
      return item;
    }
    const sockets = textsOf(recordAt({ at: answer.document }, "at").sockets);
    if (canonicalPath(answer.id) === canonicalPath(hostPath) && sockets.length === 0) return item;
    differs = true;
    return set({ ...item.value, resolvedPath: answer.id, sockets }, ...item.origins);
  };
  const mounts = view.mounts.map((item) => (item.state === "set" ? follow(item) : item));
  return { resolved: differs ? { ...view, mounts } : undefined, unseen };
}
