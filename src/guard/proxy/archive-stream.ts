import { type ArchiveInspector, inspectArchive } from "../archive/inspect.ts";
import { judgeArchived, judgeHostFiles } from "../judge/archived.ts";
import type { Reason } from "../judge/result.ts";
import type { Policy } from "../policy/policy.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import type { ClientConnection } from "./client/client-connection.ts";
import type { Call } from "./engine/upstream.ts";
import type { Framing } from "./http/framing.ts";

/** An archive on its way to the Engine. */
export interface ArchiveStream {
  /** The Engine takes more. */
  drain(): void;
  destroy(): void;
}

export interface ArchiveOptions {
  readonly connection: ClientConnection;
  readonly framing: Framing;
  readonly call: Call;
  readonly archive: NonNullable<UnderstoodRequest["archive"]>;
  readonly policy: Policy;
  /** The client's framing is wrong. */
  readonly wrong: (reason: string) => void;
  readonly deny: (reasons: readonly Reason[]) => void;
}

/**
 * Hands the archive on as it is read. Of files each entry is judged before it goes on; of a build the end, without which the Engine
 * builds nothing, follows once its Dockerfile was judged.
 */
export function streamArchive(options: ArchiveOptions): ArchiveStream {
  const { connection, framing, call, archive, policy, deny } = options;
  const archived = archive === "host-files" ? judgeHostFiles(policy) : judgeBuild(archive, policy);
  let isWaiting = false;
  const inspector: ArchiveInspector = inspectArchive(archived, {
    data(chunk) {
      if (call.write(chunk)) return;
      isWaiting = true;
      inspector.pause();
      connection.pauseBody();
    },
    drain: () => {
      if (!isWaiting) connection.resumeBody();
    },
    end: () => call.endBody(),
    refused: (reason) => deny(archived.reasons(reason)),
  });
  connection.streamBody(framing, {
    data: (chunk) => {
      if (!inspector.write(chunk)) connection.pauseBody();
    },
    end: () => inspector.end(),
    wrong: options.wrong,
  });
  return {
    drain() {
      isWaiting = false;
      inspector.resume();
      connection.resumeBody();
    },
    destroy: () => inspector.destroy(),
  };
}

function judgeBuild(
  { dockerfile, args }: Exclude<ArchiveOptions["archive"], string>,
  policy: Policy,
): ReturnType<typeof judgeArchived> {
  const wanted = dockerfile === undefined ? ["Dockerfile", "dockerfile"] : [dockerfile];
  return judgeArchived({ wanted, args }, policy);
}
