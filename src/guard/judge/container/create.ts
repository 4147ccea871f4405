import { isRecord, recordAt } from "../../../base/json.ts";
import { readCreateRequest } from "../../../formats/create-request/read.ts";
import { writeCreateRequest } from "../../../formats/create-request/write.ts";
import { spellRunPatch } from "../../../formats/run-command/spell.ts";
import type { Container } from "../../../model/container.ts";
import { set, setItems } from "../../../model/fact.ts";
import type { UnderstoodRequest } from "../../request/request.ts";
import { checkFields } from "../fields.ts";
import { imageLabel, imagesLabels } from "../image/space.ts";
import { checkImageUse } from "../image/use.ts";
import { type Found, findObject, type ImageId, imageIdOf } from "../objects.ts";
import { withoutAllowed } from "../policy/exempt.ts";
import { inheritedLabels } from "../policy/labels.ts";
import { labelled } from "../policy/owner.ts";
import type { Reason } from "../result.ts";
import type { CheckContext, CheckResult } from "../route-check.ts";
import { withOwnVolumes } from "../volume/own-volumes.ts";
import { readOnlyPatches } from "./bound-folders.ts";
import { createFields } from "./create-fields.ts";
import { checkContainerName, withNames } from "./create-names.ts";
import { judgeRun, type Run } from "./existing.ts";
import { type Hardened, harden } from "./harden.ts";
import { withoutHostRights } from "./host-rights.ts";
import { engineOf, imageOf } from "./known.ts";
import { lookAt } from "./look.ts";
import { checkMaxima } from "./maxima.ts";

/** `POST /containers/create`: deny first, then harden, then judge the result again. */
export function checkCreate(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const { policy } = context;
  const named = withNames(request.body, context);
  const volumes = withOwnVolumes(named.body, context);
  const own = labelled(volumes.body, context);
  const image = findImage(own.body, context);
  const { body, view: read, changes: closed } = withReadOnly(own.body, context);
  const judged = (view: Container) => withImageUser(inVersion(view, request.version), image.answer);
  const before = lookAt(judged(read), context, "first");
  const top = recordAt({ body }, "body");
  const run: Run = {
    view: before.view,
    hostConfig: recordAt(top, "HostConfig"),
    labels: inheritedLabels(top, image.answer),
    user: top.User,
  };
  const isDue = ({ rule }: Reason) => image.answer.state !== "missing" || !aboutImage.has(rule);
  const denied = [
    ...named.reasons,
    ...checkContainerName(request.query.get("name")?.[0] ?? "", context),
    ...volumes.reasons,
    ...guardsVolumes(read, policy),
    ...image.reasons,
    ...own.reasons,
    ...checkImageUse(image, context),
    ...checkFields(top, createFields, context),
    // Those that it sets itself were judged before the owner's was added.
    ...judgeRun(run, before, context, "has by its image"),
  ].filter(isDue);
  const isEnforced = policy.mode === "enforce";
  // A volume that hardening adds is the owner's, too.
  const sent = (made: unknown) => {
    const body = recordAt({ at: withOwnVolumes(made, context).body }, "at");
    const given = recordAt(body, "Labels");
    const brought = recordAt({ at: inheritedLabels({}, image.answer) }, "at");
    const Labels = { ...given, ...imagesLabels(brought, given, policy) };
    return {
      ...request,
      body: withImage(policy.prefix === undefined ? body : { ...body, Labels }, image, context),
    };
  };
  const asNamed = sent(body);
  if (denied.length > 0 && isEnforced) return { request: asNamed, reasons: denied };
  const hardened = harden(body, read, withoutAllowed(before.view, policy), image.answer, context);
  const after = denied.length > 0 ? [] : lookAt(judged(hardened.view), context, "final").reasons;
  const safe = withoutHostRights(hardened.body, judged(hardened.view), context);
  const changes = [...hardened.changes, ...safe.changes];
  return {
    request: isEnforced && changes.length > 0 ? sent(safe.body) : asNamed,
    reasons: [
      ...denied,
      ...hardened.reasons,
      ...safe.reasons,
      ...after.filter(isDue),
      ...(hardened.reasons.length > 0
        ? []
        : checkMaxima(hardened.view, policy, { asked: read, engine: engineOf(context) })),
    ],
    changes: [...closed, ...changes],
    notes: before.notes,
  };
}

