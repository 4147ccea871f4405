import { parseImageReference } from "../../../model/container/image-reference.ts";
import type { Policy } from "../../policy/policy.ts";
import { type Found, referencesOf } from "../objects.ts";
import { matches, matchesImage } from "../policy/patterns.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";

/** Why no container may be made of the image: the policy names others, by name or by digest. */
export function checkImageUse({ name, answer }: Found, { policy }: CheckContext): readonly Reason[] {
  const { images } = policy.allow;
  if (images.length === 0 || answer.state !== "found") return [];
  const references = referencesOf(answer.document);
  const digests = images.filter((pattern) => pattern.includes("@"));
  const isByDigest = references.some((each) => each.includes("@") && matchesImage(each, digests));
  const names = name === answer.id ? references : [name];
  return isByDigest || names.some((each) => matchesImage(each, images)) ? [] : notListed(name, policy);
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
