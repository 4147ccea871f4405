import { recordAt, textAt } from "../../../base/json.ts";
import type { UnderstoodRequest } from "../../request/request.ts";
import { withNewName } from "../image/names.ts";
import { findObject } from "../objects.ts";
import { withImageLabels } from "../policy/owner.ts";
import { against } from "../policy/rules.ts";
import type { CheckContext, CheckResult } from "../route-check.ts";
import { existingReasons } from "./existing.ts";
import { askedLabel } from "./folders.ts";

/** `POST /containers/{container}/start`: what is started may have been made elsewhere. */
export function checkStart(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const checkpoint = request.query.get("checkpoint")?.[0] || request.query.get("checkpoint-dir")?.[0];
  return {
    reasons: [
      ...existingReasons(request.params.container ?? "", context, "started"),
      ...(checkpoint ? checkpointReasons(context) : []),
    ],
  };
}

export function checkCheckpoint(_: UnderstoodRequest, context: CheckContext): CheckResult {
  return { reasons: checkpointReasons(context) };
}

function checkpointReasons({ policy }: CheckContext) {
  return against(
    policy,
    "guard-checkpoint",
    "uses a checkpoint: processes come back with what its files say, which nobody judged",
  );
}

/** `POST /commit`: the container is named in the query. */
export function checkCommit(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const name = request.query.get("container")?.[0] ?? "";
  const found = findObject("container", name, context);
  const named = withNewName(request, context);
  const { labels } = withImageLabels({}, context);
  const label = Object.entries(labels ?? {}).map(
    // dockerd reads it as a line of a Dockerfile, where $ begins a variable.
    ([key, value]) => `LABEL ${key}=${JSON.stringify(value).replaceAll("$", "\\$")}`,
  );
  // What it mounts is no matter of the image.
  const document = found.answer.state === "found" ? found.answer.document : undefined;
  const isNoted = textAt(document, "Config", "Labels", askedLabel) !== undefined;
  if (context.policy.folders && isNoted) label.push(`LABEL ${askedLabel}=""`);
  const query = new Map([...named.request.query, ["container", [found.name]]]);
  if (label.length > 0) query.set("changes", [...(query.get("changes") ?? []), ...label]);
  return {
    request: { ...named.request, query },
    reasons: [
      ...against(
        context.policy,
        "guard-commit",
        "makes an image of a container: no build shows what is in it, and others may start it",
      ),
      ...found.reasons,
      ...existingReasons(found.name, context),
      ...(named.reasons ?? []),
    ],
  };
}

/** `POST /networks/{network}/disconnect`, where the container is named in the body. */
export function withContainerInBody(
  request: UnderstoodRequest,
  context: CheckContext,
): CheckResult & { readonly request: UnderstoodRequest } {
  const body = recordAt({ body: request.body }, "body");
  const found = findObject("container", String(body.Container ?? ""), context);
  return {
    request: { ...request, body: { ...body, Container: found.name } },
    reasons: found.reasons,
  };
}
