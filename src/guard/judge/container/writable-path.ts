import { recordAt, textsOf } from "../../../base/json.ts";
import { canonicalPath } from "../../../model/host/path.ts";
import type { Mount } from "../../../model/mount.ts";
import type { Policy } from "../../policy/policy.ts";
import { matchesPath } from "../policy/patterns.ts";
import { against, isAllowed } from "../policy/rules.ts";
import type { Reason } from "../result.ts";
import type { CheckContext } from "../route-check.ts";
import { folderOf, heldFolder, isFolderVolume } from "./folders.ts";

/** A folder that containers can write, and the words of the policy that let them. */
interface Writable {
  readonly folder: string;
  readonly because: string;
}

/**
 * Why a folder may not be mounted: containers can write to one above it, or above a link on its path. dockerd follows the path
 * at each start, also at those that nobody asks for, so what was judged here may be a link by then.
 */
export function checkWritablePath(mount: Mount, context: CheckContext): readonly Reason[] {
  const { policy } = context;
  if (isPinned(mount, context)) return [];
  // Who may mount any folder gains nothing by a link.
  if (isAllowed(policy, "guard-bind-mount") || isAllowed(policy, "guard-writable-path")) return [];
  const { hostPath, resolvedPath } = mount;
  if (hostPath === undefined) return [];
  if (mount.type === "volume" && heldFolder(hostPath, policy)?.isFirm === false)
    return against(
      policy,
      "guard-writable-path",
      `mounts ${hostPath} as a volume's device, and others than root can put a link in its place: mount the folder by its path`,
    );
  for (const path of [hostPath, ...linksOn(hostPath, context), ...(resolvedPath ? [resolvedPath] : [])]) {
    const found = writableAbove(canonicalPath(path), policy);
    if (!found) continue;
    return against(
      policy,
      "guard-writable-path",
      `mounts ${path} from the host, and containers can write to ${found.folder} above it (${found.because}). One of them could replace a part of the path by a link, and the next start would mount what the link names. Mount ${found.folder} instead, or list folders in allow.mounts of which none is inside another`,
    );
  }
  return [];
}

/** Whether dockerd cannot be led out of the folder: it gets the mount as a volume of the guard's. */
function isPinned(mount: Mount, { policy, pins }: CheckContext): boolean {
  if (mount.type === "volume") return isFolderVolume(mount.source, policy);
  return pins === true && folderOf(mount, policy) !== undefined;
}

function linksOn(path: string, { ask }: CheckContext): readonly string[] {
  const answer = ask({ kind: "hostPath", path });
  return answer.state === "found" ? textsOf(recordAt({ at: answer.document }, "at").links) : [];
}

function writableAbove(path: string, policy: Policy): Writable | undefined {
  const rules = policy.writableMounts ?? policy.allow.mounts.filter(({ readOnly }) => !readOnly);
  for (let end = path.length; end > 0; ) {
    end = path.lastIndexOf("/", end - 1);
    const folder = path.slice(0, end) || "/";
    const rule = rules.find(({ source }) => matchesPath(folder, source));
    if (rule) return { folder, because: `allow.mounts: ${rule.source}` };
    // Every container that mounts the volume writes there.
    if (/\/volumes\/[^/]+\/_data$/.test(folder.slice(-300)) && folder.endsWith("/_data"))
      return { folder, because: "it is a volume" };
  }
  return undefined;
}
