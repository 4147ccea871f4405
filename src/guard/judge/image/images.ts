import { recordAt } from "../../../base/json.ts";
import type { UnderstoodRequest } from "../../request/request.ts";
import { documentOf, findObject } from "../objects.ts";
import { ownImageReasons } from "../policy/owner.ts";
import { matchesImage, withoutTag } from "../policy/patterns.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext, CheckResult } from "../route-check.ts";
import { withNewName } from "./names.ts";
import { checkReference, checkRegistry } from "./use.ts";

/** `POST /images/create`: a pull with `fromImage`, an import with `fromSrc`. Neither is read as an import, both as both. */
export function checkImageCreate(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const { query } = request;
  const image = query.get("fromImage")?.[0] ?? "";
  const source = query.get("fromSrc")?.[0] ?? "";
  const isImport = image === "" || source !== "";
  const named = isImport ? withNewName(request, context) : { request, reasons: [] };
  return {
    request: named.request,
    reasons: [
      ...(isImport ? importReasons(source, context) : []),
      ...(named.reasons ?? []),
      ...(image === "" ? [] : pulled(request, image).flatMap((each) => checkReference(each, context))),
    ],
  };
}

/** Every reference that the Engine might make of the name and the tag; without a tag it pulls them all. */
function pulled({ query }: UnderstoodRequest, image: string): readonly string[] {
  const tag = query.get("tag")?.[0] ?? "";
  const name = withoutTag(image);
  const own = image === name ? [] : [image];
  if (tag !== "") return [...own, `${name}${tag.includes(":") ? "@" : ":"}${tag}`];
  return own.length > 0 ? own : [`${name}:*`];
}

function importReasons(source: string, context: CheckContext) {
  const { policy } = context;
  return [
    ...against(
      policy,
      "guard-image-import",
      "makes an image from an archive: nothing shows what is in it or where it comes from",
    ),
    ...(source === "" || source === "-"
      ? []
      : against(
          policy,
          "guard-outgoing",
          "makes the Engine fetch an archive from an address of the client's choice",
        )),
  ];
}

export function checkImageLoad(_: UnderstoodRequest, { policy }: CheckContext): CheckResult {
  return {
    reasons: against(
      policy,
      "guard-image-load",
      "loads images from an archive, under the names in it: they may replace other images",
    ),
  };
}

/** `POST /images/{image}/push`. */
export function checkImagePush(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const name = request.params.image ?? "";
  const tag = request.query.get("tag")?.[0] ?? "";
  const reference = tag === "" ? name : `${withoutTag(name)}:${tag}`;
  // Without a tag the Engine pushes all that there are.
  const found =
    tag === "" && context.policy.owner === undefined ? undefined : findObject("image", reference, context);
  return {
    reasons: [
      ...against(
        context.policy,
        "guard-image-push",
        `sends ${reference} to a registry, with whatever was built into it`,
      ),
      ...checkReference(reference, context),
      ...unnamedReasons(reference, context),
      ...(found?.reasons ?? []),
      ...(found?.answer.state === "found" ? ownImageReasons(found.answer.document, reference, context) : []),
      ...(found && tag === "" ? everyTagReasons(name) : []),
    ],
  };
}

/** What is pushed has its name on this Engine, too, where others would start it. */
export function unnamedReasons(reference: string, { policy }: CheckContext): readonly Reason[] {
  if (policy.space === undefined || matchesImage(reference, policy.allow.names)) return [];
  const message = `pushes ${reference}, which is not in allow.names: this client makes other names in its own space only`;
  return [{ rule: "guard-image-tag", message, allow: { list: "names", value: reference } }];
}

function everyTagReasons(name: string): readonly Reason[] {
  const message = `pushes every tag of ${name}, of which some may be another's: name one`;
  return [{ rule: "guard-owner", message }];
}

/** `POST /images/{image}/tag`. */
export function checkImageTag(request: UnderstoodRequest, context: CheckContext): CheckResult {
  return withNewName(request, context);
}

/** `DELETE /images/{image}`: an image is everybody's to run, and its maker's to remove. */
export function checkImageDelete(request: UnderstoodRequest, context: CheckContext): CheckResult {
  return {
    reasons: ownImageReasons(documentOf("image", request, context), request.params.image ?? "", context),
  };
}

/** `POST /images/prune`: whose the names were is noted first, for they are free afterwards. */
export function checkImagePrune(_: UnderstoodRequest, context: CheckContext): CheckResult {
  const answer = context.ask({ kind: "images" });
  if (answer.state === "found") return {};
  const why = answer.state === "unknown" ? answer.reason : "the Engine does not list them";
  return { reasons: [{ rule: "guard-unknown", message: `which images are removed is not known: ${why}` }] };
}

/** `GET /images/get`: the images are named in the query. */
export function checkImageSave(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const found = (request.query.get("names") ?? []).map((name) => findObject("image", name, context));
  return {
    request: { ...request, query: new Map([...request.query, ["names", found.map(({ name }) => name)]]) },
    reasons: found.flatMap(({ reasons }) => reasons),
  };
}

/**
 * A login reaches no further than a pull, which takes credentials likewise: the registries on the list, or any where there is
 * none. The Engine takes the host of the address, whatever its scheme and path.
 */
export function checkLogin(request: UnderstoodRequest, { policy }: CheckContext): CheckResult {
  const { serveraddress } = recordAt({ body: request.body }, "body");
  const address = typeof serveraddress === "string" ? serveraddress : "";
  const host = address.replace(/^https?:\/\//, "").replace(/[/?#].*/s, "");
  const registry = host === "" || host === "index.docker.io" ? "docker.io" : host;
  return { reasons: checkRegistry(registry, policy) };
}
