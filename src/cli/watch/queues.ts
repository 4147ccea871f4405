import { createHash } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { whyUnwritten } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { holdFolder, isFolderHeld } from "../../watch/outputs/queue/lock.ts";
import { historyPath } from "../history/path.ts";

/** The folders of what waits to be sent, one for each output. */
export interface Queues {
  /** A reason: somebody else delivers what waits there. */
  hold(type: string, target: string): Promise<Result<QueuePlace>>;
  /** Says where changes wait that nobody delivers: their output is not configured any more, or has another address. */
  tellForgotten(): Promise<void>;
}

export interface QueuePlace {
  /** Undefined: no folder can be used, and `why`; the watch goes on without. */
  readonly folder: string | undefined;
  readonly why: string | undefined;
  readonly release: () => void;
}

/** In a folder, or where histories are. */
export function openQueues(said: string | undefined, say: (text: string) => void): Queues {
  const root = said ?? join(dirname(historyPath(undefined)), "queue");
  const held = new Set<string>();

  return {
    async hold(type, target) {
      const name = queueName(type, target);
      const folder = join(root, name);
      if (held.has(name)) return failed("another output of the same type has the same address");
      held.add(name);
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
      } catch (error) {
        return ok(inMemory(`${folder} cannot be made: ${whyUnwritten(error)}`));
      }
      const hold = await holdFolder(folder);
      switch (hold.kind) {
        case "held":
          return ok({ folder, why: undefined, release: hold.release });
        case "taken":
          return failed(
            `another bulkhead watch delivers what waits in ${folder}; set watch.queue to another folder for this one`,
          );
        case "impossible":
          return ok(inMemory(`${folder} cannot be held: ${hold.reason}`));
      }
    },
    async tellForgotten() {
      for (const name of namesIn(root)) {
        const folder = join(root, name);
        if (held.has(name) || !namesIn(folder).some((each) => each.endsWith(".queue"))) continue;
        if (await isFolderHeld(folder)) continue;
        say(`changes wait in ${folder} for an address that is not configured any more: nobody delivers them`);
      }
    },
  };
}

function inMemory(why: string): QueuePlace {
  return { folder: undefined, why, release: () => {} };
}

/** The same output finds its queue again; of an address that is a secret, nothing can be read in the name. */
function queueName(type: string, target: string): string {
  const address = URL.canParse(target) ? new URL(target).href : target;
  return `${type}-${createHash("sha256").update(address).digest("hex").slice(0, 12)}`;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
