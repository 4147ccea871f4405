import { isRecord, recordAt } from "../../engine/records.ts";
import { readCreateRequest } from "../../formats/create-request/read.ts";
import type { Container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import type { CanonicalRequest } from "../request/request.ts";
import { createFields, endpointFields } from "./create-fields.ts";
import { withNames } from "./create-names.ts";
import type { Reason } from "./decision.ts";
import { withoutAllowed } from "./exempt.ts";
import { entered } from "./existing.ts";
import { judgeFields } from "./fields.ts";
import { harden } from "./harden.ts";
import { hostConfigFields, mountsOf } from "./host-config.ts";
import { judgeImageUse } from "./image-use.ts";
import type { Around, Judgement } from "./judge.ts";
import { imageOf } from "./known.ts";
import { judgeFurtherLabels } from "./labels.ts";
import { lookAt } from "./look.ts";
import { judgeMountRules } from "./mounts.ts";
import { type Found, findObject } from "./objects.ts";
import { withOwnVolumes } from "./own-volumes.ts";
import { labelled } from "./owner.ts";
import { judgeSecurityOptions } from "./security-options.ts";
import { judgeUser } from "./users.ts";

/** `POST /containers/create`: deny first, then harden, then judge the result again. */
export function judgeCreate(request: CanonicalRequest, around: Around): Judgement {
  const named = withNames(request.body, around);
  const volumes = withOwnVolumes(named.body, around);
  const own = labelled(volumes.body, around);
  const image = findImage(own.body, around);
  const use = judgeImageUse(image, around);
  const body = isRecord(own.body) ? { ...own.body, Image: use.name } : own.body;
  const read = readCreateRequest(body);
  const before = lookAt(withImage(read, image.answer), around, "first");
  const isDue = ({ rule }: Reason) => image.answer.state !== "missing" || !aboutImage.has(rule);
  const denied = [
    ...named.reasons,
    ...volumes.reasons,
    ...image.reasons,
    ...own.reasons,
    ...use.reasons,
    ...judgeFurtherLabels(recordAt({ body }, "body"), image.answer, around),
    ...judgeBody(body, before.view, around),
    ...before.reasons,
  ].filter(isDue);
  const asNamed = { ...request, body };
  const { policy } = around;
  if (denied.length > 0 && policy.mode === "enforce") return { request: asNamed, reasons: denied };
  const hardened = harden(body, read, withoutAllowed(before.view, policy), around);
  const after =
    denied.length > 0 ? [] : lookAt(withImage(hardened.view, image.answer), around, "final").reasons;
  const isMade = policy.mode === "enforce" && hardened.changes.length > 0;
  return {
    request: isMade ? { ...request, body: hardened.body } : asNamed,
    reasons: [...denied, ...hardened.reasons, ...after.filter(isDue)],
    changes: hardened.changes,
    notes: before.notes,
  };
}

/** The image that a create request names. */
export function findImage(body: unknown, around: Around): Found {
  return findObject("image", String(recordAt({ body }, "body").Image ?? ""), around);
}

/** What an image decides that is not there yet: the client is told so, pulls it and asks again. */
const aboutImage: ReadonlySet<string> = new Set(["root-user", "guard-user"]);

/** Who the image starts as, for a request that does not say. */
function withImage(view: Container, answer: Found["answer"]): Container {
  const image = imageOf(answer);
  if (!image) return view;
  return { ...view, imageUser: image.user.state === "unset" ? set("") : image.user };
}

/** The guard's own rules, field by field. */
function judgeBody(body: unknown, view: Container, around: Around): readonly Reason[] {
  const top = recordAt({ body }, "body");
  const hostConfig = recordAt(top, "HostConfig");
  const endpoints = recordAt(top, "NetworkingConfig", "EndpointsConfig");
  return [
    ...judgeFields(top, createFields, around),
    ...judgeFields(hostConfig, hostConfigFields, around),
    ...Object.values(endpoints).flatMap((endpoint) =>
      judgeFields(recordAt({ endpoint }, "endpoint"), endpointFields, around),
    ),
    ...judgeSecurityOptions(hostConfig.SecurityOpt, around),
    ...judgeMountRules(view, mountsOf(hostConfig), around),
    ...judgeUser(view, around),
    ...entered(hostConfig, around),
  ];
}
