import { isRecord, recordAt } from "../../../base/json.ts";
import { readCreateRequest } from "../../../formats/create-request/read.ts";
import type { Container } from "../../../model/container.ts";
import { set } from "../../../model/fact.ts";
import type { UnderstoodRequest } from "../../request/request.ts";
import { checkFields } from "../fields.ts";
import { checkImageUse } from "../image/use.ts";
import { type Found, findObject } from "../objects.ts";
import { withoutAllowed } from "../policy/exempt.ts";
import { checkFurtherLabels } from "../policy/labels.ts";
import { labelled } from "../policy/owner.ts";
import type { Reason } from "../result.ts";
import type { CheckContext, CheckResult } from "../route-check.ts";
import { withOwnVolumes } from "../volume/own-volumes.ts";
import { checkBoundFolders } from "./bound-folders.ts";
import { checkContainerName } from "./container-names.ts";
import { createFields, endpointFields } from "./create-fields.ts";
import { withNames } from "./create-names.ts";
import { entered } from "./existing.ts";
import { checkUserGroup } from "./groups.ts";
import { harden } from "./harden.ts";
import { hostConfigFields, mountsOf } from "./host-config.ts";
import { imageOf } from "./known.ts";
import { lookAt } from "./look.ts";
import { checkMaxima } from "./maxima.ts";
import { checkMountRules } from "./mounts.ts";
import { checkSecurityOptions } from "./security-options.ts";
import { checkNamedUser, checkUser } from "./users.ts";

/** `POST /containers/create`: deny first, then harden, then judge the result again. */
export function checkCreate(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const named = withNames(request.body, context);
  const volumes = withOwnVolumes(named.body, context);
  const own = labelled(volumes.body, context);
  const image = findImage(own.body, context);
  const use = checkImageUse(image, context);
  const body = isRecord(own.body) ? { ...own.body, Image: use.name } : own.body;
  const read = readCreateRequest(body);
  const before = lookAt(withImage(read, image.answer), context, "first");
  const folders = checkBoundFolders(before.view, before.reasons, context);
  const isDue = ({ rule }: Reason) => image.answer.state !== "missing" || !aboutImage.has(rule);
  const denied = [
    ...named.reasons,
    ...checkContainerName(request.query.get("name")?.[0] ?? "", context),
    ...volumes.reasons,
    ...image.reasons,
    ...own.reasons,
    ...use.reasons,
    ...checkFurtherLabels(recordAt({ body }, "body"), image.answer, context),
    ...checkBody(body, before.view, context),
    ...before.reasons,
    ...folders,
  ].filter(isDue);
  const asNamed = { ...request, body };
  const { policy } = context;
  if (denied.length > 0 && policy.mode === "enforce") return { request: asNamed, reasons: denied };
  const hardened = harden(body, read, withoutAllowed(before.view, policy), context);
  const after =
    denied.length > 0 ? [] : lookAt(withImage(hardened.view, image.answer), context, "final").reasons;
  const isMade = policy.mode === "enforce" && hardened.changes.length > 0;
  return {
    request: isMade ? { ...request, body: hardened.body } : asNamed,
    reasons: [
      ...denied,
      ...hardened.reasons,
      ...after.filter(isDue),
      ...(hardened.reasons.length > 0 ? [] : checkMaxima(hardened.view, policy)),
    ],
    changes: hardened.changes,
    notes: before.notes,
  };
}

/** The image that a create request names. */
export function findImage(body: unknown, context: CheckContext): Found {
  return findObject("image", String(recordAt({ body }, "body").Image ?? ""), context);
}

/** Rules that depend on the image. If it is missing, the client gets that answer, pulls it and asks again. */
const aboutImage: ReadonlySet<string> = new Set(["root-user", "guard-user"]);

/** Who the image starts as, for a request that does not say. */
function withImage(view: Container, answer: Found["answer"]): Container {
  const image = imageOf(answer);
  if (!image) return view;
  return { ...view, imageUser: image.user.state === "unset" ? set("") : image.user };
}

/** The guard's own rules, field by field. */
function checkBody(body: unknown, view: Container, context: CheckContext): readonly Reason[] {
  const top = recordAt({ body }, "body");
  const hostConfig = recordAt(top, "HostConfig");
  const endpoints = recordAt(top, "NetworkingConfig", "EndpointsConfig");
  return [
    ...checkFields(top, createFields, context),
    ...checkFields(hostConfig, hostConfigFields, context),
    ...Object.values(endpoints).flatMap((endpoint) =>
      checkFields(recordAt({ endpoint }, "endpoint"), endpointFields, context),
    ),
    ...checkSecurityOptions(hostConfig.SecurityOpt, context),
    ...checkMountRules(view, mountsOf(hostConfig), context),
    ...checkUser(view, context),
    ...checkNamedUser(view, context),
    ...checkUserGroup(top.User, context),
    ...entered(hostConfig, context),
  ];
}
