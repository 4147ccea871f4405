import { recordAt } from "../../engine/records.ts";
import type { CanonicalRequest } from "../request/request.ts";
import { existingReasons } from "./existing.ts";
import { judgeNewName, targetOf } from "./image-names.ts";
import type { Around, Judgement } from "./judge.ts";
import { findObject } from "./objects.ts";
import { against } from "./rules.ts";

/** `POST /containers/{container}/start`: what is started may have been made elsewhere. */
export function judgeStart(request: CanonicalRequest, around: Around): Judgement {
  const checkpoint = request.query.get("checkpoint")?.[0] || request.query.get("checkpoint-dir")?.[0];
  return {
    reasons: [
      ...existingReasons(request.params.container ?? "", around),
      ...(checkpoint ? checkpointReasons(around) : []),
    ],
  };
}

export function judgeCheckpoint(_: CanonicalRequest, around: Around): Judgement {
  return { reasons: checkpointReasons(around) };
}

function checkpointReasons({ policy }: Around) {
  return against(
    policy,
    "guard-checkpoint",
    "uses a checkpoint: processes come back with what its files say, which nobody judged",
  );
}

/** `POST /commit`: the container is named in the query. */
export function judgeCommit(request: CanonicalRequest, around: Around): Judgement {
  const name = request.query.get("container")?.[0] ?? "";
  const found = findObject("container", name, around);
  return {
    request: { ...request, query: new Map([...request.query, ["container", [found.name]]]) },
    reasons: [
      ...against(
        around.policy,
        "guard-commit",
        "makes an image of a container: no build shows what is in it, and others may start it",
      ),
      ...found.reasons,
      ...existingReasons(found.name, around),
      ...judgeNewName(targetOf(request, "repo"), around),
    ],
  };
}

/** `POST /networks/{network}/disconnect`, where the container is named in the body. */
export function withContainerInBody(
  request: CanonicalRequest,
  around: Around,
): Judgement & { readonly request: CanonicalRequest } {
  const body = recordAt({ body: request.body }, "body");
  const found = findObject("container", String(body.Container ?? ""), around);
  return {
    request: { ...request, body: { ...body, Container: found.name } },
    reasons: found.reasons,
  };
}
