import { askedAs } from "../judge/image/space.ts";
import { type ImagePattern, matches, parseImagePattern } from "../judge/policy/patterns.ts";
import type { Policy } from "../policy/policy.ts";
import type { Message } from "./protobuf.ts";

const deny = 1n;
const allow = 0n;
const convert = 2n;
/** https://github.com/moby/buildkit/blob/v0.13.2/sourcepolicy/pb/policy.proto: `*` matches any characters. */
const wildcard = 0n;
const regex = 2n;

/**
 * The policy's lists of images, for BuildKit itself: whatever a Dockerfile, a frontend or a definition names, the last rule
 * that matches counts. It comes beside the reading of the Dockerfile, and counts from BuildKit 0.11 on.
 */
export function sourcePolicy(policy: Policy, ownImages: readonly string[]): Message | undefined {
  const { space } = policy;
  const converted = space === undefined ? [] : ownImages.map((tag) => conversion(tag, space));
  const rules = [...listRules(policy), ...converted];
  return rules.length === 0 ? undefined : { version: 1n, rules };
}

/** An owner's own image, by the name that his Dockerfile has for it. */
function conversion(spaced: string, space: string): Message {
  const selector = { identifier: `docker-image://${askedAs(spaced, space)}`, match_type: wildcard };
  return { action: convert, selector, updates: { identifier: `docker-image://${spaced}` } };
}

function listRules({ allow: { images, registries }, mode }: Policy): readonly Message[] {
  if (mode !== "enforce" || (images.length === 0 && registries.length === 0)) return [];
  const listed = images.length > 0 ? images : ["*"];
  const patterns = listed.map(parseImagePattern).flatMap((pattern) => within(pattern, registries));
  return [
    { action: deny, selector: { identifier: "docker-image://*", match_type: wildcard } },
    ...patterns.map((pattern) => ({
      action: allow,
      selector: { identifier: `^docker-image://${expressionOf(pattern)}$`, match_type: regex },
    })),
  ];
}

/** What of a pattern is in one of the registries; all of it where none are listed. One that cannot be narrowed is left out. */
function within(pattern: ImagePattern, registries: readonly string[]): readonly ImagePattern[] {
  if (registries.length === 0) return [pattern];
  const { registry, repository } = pattern;
  return registries.flatMap((each): readonly ImagePattern[] => {
    if (registry === undefined) {
      // The star at the beginning covers the registry, or the registry and a part of the repository.
      const rest = repository.slice(1);
      const below = { ...pattern, registry: each, repository };
      return rest.startsWith("/") ? [{ ...below, repository: rest.slice(1) }, below] : [below];
    }
    if (matches(registry, each)) return [pattern];
    return matches(each, registry) ? [{ ...pattern, registry: each }] : [];
  });
}

/** BuildKit names an image in full, and a digest follows the tag once it is known. */
function expressionOf({ registry, repository, tag, digest }: ImagePattern): string {
  const name =
    registry === undefined
      ? withStars(repository, "[^@]*")
      : `${withStars(registry, "[^/@]*")}/${withStars(repository, "[^:@]*")}`;
  if (digest !== undefined) return `${name}(:[^/:@]+)?@${withStars(digest, "[^@]*")}`;
  const tagged = tag === undefined ? "(:[^/:@]+)?" : `:${withStars(tag, "[^/:@]*")}`;
  return `${name}${tagged}(@[^@]+)?`;
}

/** A pattern as a regular expression, in which the stars stand for `any`. */
function withStars(pattern: string, any: string): string {
  return pattern
    .split(/\*+/)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
    .join(any);
}
