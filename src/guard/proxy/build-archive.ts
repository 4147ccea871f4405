import { failed, ok } from "../../base/result.ts";
import { type ArchiveInspector, inspectArchive } from "../archive/inspect.ts";
import { dockerfileReasons } from "../judge/dockerfile.ts";
import { against } from "../judge/policy/rules.ts";
import type { Reason } from "../judge/result.ts";
import type { Policy } from "../policy/policy.ts";
import type { UnderstoodRequest } from "../request/request.ts";
import type { ClientConnection } from "./client/client-connection.ts";
import type { Call } from "./engine/upstream.ts";
import type { Framing } from "./http/framing.ts";

/** A build's archive on its way to the Engine. */
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

/** Hands the archive on as it is read; its end, without which the Engine builds nothing, follows once its Dockerfile was judged. */
export function streamArchive(options: ArchiveOptions): ArchiveStream {
  const { connection, framing, call, archive, policy, deny } = options;
  let denied: readonly Reason[] = [];
  const { dockerfile, args } = archive;
  const judge = (text: string | undefined) => {
    if (text === undefined) return failed(`it has no ${dockerfile ?? "Dockerfile"}`);
    denied = dockerfileReasons(text, args, { policy });
    return denied.length === 0 ? ok(undefined) : failed("");
  };
  let isWaiting = false;
  const inspector: ArchiveInspector = inspectArchive(
    { wanted: dockerfile === undefined ? ["Dockerfile", "dockerfile"] : [dockerfile], judge },
    {
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
      refused: (reason) =>
        deny(
          denied.length > 0
            ? denied
            : against(
                policy,
                "guard-build-archive",
                `builds from an archive that the guard does not read: ${reason}`,
              ),
        ),
    },
  );
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
