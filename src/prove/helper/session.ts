import type { Duplex } from "node:stream";
import { failed, ok, type Result } from "../../base/result.ts";
import { outputFrames } from "../../engine/streams.ts";
import type { Architecture } from "./elf.ts";
import { type Plan, program } from "./program.ts";

/** A helper that runs in a container, by its standard input and output. */
export interface HelperSession {
  /**
   * Runs a program there and gives what came of it. Fails where the helper has ended, or does not answer in time; after
   * that every other run fails, too.
   */
  run<T>(plan: Plan<T>): Promise<Result<T>>;
  /** Closes its standard input: it ends, and with it a container whose first process it is. */
  close(): void;
}

/**
 * Speaks to the helper at the other end of an attached stream. `patience` is in milliseconds: the time limit of a program
 * is ours, not a tool's inside.
 */
export function openHelperSession(
  stream: Duplex,
  { architecture, patience }: { readonly architecture: Architecture; readonly patience: number },
): HelperSession {
  let chunks: Buffer[] = [];
  let had = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let settle: ((outcome: Result<Buffer>) => void) | undefined;
  let over: string | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  const finish = (outcome: Result<Buffer>) => {
    const told = settle;
    settle = undefined;
    told?.(outcome);
  };
  const end = (reason: string) => {
    over ??= reason;
    finish(failed(over));
  };
  const take = outputFrames((bytes) => {
    chunks.push(bytes);
    had += bytes.length;
    if (had >= wanted) finish(ok(Buffer.concat(chunks)));
  });
  stream.on("data", take);
  stream.once("end", () => end("the helper in it ended"));
  stream.once("close", () => end("the helper in it ended"));

  async function one<T>(plan: Plan<T>): Promise<Result<T>> {
    if (over !== undefined) return failed(over);
    const made = program(plan);
    const encoded = made.encode(architecture);
    chunks = [];
    had = 0;
    wanted = encoded.length;
    const answer = await new Promise<Result<Buffer>>((resolve) => {
      const timer = setTimeout(() => {
        end(`it did not answer within ${patience / 1000} s`);
        stream.destroy();
      }, patience);
      settle = (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      };
      stream.write(encoded);
    });
    return answer.ok ? ok(made.read(answer.value)) : answer;
  }

  return {
    run(plan) {
      const next = queue.then(() => one(plan));
      queue = next;
      return next;
    },
    close() {
      end("it was closed");
      stream.destroy();
    },
  };
}
