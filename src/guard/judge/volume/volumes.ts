import { isRecord, recordAt } from "../../../base/json.ts";
import { boundByDriver } from "../../../formats/create-request/mounts.ts";
import { container } from "../../../model/container.ts";
import { set } from "../../../model/fact.ts";
import { mount } from "../../../model/mount.ts";
import type { UnderstoodRequest } from "../../request/request.ts";
import { checkBoundFolders } from "../container/bound-folders.ts";
import { isFolderVolume } from "../container/folders.ts";
import { lookAt } from "../container/look.ts";
import { checkDriver } from "../container/mounts.ts";
import { findObject } from "../objects.ts";
import { labelled, takenVolumeReasons } from "../policy/owner.ts";
import { against } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext, CheckResult } from "../route-check.ts";

/** `POST /volumes/create`: a volume that binds a folder is judged as a container that mounts it. */
export function checkVolumeCreate(request: UnderstoodRequest, context: CheckContext): CheckResult {
  const own = labelled(request.body, context);
  const body = recordAt({ body: own.body }, "body");
  const driver = typeof body.Driver === "string" ? body.Driver : "";
  const hostPath = boundByDriver(driver, body.DriverOpts);
  const name = typeof body.Name === "string" ? body.Name : "";
  const view = container("configured", {
    mounts:
      hostPath === undefined
        ? []
        : [set(mount({ type: "volume", source: name, target: `the volume ${name}`, hostPath }))],
  });
  const judged =
    hostPath === undefined
      ? []
      : lookAt(view, context, "final").reasons.filter(({ rule }) => isAboutMounts(rule));
  return {
    request: own.body === request.body ? request : { ...request, body: own.body },
    reasons: [
      ...own.reasons,
      ...takenReasons(name, context),
      ...(isFolderVolume(name, context.policy)
        ? [{ rule: "guard-own-files", message: `makes the volume ${name}, whose name is the guard's` }]
        : []),
      ...checkDriver(driver, body.DriverOpts, context),
      ...(hostPath === undefined ? [] : [...judged, ...checkBoundFolders(view, judged, context)]),
      ...(isRecord(body.ClusterVolumeSpec)
        ? against(
            context.policy,
            "guard-mount-type",
            "makes a cluster volume, which a plugin of the swarm drives",
          )
        : []),
    ],
  };
}

/** The Engine answers a name that it has already with that volume, whosever it is. */
function takenReasons(name: string, context: CheckContext): readonly Reason[] {
  if (!context.policy.owner || name === "") return [];
  const { answer, reasons } = findObject("volume", name, context);
  if (answer.state === "missing") return [];
  return answer.state === "found" ? takenVolumeReasons(name, answer.document, context) : reasons;
}

/** Of a container that is made of nothing but a mount, no other control has anything to say; where it leads may be unknown. */
function isAboutMounts(rule: string): boolean {
  return rule.includes("mount") || rule === "guard-unknown";
}
