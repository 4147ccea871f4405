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

/**
 * Whether one of the patterns names the image: as written, or in full. A pattern without a tag takes every tag and digest of
 * its repository; `*` stands for any characters.
 */
export function matchesImage(reference: string, patterns: readonly string[]): boolean {
  const full = fullReference(reference);
  return patterns.some((pattern) => {
    if (pattern.startsWith("*")) return matches(full, pattern);
    const { registry, repository, tag, digest } = parseImageReference(pattern);
    // All of Docker Hub, not its official images alone, as `docker.io/NAME` would be.
    const name = /^(?:index\.)?docker\.io\/\*$/.test(pattern) ? "docker.io/*" : `${registry}/${repository}`;
    if (digest !== undefined) return full === `${name}@${digest}`;
    if (tag !== undefined) return matches(full, `${name}:${tag}`);
    return matches(full.replace(/(?:@sha256:[0-9a-f]+|:[^:/]+)$/, ""), name);
  });
}
