import type { ClientHttp2Stream, ServerHttp2Stream } from "node:http2";
import type { Result } from "../../base/result.ts";
import { type Account, framed, frameReader } from "./grpc.ts";

/** A message as it may go on; undefined is one that is left out. */
export type Filter = (message: Buffer) => Filtered | Promise<Filtered>;
export type Filtered = Result<Buffer | undefined>;

/** Takes messages that do not go on one for one: an archive that is written anew. */
export type Through = (to: ThroughTarget) => ThroughSource;

export interface ThroughTarget {
  /** False: wait for `resume`. */
  message(bytes: Buffer): boolean;
  /** More messages are taken. */
  drain(): void;
  end(): void;
  /** Once, instead of the end. */
  refused(reason: string): void;
}

export interface ThroughSource {
  /** False: wait for `drain`. */
  message(bytes: Buffer): boolean;
  end(): void;
  resume(): void;
  destroy(): void;
}

/** Bytes of one message, and the account that unfinished ones are held on. */
export interface Limits {
  readonly largest: number;
  readonly account: Account;
}

type Side = ServerHttp2Stream | ClientHttp2Stream;

/** Carries one direction, no faster than the other side takes it; messages go through the filter one after another. */
export function carry(
  from: Side,
  to: Side,
  filter: Filter | undefined,
  { largest, account }: Limits,
  stop: (message: string) => void,
  end: () => void = () => {
    if (!to.destroyed) to.end();
  },
): void {
  const write = (bytes: Buffer) => {
    if (to.destroyed || to.writableEnded) return;
    if (!to.write(bytes)) from.pause();
  };
  to.on("drain", () => from.resume());
  if (!filter) {
    from.on("data", write);
    from.on("end", end);
    return;
  }
  const frames = frameReader(largest, account);
  let tail: Promise<unknown> = Promise.resolve();
  let isStopped = false;
  const halt = (reason: string) => {
    isStopped = true;
    frames.close();
    stop(reason);
  };
  from.on("close", frames.close);
  const one = async (message: Buffer) => {
    if (isStopped) return;
    const passed = await filter(message);
    frames.release(message);
    if (isStopped) return;
    if (!passed.ok) halt(passed.reason);
    else if (passed.value) write(framed(passed.value));
  };
  from.on("data", (chunk: Buffer) => {
    if (isStopped) return;
    const read = frames.feed(chunk);
    if (!read.ok) {
      halt(`bulkhead: ${read.reason} (guard-buildkit)`);
      return;
    }
    for (const message of read.value) tail = tail.then(() => one(message));
  });
  from.on("end", () => {
    tail = tail.then(() => {
      if (isStopped) return;
      if (!frames.isWhole) halt("bulkhead: a message has no end (guard-buildkit)");
      else end();
    });
  });
}

/** Carries one direction through what makes other messages of it. */
export function carryThrough(
  from: Side,
  to: Side,
  through: Through,
  { largest, account }: Limits,
  stop: (message: string) => void,
  end: () => void,
): void {
  const frames = frameReader(largest, account);
  let isOver = false;
  let isWaiting = false;
  from.on("close", frames.close);
  const halt = (reason: string) => {
    if (isOver) return;
    isOver = true;
    frames.close();
    source.destroy();
    from.resume();
    stop(reason);
  };
  const source = through({
    message(bytes) {
      if (isOver || to.destroyed || to.writableEnded) return true;
      isWaiting = !to.write(framed(bytes));
      return !isWaiting;
    },
    drain: () => {
      if (!isWaiting) from.resume();
    },
    end() {
      if (isOver) return;
      isOver = true;
      end();
    },
    refused: halt,
  });
  to.on("drain", () => {
    isWaiting = false;
    source.resume();
    from.resume();
  });
  to.on("close", () => {
    isOver = true;
    source.destroy();
  });
  from.on("data", (chunk: Buffer) => {
    if (isOver) return;
    const read = frames.feed(chunk);
    if (!read.ok) {
      halt(`bulkhead: ${read.reason} (guard-buildkit)`);
      return;
    }
    for (const message of read.value) {
      if (!source.message(message)) from.pause();
      frames.release(message);
    }
  });
  from.on("end", () => {
    if (frames.isWhole) source.end();
    else halt("bulkhead: a message has no end (guard-buildkit)");
  });
}
