import { recordAt, textAt } from "../../../base/json.ts";
import { imageLabel, plainName } from "../image/space.ts";
import { notListed } from "../image/use.ts";
import { referencesOf } from "../objects.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { matches, matchesImage } from "./patterns.ts";
import { against } from "./rules.ts";

/** Where the policy names networks, why not to join this one. */
export function checkNetworkUse(given: string, { policy }: CheckContext, how = "joins"): readonly Reason[] {
  const { networks } = policy.allow;
  const name = plainName(given, policy);
  if (networks.length === 0 || networks.some((pattern) => matches(name, pattern))) return [];
  return against(policy, "guard-network", `${how} the network ${name}, which is not in allow.networks`, {
    list: "networks",
    value: name,
  });
}

/** Docker's name for the default network: `bridge`. Undefined for any other mode. */
export function usualNetwork(mode: string): string | undefined {
  return ["", "default", "bridge"].includes(mode) ? "bridge" : undefined;
}

/** Of a container that is there: the networks that it is on. */
export function checkNetworksOf(document: unknown, context: CheckContext, how = "is on"): readonly Reason[] {
  if (context.policy.allow.networks.length === 0) return [];
  return Object.keys(recordAt({ document }, "document", "NetworkSettings", "Networks"))
    .filter((name) => name !== "none" && name !== "host")
    .flatMap((name) => checkNetworkUse(name, context, how));
}

/** Of a container that is there: whether its image is one that the policy names, by the name it was made of or by another. */
export function checkImageOf(document: unknown, context: CheckContext): readonly Reason[] {
  const { images } = context.policy.allow;
  if (images.length === 0) return [];
  const named = textAt(document, "Config", "Image") ?? "";
  // A name that any policy trusts is one that no client can give to another image.
  if (named !== "" && matchesImage(named, images)) return [];
  const answer = context.ask({ kind: "image", name: textAt(document, "Image") ?? named });
  const others = answer.state === "found" ? referencesOf(answer.document) : [];
  // As the guard noted it, which the image itself cannot say.
  const noted = textAt(document, "Config", "Labels", imageLabel);
  const isInherited =
    answer.state !== "found" || textAt(answer.document, "Config", "Labels", imageLabel) === noted;
  if (noted !== undefined && !isInherited && matchesImage(noted, images)) return [];
  return others.some((each) => matchesImage(each, images)) ? [] : notListed(named, context.policy);
}
