import { isRecord, recordAt, textAt } from "../../../base/json.ts";
import type { ObjectKind } from "../../routes/route.ts";
import { withSpacedLabels } from "../image/space.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { checkLabels } from "./labels.ts";

/** Labels of an object, as far as its kind has any. */
function labelsOf(kind: ObjectKind, document: unknown): Readonly<Record<string, unknown>> {
  if (kind === "container" || kind === "image") return recordAt(document, "Config", "Labels");
  if (kind === "service" || kind === "secret" || kind === "config" || kind === "node") {
    return recordAt(document, "Spec", "Labels");
  }
  return recordAt(document, "Labels");
}

/** Networks that every Engine has. They have no owner. */
export const everybodys: ReadonlySet<string> = new Set(["bridge", "none", "host", "nat"]);

/**
 * An object that is another's does not exist for this client. Images are everybody's to run and to look at: what removes or
 * renames one asks for itself.
 */
export function ownerReasons(
  kind: ObjectKind,
  name: string,
  document: unknown,
  context: CheckContext,
): readonly Reason[] {
  const { owner } = context.policy;
  if (!owner || kind === "image" || kind === "node" || kind === "plugin") return [];
  if (kind === "network" && everybodys.has(textAt(document, "Name") ?? "")) return [];
  if (kind === "exec") {
    const container = textAt(document, "ContainerID") ?? "";
    const answer = context.ask({ kind: "container", name: container });
    const theirs = answer.state === "found" ? answer.document : undefined;
    return isOwn("container", theirs, owner) ? [] : [another(kind, name)];
  }
  return isOwn(kind, document, owner) ? [] : [another(kind, name)];
}

type Owner = NonNullable<CheckContext["policy"]["owner"]>;

/** The label of an owner's images: another one, since what anybody runs of an image inherits it. */
export function imageLabelOf({ label }: Owner): string {
  return `${label}.image`;
}

export function isOwn(kind: ObjectKind, document: unknown, owner: Owner): boolean {
  const labels = labelsOf(kind, document);
  const name = kind === "image" ? imageLabelOf(owner) : owner.label;
  return Object.hasOwn(labels, name) && labels[name] === owner.value;
}

/** In front of the id of each of an owner's cache mounts; without a slash, so that none begins with another's. */
export function cacheSpace({ label, value }: Owner): string {
  return encodeURIComponent(`${label}=${value}`);
}

/** By the description of a cache mount: `… with id "SPACE/ID"`. */
export function isOwnCache(record: unknown, owner: Owner): boolean {
  const space = / with id "([^"/]*)\//.exec(textAt(record, "Description") ?? "")?.[1];
  return space === cacheSpace(owner);
}

export function another(kind: ObjectKind, name: string): Reason {
  return { rule: "guard-owner", message: missingMessage(kind, name), absent: kind };
}

/** A client chooses a volume's name, so a name in use cannot be reported as free. */
export function takenVolumeReasons(
  name: string,
  document: unknown,
  context: CheckContext,
): readonly Reason[] {
  return ownerReasons("volume", name, document, context).map(({ rule }) => ({
    rule,
    message: `the name ${name} is taken by a volume that is not this client's: choose another one`,
  }));
}

/** For what changes an image that others may run: it must be the client's own. */
export function ownImageReasons(
  document: unknown,
  name: string,
  { policy }: CheckContext,
): readonly Reason[] {
  if (!policy.owner || isOwn("image", document, policy.owner)) return [];
  return [{ rule: "guard-owner", message: `changes the image ${name}, which this client did not make` }];
}

/** The body with the owner's label. */
export function labelled(
  body: unknown,
  context: CheckContext,
): { readonly body: unknown; readonly reasons: readonly Reason[] } {
  const own = isRecord(body) ? body : {};
  const { labels, reasons } = withOwnerLabel(recordAt(own, "Labels"), context);
  return { body: labels ? { ...own, Labels: labels } : body, reasons };
}

/**
 * Labels that a client sets, with the owner's; undefined where there is no owner, or it may not be added. One of that name
 * with another value is refused, as are labels off the policy's list.
 */
export function withOwnerLabel(
  given: Readonly<Record<string, unknown>>,
  context: CheckContext,
  of: "image" | "object" = "object",
): { readonly labels: Readonly<Record<string, unknown>> | undefined; readonly reasons: readonly Reason[] } {
  const { owner } = context.policy;
  const unlisted = checkLabels(given, context);
  if (!owner) return { labels: undefined, reasons: unlisted };
  if (Object.hasOwn(given, owner.label) && given[owner.label] !== owner.value) {
    const message = `sets the label ${owner.label}, which only the guard sets: it says who owns an object`;
    return { labels: undefined, reasons: [{ rule: "guard-owner-label", message }, ...unlisted] };
  }
  const spaced = withSpacedLabels(given, context.policy, of);
  return { labels: { ...spaced, [owner.label]: owner.value }, reasons: unlisted };
}

/** The same for an image that is made: what anybody runs of it must not have the owner's label, whatever its base or LABEL sets. */
export function withImageLabels(
  given: Readonly<Record<string, unknown>>,
  context: CheckContext,
): ReturnType<typeof withOwnerLabel> {
  const { owner } = context.policy;
  const { labels, reasons } = withOwnerLabel(given, context, "image");
  return {
    labels: owner && labels && { ...labels, [owner.label]: "", [imageLabelOf(owner)]: owner.value },
    reasons,
  };
}

/** In the Engine's own words, which the docker CLI looks at. */
export function missingMessage(kind: ObjectKind, name: string): string {
  if (kind === "container") return `No such container: ${name}`;
  if (kind === "image") return `No such image: ${name}`;
  if (kind === "exec") return `No such exec instance: ${name}`;
  if (kind === "volume") return `get ${name}: no such volume`;
  return `${kind} ${name} not found`;
}