/** A client names a folder by its path, so that it is judged by that. */
function guardsVolumes(view: Container, policy: CheckContext["policy"]): readonly Reason[] {
  return setItems(view.mounts).flatMap(({ value: { type, source = "" } }): Reason[] => {
    const folder = type === "volume" ? policy.folders?.named(source) : undefined;
    if (!folder) return [];
    const message = `mounts the volume ${source}, by which the guard mounts ${folder.root}: mount the folder by its path`;
    return [{ rule: "guard-own-files", message }];
  });
}

/**
 * What dockerd gets: the image by its id, so that what was judged is what is made. Its name is noted in a label, for answers.
 * A label that a client sends is kept if it names the same image.
 */
function withImage(body: unknown, { name, answer }: Found, context: CheckContext): unknown {
  const Image = imageIdOf(answer);
  if (Image === undefined || !isRecord(body)) return body;
  if (context.policy.mode !== "enforce") return { ...body, Image: name };
  const { [imageLabel]: said, ...labels } = recordAt(body, "Labels");
  const noted = name === Image ? sameImage(said, Image, context) : name;
  if (noted === undefined) return { ...body, Image, ...(said !== undefined && { Labels: labels }) };
  return { ...body, Image, Labels: { ...labels, [imageLabel]: noted } };
}

function sameImage(said: unknown, id: ImageId, context: CheckContext): string | undefined {
  if (typeof said !== "string") return undefined;
  const { name, answer } = findObject("image", said, context);
  return imageIdOf(answer) === id && name !== id ? name : undefined;
}

/** The time zone and public certificates are mounted read-only, also where the request leaves that out. */
function withReadOnly(body: unknown, context: CheckContext): Hardened {
  const { policy } = context;
  const view = readCreateRequest(body);
  const patches =
    policy.mode === "enforce" && policy.override === "replace" ? readOnlyPatches(view, context) : [];
  if (patches.length === 0) return { body, view, changes: [], reasons: [] };
  const written = writeCreateRequest(body, patches, view);
  const made = patches.map((patch) => ({
    control: "guard-bind-mount",
    patch,
    flag: spellRunPatch(patch),
    replaced: true,
  }));
  return { body: written.document, view: written.view, changes: made, reasons: [] };
}

/** The image that a create request names. */
export function findImage(body: unknown, context: CheckContext): Found {
  return findObject("image", String(recordAt({ body }, "body").Image ?? ""), context);
}

/** Rules that depend on the image. If it is missing, the client gets that answer, pulls it and asks again. */
const aboutImage: ReadonlySet<string> = new Set(["root-user", "guard-user"]);

/** Who the image starts as, for a request that does not say. */
function withImageUser(view: Container, answer: Found["answer"]): Container {
  const image = imageOf(answer);
  if (!image) return view;
  return { ...view, imageUser: image.user.state === "unset" ? set("") : image.user };
}

/**
 * Before API 1.44 `:ro` of a bind leaves what is mounted below it writable.
 *
 * @see https://docs.docker.com/reference/api/engine/version-history/#v144-api-changes
 */
function inVersion(view: Container, version: UnderstoodRequest["version"]): Container {
  if (version === undefined || version.minor >= 44) return view;
  const mounts = view.mounts.map((item) =>
    item.state === "set" && item.value.type === "bind" && item.value.readOnly
      ? { ...item, value: { ...item.value, isWritableBelow: true as const } }
      : item,
  );
  return { ...view, mounts };
}
