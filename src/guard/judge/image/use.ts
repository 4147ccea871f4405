import { parseImageReference } from "../../../model/image-reference.ts";
import type { Policy } from "../../policy/policy.ts";
import { type Found, referencesOf } from "../objects.ts";
import { matches, matchesImage } from "../policy/patterns.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";

/**
 * Whether a container may be made of the image. One that the policy names by digest is started by its id, so that a tag that
 * moves meanwhile changes nothing.
 */
export function checkImageUse(
  found: Found,
  { policy }: CheckContext,
): { readonly name: string; readonly reasons: readonly Reason[] } {
  const { name, answer } = found;
  if (policy.allow.images.length === 0 || answer.state !== "found") return { name, reasons: [] };
  const digests = policy.allow.images.filter((pattern) => pattern.includes("@"));
  const references = referencesOf(answer.document);
  if (references.some((each) => each.includes("@") && matchesImage(each, digests))) {
    return { name: answer.id, reasons: [] };
  }
  const names = name === answer.id ? references : [name];
  if (names.some((each) => matchesImage(each, policy.allow.images))) return { name, reasons: [] };
  return { name, reasons: notListed(name, policy) };
}

/** Whether an image may be fetched or sent away under the reference. */
export function checkReference(
  reference: string,
  { policy }: Pick<CheckContext, "policy">,
): readonly Reason[] {
  const { images } = policy.allow;
  return [
    ...(images.length === 0 || matchesImage(reference, images) ? [] : notListed(reference, policy)),
    ...checkRegistry(parseImageReference(reference).registry, policy),
  ];
}

/** Why not to speak to a registry: the policy names others. */
export function checkRegistry(registry: string, policy: Policy): readonly Reason[] {
  const { registries } = policy.allow;
  if (registries.length === 0 || registries.some((pattern) => matches(registry, pattern))) return [];
  return against(
    policy,
    "guard-registry",
    `names the registry ${registry}, which is not in allow.registries`,
    { list: "registries", value: registry },
  );
}

/** Why not to use an image that is not on the list. */
export function notListed(reference: string, policy: Policy): readonly Reason[] {
  return against(policy, "guard-image", `names the image ${reference}, which is not in allow.images`, {
    list: "images",
    value: reference,
  });
}
