import { failed, ok, type Result } from "../../base/result.ts";
import type { NameValue } from "../../model/container-values.ts";
import type { RewriteOptions } from "../archive/rewrite.ts";
import type { Policy } from "../policy/policy.ts";
import { dockerfileReasons } from "./dockerfile.ts";
import { against } from "./policy/rules.ts";
import type { Reason } from "./result.ts";

export interface ArchivedDockerfile {
  /** Its paths in the archive, the one that counts first; none where the Dockerfile comes beside the archive. */
  readonly wanted: readonly string[];
  readonly args: readonly NameValue[];
}

/** What judges an archive that is read as it passes. */
export interface ArchiveJudge extends RewriteOptions {
  /** Why the archive does not go on: for what was judged, else because `unread` says that it was not read. */
  readonly reasons: (unread: string) => readonly Reason[];
}

/** Judges the Dockerfile of a build's archive. */
export function judgeArchived({ wanted, args }: ArchivedDockerfile, policy: Policy): ArchiveJudge {
  let denied: readonly Reason[] = [];
  return {
    wanted,
    // The Dockerfile; undefined where the archive has none.
    judge(text: string | undefined): Result<void> {
      const [first] = wanted;
      if (first === undefined) return ok(undefined);
      if (text === undefined) return failed(`it has no ${first}`);
      denied = dockerfileReasons(text, args, { policy });
      return denied.length === 0 ? ok(undefined) : failed("");
    },
    reasons: (unread) =>
      denied.length > 0
        ? denied
        : against(
            policy,
            "guard-build-archive",
            `builds from an archive that the guard does not read: ${unread}`,
          ),
  };
}

/** Setuid and setgid: anyone who runs the file on the host gets the rights of its owner or group. */
const modeBits = 0o6000;

/**
 * Judges files that are copied into a container to where a folder of the host may be: a link can lead there from any path. dockerd
 * writes them as the host's root.
 */
export function judgeHostFiles(policy: Policy): ArchiveJudge {
  let denied: readonly Reason[] = [];
  return {
    wanted: [],
    judge: () => ok(undefined),
    entry({ name, type, mode }, records) {
      const what =
        type === "3" || type === "4"
          ? "is a device"
          : type !== "5" && (mode & modeBits) !== 0
            ? "is setuid or setgid"
            : records.has("SCHILY.xattr.security.capability")
              ? "has capabilities"
              : undefined;
      if (what === undefined) return ok(undefined);
      const message = `copies ${name} into a container that can write to a folder of the host, and it ${what}: there, it would give these rights to a user of the host`;
      denied = against(policy, "guard-host-file", message);
      return denied.length === 0 ? ok(undefined) : failed("");
    },
    reasons: (unread) =>
      denied.length > 0
        ? denied
        : against(
            policy,
            "guard-host-file",
            `copies an archive that the guard does not read into a container that can write to a folder of the host: ${unread}`,
          ),
  };
}
