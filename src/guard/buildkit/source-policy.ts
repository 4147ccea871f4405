import { parseImageReference } from "../../model/container/image-reference.ts";
import { askedAs } from "../judge/image/space.ts";
import type { Policy } from "../policy/policy.ts";
import type { Message } from "./protobuf.ts";

const deny = 1n;
const allow = 0n;
const convert = 2n;
/** `*` and `?` stand for any characters: the pattern's form of https://github.com/moby/buildkit/blob/v0.13.2/sourcepolicy/pb/policy.proto */
const wildcard = 0n;

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
  const named =
    images.length > 0 ? images.flatMap(identifiersOf) : registries.map((registry) => `${registry}/*`);
  return [
    rule(deny, "docker-image://*"),
    ...named.map((identifier) => rule(allow, `docker-image://${identifier}`)),
  ];
}

function rule(action: bigint, identifier: string): Message {
  return { action, selector: { identifier, match_type: wildcard } };
}

/** A pattern of the policy in BuildKit's full form, in which a digest follows the tag once it is known. */
function identifiersOf(pattern: string): readonly string[] {
  if (pattern.startsWith("*")) return [pattern, `${pattern}@sha256:*`];
  const { registry, repository, tag, digest } = parseImageReference(pattern);
  const name = /^(?:index\.)?docker\.io\/\*$/.test(pattern) ? "docker.io/*" : `${registry}/${repository}`;
  if (digest !== undefined) return [`${name}@${digest}`, `${name}:*@${digest}`];
  const tagged = `${name}:${tag ?? "*"}`;
  return [tagged, `${tagged}@sha256:*`, ...(tag === undefined ? [name, `${name}@sha256:*`] : [])];
}
