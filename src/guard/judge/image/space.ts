import { isRecord } from "../../../base/json.ts";
import { isImageId, parseImageReference } from "../../../model/container/image-reference.ts";
import type { Policy } from "../../policy/policy.ts";
import { fullReference, matchesImage } from "../policy/patterns.ts";

/**
 * Names that a client with an owner makes live below a registry that nobody can reach (RFC 6761): `app:1` of ci is
 * `bulkhead.invalid/ci/docker.io/library/app:1` to the Engine, so that no reference of anybody else resolves to it. The client
 * sees and uses its own name.
 */
export const spaceRegistry = "bulkhead.invalid";

/** Of a Compose project and of a stack, whose containers the operator's `compose up` would take for its own. */
const spacedLabels: ReadonlySet<string> = new Set([
  "com.docker.compose.project",
  "com.docker.stack.namespace",
]);

/** The reference as a container's image was named, beside the id that it is made of. */
export const imageLabel = "bulkhead.image";

/** Where the names of an owner begin; one for each owner, and none begins with another's. */
export function spaceOf({ label, value }: { readonly label: string; readonly value: string }): string {
  const isPlain = label === "bulkhead.owner" && /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(value);
  const part =
    isPlain && !value.startsWith("x-") ? value : `x-${Buffer.from(`${label}=${value}`).toString("hex")}`;
  return `${spaceRegistry}/${part}/`;
}

/** What the client's own name for an image is to the Engine; undefined for what is no name that a client can make. */
export function ownImageName(reference: string, { space, allow }: Policy): string | undefined {
  if (
    space === undefined ||
    matchesImage(reference, allow.names) ||
    isSpaced(reference) ||
    isImageId(reference)
  )
    return undefined;
  const { registry, repository, tag, digest } = parseImageReference(reference);
  if (digest !== undefined || !/^[a-z0-9.:-]+$/.test(registry)) return undefined;
  return `${space}${registry.replace(":", "__")}/${repository}:${tag ?? "latest"}`;
}

/** Whether a text begins like a name in somebody's space. */
export function isSpaced(text: string): boolean {
  return text.startsWith(`${spaceRegistry}/`);
}

/** A pattern of `docker images`, for the client's own names. */
export function ownPattern(pattern: string, space: string): string {
  const [first = "", ...rest] = pattern.split("/");
  if (rest.length === 0) return `${space}docker.io/library/${pattern}`;
  const isRegistry = /[.:]/.test(first) || first === "localhost";
  return isRegistry
    ? `${space}${first.replace(":", "__")}/${rest.join("/")}`
    : `${space}docker.io/${pattern}`;
}

/** Whether a label is one by which tools find what is theirs, and which is so kept apart. */
export function isSpacedLabel(name: string): boolean {
  return spacedLabels.has(name);
}

/**
 * A label as the Engine gets it. Of a leash all names live in its space, and no tool of the operator's obeys one; but of its images,
 * which are handed out as they are. The guard's own are judged by their names, and so keep them.
 */
export function spacedLabel(
  name: string,
  value: unknown,
  { space, prefix }: Spaces,
  of: "image" | "object" = "object",
): readonly [string, unknown] {
  if (prefix !== undefined && of === "object")
    return [name.startsWith("bulkhead.") ? name : `${prefix}${name}`, value];
  const isOurs = space !== undefined && spacedLabels.has(name) && typeof value === "string";
  return [name, isOurs && !isSpaced(value) ? `${space}${value}` : value];
}

type Spaces = Pick<Policy, "space" | "prefix">;

export function withSpacedLabels(labels: Json, policy: Spaces, of?: "image" | "object"): Json {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => spacedLabel(name, value, policy, of)),
  );
}

/** Labels that an image brings: the client sees them, and nobody else obeys them. */
export function imagesLabels(brought: Json, given: Json, { prefix }: Pick<Policy, "prefix">): Json {
  if (prefix === undefined) return {};
  const plain = Object.entries(brought).filter(
    ([name]) => !name.startsWith("bulkhead.") && !Object.hasOwn(given, name),
  );
  return Object.fromEntries(
    plain.flatMap(([name, value]) => {
      const own = `${prefix}${name}`;
      return [[name, ""], ...(Object.hasOwn(given, own) ? [] : [[own, value]])];
    }),
  );
}

