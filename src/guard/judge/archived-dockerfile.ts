import { failed, ok, type Result } from "../../base/result.ts";
import type { NameValue } from "../../model/container-values.ts";
import type { Policy } from "../policy/policy.ts";
import { dockerfileReasons } from "./dockerfile.ts";
import { against } from "./policy/rules.ts";
import type { Reason } from "./result.ts";

export interface ArchivedDockerfile {
  /** Its paths in the archive, the one that counts first; none where the Dockerfile comes beside the archive. */
  readonly wanted: readonly string[];
  readonly args: readonly NameValue[];
}

/** Judges the Dockerfile of an archive that is read as it passes. */
export function judgeArchived({ wanted, args }: ArchivedDockerfile, policy: Policy) {
  let denied: readonly Reason[] = [];
  return {
    /** Fails where the archive must not go on. `text`: the Dockerfile; undefined where the archive has none. */
    judge(text: string | undefined): Result<void> {
      const [first] = wanted;
      if (first === undefined) return ok(undefined);
      if (text === undefined) return failed(`it has no ${first}`);
      denied = dockerfileReasons(text, args, { policy });
      return denied.length === 0 ? ok(undefined) : failed("");
    },
    /** Why the archive does not go on: for what its Dockerfile does, else because `unread` says that the archive was not read. */
    reasons: (unread: string): readonly Reason[] =>
      denied.length > 0
        ? denied
        : against(
            policy,
            "guard-build-archive",
            `builds from an archive that the guard does not read: ${unread}`,
          ),
  };
}
