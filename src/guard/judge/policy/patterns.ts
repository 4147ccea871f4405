import { wildcard } from "../../../base/wildcard.ts";
import { canonicalPath } from "../../../model/host/path.ts";
import { parseImageReference } from "../../../model/image-reference.ts";
import type { MountRule } from "../../policy/policy.ts";

const compiled = new Map<string, RegExp>();

/** In a path `*` matches any characters but a slash, and `**` any. */
function pathPattern(text: string): RegExp {
  const known = compiled.get(text);
  if (known) return known;
  const source = text
    .split(/(\*\*|\*)/)
    .map((part) => {
      if (part === "**") return ".*";
      if (part === "*") return "[^/]*";
      return part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&");
    })
    .join("");
  const made = new RegExp(`^${source}$`, "s");
  compiled.set(text, made);
  return made;
}

export function matches(text: string, pattern: string): boolean {
  return wildcard(pattern)(text);
}

/** Whether a canonical path is named by one of the patterns: `/srv/**` is /srv and all below. */
export function matchesPath(path: string, pattern: string): boolean {
  const whole = /^(.*)\/\*\*$/.exec(pattern)?.[1];
  if (whole !== undefined && matchesPath(path, whole === "" ? "/" : whole)) return true;
  if (!pattern.includes("*")) return path === canonicalPath(pattern);
  return pathPattern(pattern).test(path);
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