/** A name of the client's own, as it calls it. */
export function plainName(name: string, { prefix }: Pick<Policy, "prefix">): string {
  return prefix !== undefined && name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

/** An answer as the client named things. Where a name is there twice, the client's own counts. */
export function withoutPrefix(value: unknown, prefix: string): unknown {
  if (typeof value === "string") return value.replaceAll(prefix, "");
  if (Array.isArray(value)) return value.map((item) => withoutPrefix(item, prefix));
  if (!isRecord(value)) return value;
  const entries = Object.entries(value);
  const isOwnKey = ([key]: [string, unknown]) => key.includes(prefix);
  return Object.fromEntries(
    [...entries.filter((entry) => !isOwnKey(entry)), ...entries.filter(isOwnKey)].map(([key, item]) => [
      key.replaceAll(prefix, ""),
      withoutPrefix(item, prefix),
    ]),
  );
}

/** An answer as the client named things; of names in the spaces of others nothing is left. Untouched parts are the same objects. */
export function withoutSpace(value: unknown, space: string): unknown {
  if (typeof value === "string") return isSpaced(value) ? plainText(value, space) : value;
  if (Array.isArray(value)) return value.flatMap((item: unknown) => listed(item, space));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSpace(item, space)]));
}

function listed(item: unknown, space: string): readonly unknown[] {
  if (typeof item === "string")
    return isSpaced(item) && !item.startsWith(space) ? [] : [withoutSpace(item, space)];
  const plain = withoutSpace(item, space);
  const before = isRecord(item) ? item.RepoTags : undefined;
  const isOthers =
    Array.isArray(before) &&
    before.length > 0 &&
    isRecord(plain) &&
    (plain.RepoTags as unknown[]).length === 0;
  return isOthers ? [] : [plain];
}

/** Members of `GET /system/df`, by its version. */
const listsOfContainers = ["Containers", "ContainerUsage", "ContainersDiskUsage", "Items"];

/**
 * Containers by the names of their images, where the guard noted one: `Image` of a list, `Config.Image` of an inspect, `image` and
 * `from` of an event.
 */
export function withImageNames(document: unknown): unknown {
  if (Array.isArray(document)) return document.map(withImageNames);
  if (!isRecord(document)) return document;
  const { Config, Actor, from } = document;
  if (isRecord(Config)) return { ...document, Config: byImageName(Config, "Image") };
  const lists = listsOfContainers.filter((name) => document[name] !== undefined);
  if (lists.length > 0)
    return {
      ...document,
      ...Object.fromEntries(lists.map((name) => [name, withImageNames(document[name])])),
    };
  if (!isRecord(Actor) || !isRecord(Actor.Attributes)) return byImageName(document, "Image");
  const Attributes = byImageName(Actor.Attributes, "image");
  return {
    ...document,
    ...(from !== undefined && from === Actor.Attributes.image && { from: Attributes.image }),
    Actor: { ...Actor, Attributes },
  };
}

/** With the name in the field, and without the note, which is the guard's own. */
function byImageName(document: Json, field: string): Json {
  const { Labels } = document;
  const { [imageLabel]: noted, ...labels } = isRecord(Labels) ? Labels : document;
  if (typeof noted !== "string") return document;
  const named = isImageId(String(document[field] ?? "")) ? { [field]: noted } : {};
  return isRecord(Labels) ? { ...document, ...named, Labels: labels } : { ...labels, ...named };
}

type Json = Readonly<Record<string, unknown>>;

function plainText(text: string, space: string): string {
  if (!text.startsWith(space)) return spaceRegistry;
  const rest = text.slice(space.length);
  const slash = rest.indexOf("/");
  if (slash < 0) return rest;
  const registry = rest.slice(0, slash).replace("__", ":");
  const name = rest.slice(slash + 1);
  if (registry !== "docker.io") return `${registry}/${name}`;
  return name.startsWith("library/") ? name.slice("library/".length) : name;
}

/** The reference in full by which BuildKit asks for what is so called in the space. */
export function askedAs(spaced: string, space: string): string {
  return fullReference(plainText(spaced, space));
}
