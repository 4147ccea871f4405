import type { CanonicalRequest } from "../request/request.ts";
import type { Reason } from "./decision.ts";
import { judgeNewName, targetOf, withoutTag } from "./image-names.ts";
import { judgeReference } from "./image-use.ts";
import type { Around, Judgement } from "./judge.ts";
import { documentOf, findObject } from "./objects.ts";
import { ownImageReasons } from "./owner.ts";
import { against } from "./rules.ts";

/** `POST /images/create`: a pull with `fromImage`, an import with `fromSrc`. Neither is read as an import, both as both. */
export function judgeImageCreate(request: CanonicalRequest, around: Around): Judgement {
  const { query } = request;
  const image = query.get("fromImage")?.[0] ?? "";
  const source = query.get("fromSrc")?.[0] ?? "";
  const isImport = image === "" || source !== "";
  return {
    reasons: [
      ...(isImport ? importReasons(request, source, around) : []),
      ...(image === "" ? [] : pulled(request, image).flatMap((each) => judgeReference(each, around))),
    ],
  };
}

/** Every reference that the Engine might make of the name and the tag; without a tag it pulls them all. */
function pulled({ query }: CanonicalRequest, image: string): readonly string[] {
  const tag = query.get("tag")?.[0] ?? "";
  const name = withoutTag(image);
  const own = image === name ? [] : [image];
  if (tag !== "") return [...own, `${name}${tag.includes(":") ? "@" : ":"}${tag}`];
  return own.length > 0 ? own : [`${name}:*`];
}

function importReasons(request: CanonicalRequest, source: string, around: Around) {
  const { policy } = around;
  return [
    ...against(
      policy,
      "guard-image-import",
      "makes an image of an archive: nothing tells what is in it, or whom it is from",
    ),
    ...(source === "" || source === "-"
      ? []
      : against(
          policy,
          "guard-outgoing",
          "makes the Engine fetch an archive from an address of the client's choice",
        )),
    ...judgeNewName(targetOf(request, "repo"), around),
  ];
}

export function judgeImageLoad(_: CanonicalRequest, { policy }: Around): Judgement {
  return {
    reasons: against(
      policy,
      "guard-image-load",
      "loads images from an archive, under the names that stand in it: they may take the place of others",
    ),
  };
}

/** `POST /images/{image}/push`. */
export function judgeImagePush(request: CanonicalRequest, around: Around): Judgement {
  const name = request.params.image ?? "";
  const tag = request.query.get("tag")?.[0] ?? "";
  const reference = tag === "" ? name : `${withoutTag(name)}:${tag}`;
  // Without a tag the Engine pushes all that there are.
  const found =
    tag === "" && around.policy.owner === undefined ? undefined : findObject("image", reference, around);
  return {
    reasons: [
      ...against(
        around.policy,
        "guard-image-push",
        `sends ${reference} to a registry, with whatever was built into it`,
      ),
      ...judgeReference(reference, around),
      ...(found?.reasons ?? []),
      ...(found?.answer.state === "found" ? ownImageReasons(found.answer.document, reference, around) : []),
      ...(found && tag === "" ? everyTagReasons(name) : []),
    ],
  };
}

function everyTagReasons(name: string): readonly Reason[] {
  const message = `pushes every tag of ${name}, of which some may be another's: name one`;
  return [{ rule: "guard-owner", message }];
}

/** `POST /images/{image}/tag`. */
export function judgeImageTag(request: CanonicalRequest, around: Around): Judgement {
  return { reasons: judgeNewName(targetOf(request, "repo"), around) };
}

/** `DELETE /images/{image}`: an image is everybody's to run, and its maker's to remove. */
export function judgeImageDelete(request: CanonicalRequest, around: Around): Judgement {
  return {
    reasons: ownImageReasons(documentOf("image", request, around), request.params.image ?? "", around),
  };
}

/** `GET /images/get`: the images are named in the query. */
export function judgeImageSave(request: CanonicalRequest, around: Around): Judgement {
  const found = (request.query.get("names") ?? []).map((name) => findObject("image", name, around));
  return {
    request: { ...request, query: new Map([...request.query, ["names", found.map(({ name }) => name)]]) },
    reasons: found.flatMap(({ reasons }) => reasons),
  };
}

/** Searches, registry look-ups and logins: the Engine goes out from the host's network. */
export function judgeOutgoing({ route }: CanonicalRequest, { policy }: Around): Judgement {
  if (policy.routes[route.id] === "allow") return {};
  return {
    reasons: against(
      policy,
      "guard-outgoing",
      `makes the Engine connect to a registry of the client's choice from the host's network (${route.id})`,
      { list: "routes", value: route.id },
    ),
  };
}
