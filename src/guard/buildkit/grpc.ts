import type { OutgoingHttpHeaders } from "node:http2";
import { failed, ok, type Result } from "../../base/result.ts";

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export const status = { invalid: 3, denied: 7, unimplemented: 12, unavailable: 14 } as const;

/** Why a call is refused, in gRPC's own terms. */
export interface CallRefusal {
  readonly code: number;
  readonly message: string;
}

/** What ends a call that never reached the other side: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export function refusalHeaders({ code, message }: CallRefusal): OutgoingHttpHeaders {
  return {
    ":status": 200,
    "content-type": "application/grpc",
    "grpc-status": String(code),
    "grpc-message": encodeURIComponent(message).replaceAll("%20", " "),
  };
}

/** Takes messages out of a stream of bytes: a byte that says whether it is compressed, a length of four, and the message. */
export interface FrameReader {
  /** The messages that are whole by now. */
  feed(chunk: Buffer): Result<readonly Buffer[]>;
  /** Whether nothing of a message is left over. */
  readonly isWhole: boolean;
  /** The message was dealt with: its bytes are held no longer. */
  release(message: Buffer): void;
  /** Nothing more comes. */
  close(): void;
}

/** Holds bytes of the client's account, or gives them back where the number is negative; false where it may hold no more. */
export type Account = (bytes: number) => boolean;

export function frameReader(largest: number, account: Account = () => true): FrameReader {
  let held = 0;
  let isClosed = false;
  const giveBack = (bytes: number) => {
    const back = Math.min(bytes, held);
    held -= back;
    if (back > 0) account(-back);
  };
  let pending: Buffer[] = [];
  let size = 0;
  return {
    get isWhole() {
      return size === 0;
    },
    release: (message) => giveBack(message.length + 5),
    close() {
      isClosed = true;
      giveBack(held);
    },
    feed(chunk) {
      if (isClosed || !account(chunk.length))
        return failed("too many unfinished messages are under way: try again in a moment");
      held += chunk.length;
      pending.push(chunk);
      size += chunk.length;
      const messages: Buffer[] = [];
      while (size >= 5) {
        const head = pending[0] && pending[0].length >= 5 ? pending[0] : joined();
        if (head[0] !== 0) return failed("a message is compressed, which nobody asked for");
        const length = head.readUInt32BE(1);
        if (length > largest) return failed(`a message has ${length} bytes, of which ${largest} are read`);
        if (size < 5 + length) break;
        const whole = joined();
        messages.push(whole.subarray(5, 5 + length));
        pending = [whole.subarray(5 + length)];
        size -= 5 + length;
      }
      return ok(messages);
    },
  };

  function joined(): Buffer {
    const whole = pending.length === 1 && pending[0] ? pending[0] : Buffer.concat(pending);
    pending = [whole];
    return whole;
  }
}

export function framed(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
