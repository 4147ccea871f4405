import { wildcard } from "../../../base/wildcard.ts";
import { parseImageReference } from "../../../model/container/image-reference.ts";
import { canonicalPath } from "../../../model/host/path.ts";
import type { MountRule } from "../../policy/policy.ts";

/**
 * In a path `*` matches any characters but a slash, and `**` any. Where a part does not match, the latest `*` takes one character
 * more, and where it cannot, the latest `**`: no older one needs another try, so the text is never tried in all ways.
 */
function matchesGlob(path: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  let star: Try | undefined;
  let any: Try | undefined;
  while (at < path.length || next < pattern.length) {
    if (pattern.startsWith("**", next)) {
      any = { at, next: next + 2 };
      star = undefined;
      next += 2;
    } else if (pattern[next] === "*") {
      star = { at, next: next + 1 };
      next += 1;
    } else if (at < path.length && path[at] === pattern[next]) {
      at += 1;
      next += 1;
    } else {
      const again = star && star.at < path.length && path[star.at] !== "/" ? star : any;
      if (again === undefined || again.at >= path.length) return false;
      if (again === any) star = undefined;
      again.at += 1;
      at = again.at;
      next = again.next;
    }
  }
  return true;
}

/** Where a `*` began to be tried, and what follows it. */
interface Try {
  at: number;
  readonly next: number;
}

export function matches(text: string, pattern: string): boolean {
  return wildcard(pattern)(text);
}

/** Whether a canonical path is named by one of the patterns: `/srv/**` is /srv and all below. */
export function matchesPath(path: string, pattern: string): boolean {
  if (!pattern.includes("*")) return path === canonicalPath(pattern);
  if (pattern.endsWith("/**") && matchesPath(path, pattern.slice(0, -3) || "/")) return true;
  return matchesGlob(path, pattern);
}

/** Whether the policy names the path, for this use of it. */
export function isAllowedMount(path: string, readOnly: boolean, rules: readonly MountRule[]): boolean {
  return rules.some((rule) => (readOnly || !rule.readOnly) && matchesPath(canonicalPath(path), rule.source));
}

/** `docker.io/library/nginx:1.27`: every part that Docker fills in, so that two spellings are one. */
export function fullReference(reference: string): string {
  const { registry, repository, tag, digest } = parseImageReference(reference);
  const named = `${registry}/${repository}`;
  if (digest !== undefined) return `${named}@${digest}`;
  return `${named}:${tag ?? "latest"}`;
}

/** Whether two references name the same repository, whatever their tags and digests. */
export function isSameRepository(one: string, other: string): boolean {
  const [a, b] = [parseImageReference(one), parseImageReference(other)];
  return a.registry === b.registry && a.repository === b.repository;
}

/** The parts of a pattern. Each is compared with its own part of a reference, so that a `*` takes nothing of another part. */
export interface ImagePattern {
  /** Undefined where the name begins with `*`, which then covers the registry as well. */
  readonly registry: string | undefined;
  /** The whole name, with the registry, where `registry` is undefined. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

export function parseImagePattern(pattern: string): ImagePattern {
  const { registry, repository, tag, digest } = parseImageReference(pattern);
  const name = withoutTag(pattern);
  // All of Docker Hub, not its official images alone, as `docker.io/NAME` would be.
  if (/^(?:index\.)?docker\.io\/\*$/.test(name)) return { registry, repository: "*", tag, digest };
  const isWhole = name.startsWith("*") && registry === "docker.io";
  return isWhole
    ? { registry: undefined, repository: name, tag, digest }
    : { registry, repository, tag, digest };
}

/** A reference without its tag and its digest. */
export function withoutTag(reference: string): string {
  const named = reference.split("@", 1)[0] ?? "";
  const colon = named.lastIndexOf(":");
  return colon > named.lastIndexOf("/") ? named.slice(0, colon) : named;
}

/**
 * Whether one of the patterns names the image: as written, or in full. A pattern without a tag takes every tag and digest of
 * its repository; `*` matches any characters, in a registry any but a slash.
 */
export function matchesImage(reference: string, patterns: readonly string[]): boolean {
  const image = parseImageReference(reference);
  return patterns.map(parseImagePattern).some(({ registry, repository, tag, digest }) => {
    const isNamed =
      registry === undefined
        ? matches(`${image.registry}/${image.repository}`, repository)
        : matches(image.registry, registry) && matches(image.repository, repository);
    if (!isNamed) return false;
    // Docker takes a digest and drops the tag beside it.
    if (digest !== undefined) return image.digest !== undefined && matches(image.digest, digest);
    return tag === undefined || (image.digest === undefined && matches(image.tag ?? "latest", tag));
  });
}
