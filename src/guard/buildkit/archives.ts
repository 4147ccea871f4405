import { emptyHeader } from "../archive/header.ts";
import { inspectArchive } from "../archive/inspect.ts";
import { judgeArchived } from "../judge/archived.ts";
import type { Reason } from "../judge/result.ts";
import type { Policy } from "../policy/policy.ts";
import type { Upload } from "./builds.ts";
import type { Through } from "./carry.ts";
import { type MessageShape, readMessage, writeMessage } from "./protobuf.ts";

/** https://github.com/moby/buildkit/blob/v0.13.2/session/upload/upload.proto */
const piece: MessageShape = { 1: { name: "data", type: "bytes" } };

export interface ArchiveOptions {
  readonly upload: Upload;
  readonly policy: Policy;
  /** Writes down why not, and gives it as docker prints it. */
  readonly deny: (reasons: readonly Reason[]) => string;
}

/**
 * Writes the archive again that a client sends as its context, as that of a classic build. Without its end BuildKit has no
 * context, and the end follows once the Dockerfile was judged.
 */
export function archiveThrough({ upload, policy, deny }: ArchiveOptions): Through {
  return (to) => {
    const archived = judgeArchived(upload, policy);
    let hasBegun = false;
    let isWaiting = false;
    const refuse = (reason: string) => to.refused(deny(archived.reasons(reason)));
    const inspector = inspectArchive(
      { wanted: upload.wanted, judge: archived.judge },
      {
        data(chunk) {
          // BuildKit takes it for an archive only if its first entry ends within 1024 bytes.
          const bytes = hasBegun ? chunk : Buffer.concat([emptyHeader(), chunk]);
          hasBegun = true;
          if (to.message(writeMessage({ data: bytes }, piece))) return;
          isWaiting = true;
          inspector.pause();
        },
        drain: () => to.drain(),
        end: () => to.end(),
        refused: refuse,
      },
    );
    return {
      message(bytes) {
        const read = readMessage(bytes, piece);
        if (!read.ok) {
          refuse(`a message ${read.reason}`);
          return true;
        }
        const { data } = read.value;
        const takesMore = data === undefined || inspector.write(data as Buffer);
        return takesMore && !isWaiting;
      },
      end: () => inspector.end(),
      resume() {
        isWaiting = false;
        inspector.resume();
      },
      destroy: () => inspector.destroy(),
    };
  };
}
