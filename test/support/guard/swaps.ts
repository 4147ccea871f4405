import { chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

/** Exchanges a folder for a link and back, as fast as it can; counts how often. */
const program = `
const { renameSync, rmdirSync, symlinkSync } = require("node:fs");
const { parentPort, workerData: { path, target } } = require("node:worker_threads");
const [link, aside] = [path + ".link", path + ".aside"];
symlinkSync(target, link);
let swaps = 0;
// dockerd makes what is missing meanwhile.
const move = (from, to) => {
  for (;;) {
    try {
      return renameSync(from, to);
    } catch {
      try { rmdirSync(to); } catch { try { renameSync(to, to + ".made" + swaps); } catch {} }
    }
  }
};
const swap = () => {
  for (let turn = 0; turn < 500; turn += 1) {
    move(path, aside);
    move(link, path);
    move(path, link);
    move(aside, path);
    swaps += 1;
  }
  setImmediate(swap);
};
parentPort.on("message", () => { parentPort.postMessage(swaps); process.exit(); });
swap();
`;

export interface Swapping {
  /** Puts the folder back, and gives how often it was exchanged. */
  stop(): Promise<number>;
}

/** `path`: the folder that becomes a link to `target` now and then. */
export function swap(path: string, target: string): Swapping {
  const worker = new Worker(program, { eval: true, workerData: { path, target } });
  return {
    stop: () =>
      new Promise((resolve) => {
        let swaps = 0;
        worker.once("message", (count: number) => {
          swaps = count;
        });
        worker.once("exit", () => resolve(swaps));
        worker.postMessage("stop");
      }),
  };
}

/** A folder that a client may mount, in one that a user of the host may change; and what is not his. */
export interface SwapStage {
  readonly allowed: string;
  /** What is mounted. */
  readonly mounted: string;
  /** Parts of the path that are exchanged, by what they are. */
  readonly parts: Readonly<Record<"last" | "middle" | "allowed", string>>;
  /** Where the link leads: it has the same folders, with a file `secret`. */
  readonly targets: SwapStage["parts"];
}

/** Lays the folders out anew; `owner` is the user who owns the folder above the allowed one. */
export function layOut(folder: string, owner: number): SwapStage {
  const home = join(folder, "home");
  const allowed = join(home, "project");
  const treasury = join(folder, "treasury");
  rmSync(home, { recursive: true, force: true });
  rmSync(treasury, { recursive: true, force: true });
  for (const each of ["a/b", "b", "."]) {
    mkdirSync(join(treasury, each), { recursive: true });
    writeFileSync(join(treasury, each, "secret"), "treasure\n");
  }
  mkdirSync(join(allowed, "a/b"), { recursive: true });
  writeFileSync(join(allowed, "a/b/own"), "own\n");
  chownSync(home, owner, owner);
  return {
    allowed,
    mounted: join(allowed, "a/b"),
    parts: { last: join(allowed, "a/b"), middle: join(allowed, "a"), allowed },
    targets: { last: treasury, middle: treasury, allowed: treasury },
  };
}

export type Run = (args: readonly string[]) => Promise<{ readonly status: number; readonly stdout: string }>;

export interface SwapResult {
  readonly starts: number;
  /** Containers that saw their own folder, and those that saw what is outside. */
  readonly own: number;
  readonly lost: number;
  readonly swaps: number;
}

/** Starts containers while a part of the path is exchanged. */
export async function startWhileSwapped(
  run: Run,
  image: string,
  { mounted, parts, targets }: SwapStage,
  part: keyof SwapStage["parts"],
  starts: number,
): Promise<SwapResult> {
  const swapping = swap(parts[part], targets[part]);
  let own = 0;
  let lost = 0;
  for (let start = 0; start < starts; start += 1) {
    const command = ["sh", "-c", "ls /x; cat /x/secret"];
    const { stdout } = await run(["run", "--rm", "--network=none", "-v", `${mounted}:/x`, image, ...command]);
    if (stdout.includes("treasure")) lost += 1;
    else if (stdout.includes("own")) own += 1;
  }
  return { starts, own, lost, swaps: await swapping.stop() };
}
