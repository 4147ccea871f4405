import type { UnderstoodRequest } from "../../request/request.ts";
import { ownImageReasons } from "../policy/owner.ts";
import { fullReference, matchesImage, withoutTag } from "../policy/patterns.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext, CheckResult } from "../route-check.ts";
import { type ImageOrigin, originOf } from "./origin.ts";
import { isSpaced, ownImageName } from "./space.ts";

/** The reference that a `repo` (or another parameter) and a `tag` make together; undefined where no name is given. */
export function targetOf({ query }: UnderstoodRequest, repository: string): string | undefined {
  const name = query.get(repository)?.[0] ?? "";
  const tag = query.get("tag")?.[0] ?? "";
  if (name === "") return undefined;
  if (tag === "") return name;
  return `${withoutTag(name)}${tag.includes(":") ? "@" : ":"}${tag}`;
}

/** A name that a request makes, as the Engine gets it. */
export interface NewName {
  readonly name: string;
  readonly reasons: readonly Reason[];
}

/** Under an owner a name is made in the client's own space, where nobody else's reference leads. */
export function newName(reference: string, context: CheckContext): NewName {
  const { space, allow } = context.policy;
  if (isSpaced(fullReference(reference)))
    return refused(reference, "which is where the guard keeps the names of its clients");
  if (space === undefined || matchesImage(reference, allow.names))
    return { name: reference, reasons: checkNewName(reference, context) };
  const name = ownImageName(reference, context.policy);
  return name === undefined
    ? refused(reference, "which no client can make: it needs a tag, not a digest")
    : { name, reasons: [] };
}

function refused(reference: string, why: string): NewName {
  return {
    name: reference,
    reasons: [{ rule: "guard-owner", message: `takes the name ${reference}, ${why}` }],
  };
}

/** The request with the name of `repo` and `tag` as the Engine gets it. */
export function withNewName(
  request: UnderstoodRequest,
  context: CheckContext,
): CheckResult & { readonly request: UnderstoodRequest } {
  const reference = targetOf(request, "repo");
  if (reference === undefined) return { request, reasons: [] };
  const { name, reasons } = newName(reference, context);
  if (name === reference) return { request, reasons };
  const repo = withoutTag(name);
  const query = new Map([...request.query, ["repo", [repo]], ["tag", [name.slice(repo.length + 1)]]]);
  return { request: { ...request, query }, reasons };
}

/**
 * Why an image that is made, imported or tagged here may not take the name: another image that came from a registry has it, or
 * the policy names it, so that what is started by it is no longer what was meant. An image that was made here may be made anew.
 */
function checkNewName(reference: string, context: CheckContext): readonly Reason[] {
  const { policy } = context;
  if (/^docker\.io\/library\/[0-9a-f]{4,64}[:@]/.test(fullReference(reference)))
    return against(
      policy,
      "guard-name",
      `takes the name ${reference}, which can be mistaken for an image id: anyone who means that image would get this one`,
    );
  const trusted = policy.trustedImages ?? policy.allow.images;
  if (trusted.length > 0 && matchesImage(reference, trusted)) {
    return against(
      policy,
      "guard-image-tag",
      `takes the name ${reference}, which the policy trusts: what is started by it would be the client's`,
    );
  }
  const answer = context.ask({ kind: "image", name: fullReference(reference) });
  if (answer.state === "unknown") {
    return [
      { rule: "guard-unknown", message: `whose the name ${reference} is, is not known: ${answer.reason}` },
    ];
  }
  if (answer.state === "found") {
    const { document } = answer;
    return takenReasons(reference, document, originOf(reference, document), "from", context);
  }
  // A client that starts it by its name does not know that it was removed.
  const { former } = answer;
  return former === undefined ? [] : takenReasons(reference, former, former.origin, "of", context);
}

function takenReasons(
  reference: string,
  document: unknown,
  origin: ImageOrigin,
  how: "from" | "of",
  context: CheckContext,
): readonly Reason[] {
  const foreign = ownImageReasons(document, reference, context);
  if (foreign.length > 0)
    return how === "from" ? foreign : foreign.map((reason) => formerly(reference, reason));
  if (context.policy.owner || origin === "here") return [];
  const taken = how === "from" ? `from an image that` : `of an image that was removed and`;
  return against(
    context.policy,
    "guard-image-tag",
    origin === "registry"
      ? `takes the name ${reference} ${taken} came from a registry: anyone who starts it would start the client's`
      : `takes the name ${reference} ${taken} may have come from a registry: this Engine does not say whether it did. With containerd's image store it says so from 29.2 on, of what was built or pulled; under an owner the labels say whose it is`,
  );
}

function formerly(reference: string, { rule }: Reason): Reason {
  const message = `takes the name ${reference} of an image that was removed, and that this client did not make`;
  return { rule, message };
}
