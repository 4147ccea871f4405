import { isRecord, recordAt } from "../../engine/records.ts";
import { boundByDriver } from "../../formats/create-request/mounts.ts";
import { container } from "../../model/container.ts";
import { set } from "../../model/fact.ts";
import { mount } from "../../model/mount.ts";
import type { CanonicalRequest } from "../request/request.ts";
import type { Reason } from "./decision.ts";
import type { Around, Judgement } from "./judge.ts";
import { lookAt } from "./look.ts";
import { judgeBoundFolders, judgeDriver } from "./mounts.ts";
import { findObject } from "./objects.ts";
import { labelled, takenVolumeReasons } from "./owner.ts";
import { against } from "./rules.ts";

/** `POST /volumes/create`: a volume that binds a folder is judged as a container that mounts it. */
export function judgeVolumeCreate(request: CanonicalRequest, around: Around): Judgement {
  const own = labelled(request.body, around);
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
  return {
    request: own.body === request.body ? request : { ...request, body: own.body },
    reasons: [
      ...own.reasons,
      ...takenReasons(name, around),
      ...judgeDriver(driver, body.DriverOpts, around),
      ...(hostPath === undefined
        ? []
        : [
            ...lookAt(view, around, "final").reasons.filter(({ rule }) => isAboutMounts(rule)),
            ...judgeBoundFolders(view, around),
          ]),
      ...(isRecord(body.ClusterVolumeSpec)
        ? against(
            around.policy,
            "guard-mount-type",
            "makes a cluster volume, which a plugin of the swarm drives",
          )
        : []),
    ],
  };
}

/** The Engine answers a name that it has already with that volume, whosever it is. */
function takenReasons(name: string, around: Around): readonly Reason[] {
  if (!around.policy.owner || name === "") return [];
  const { answer, reasons } = findObject("volume", name, around);
  if (answer.state === "missing") return [];
  return answer.state === "found" ? takenVolumeReasons(name, answer.document, around) : reasons;
}

/** Of a container that is made of nothing but a mount, no other control has anything to say; where it leads may be unknown. */
function isAboutMounts(rule: string): boolean {
  return rule.includes("mount") || rule === "guard-unknown";
}
