import { chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { textAt } from "../../../src/base/json.ts";
import { openDoor } from "../../engine/attacks/door.ts";

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
const never = new Int32Array(new SharedArrayBuffer(4));
const rest = () => Atomics.wait(never, 0, 0, 1);
const swap = () => {
  for (let turn = 0; turn < 500; turn += 1) {
    move(path, aside);
    move(link, path);
    // What mounts it needs the processor as well.
    if (turn % 10 === 0) rest();
    move(path, link);
    move(aside, path);
    if (turn % 10 === 5) rest();
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

export interface SwapResult {
  /** Mounts that were asked for, each by a start or a copy. */
  readonly mounts: number;
  /** Containers that started. The others were refused, or dockerd refused their mount. */
  readonly starts: number;
  /** Mounts of the container's own folder, and of what is outside. */
  readonly own: number;
  readonly lost: number;
  readonly swaps: number;
}

/**
 * Makes containers by the socket, so many at once, while a part of the path is exchanged, and looks at what each mounts. It is started
 * so many times; with none the folder is copied from it, for which dockerd mounts it as for a start.
 */
export async function mountWhileSwapped(
  socketPath: string,
  image: string,
  { mounted, parts, targets }: SwapStage,
  part: keyof SwapStage["parts"],
  mounts: number,
  { atOnce = 1, starts = 1 } = {},
): Promise<SwapResult> {
  const swapping = swap(parts[part], targets[part]);
  const counts = { mounts: 0, starts: 0, own: 0, lost: 0 };
  const one = async (): Promise<void> => {
    while (counts.mounts < mounts) {
      const door = openDoor(socketPath);
      const made = await door.call("POST", "/containers/create", {
        Image: image,
        Cmd: ["sh", "-c", "ls /x; cat /x/secret"],
        HostConfig: { Binds: [`${mounted}:/x`], NetworkMode: "none" },
      });
      const id = textAt(made.json, "Id");
      counts.mounts += id === undefined || starts === 0 ? 1 : starts;
      if (id === undefined) continue;
      for (let turn = 0; turn < starts; turn += 1)
        if ((await door.call("POST", `/containers/${id}/start`)).status === 204) {
          counts.starts += 1;
          await door.call("POST", `/containers/${id}/wait`);
        }
      const path = starts === 0 ? "archive?path=/x" : "logs?stdout=1";
      // An error names the path, in which the words are that are looked for.
      const { status, text } = await door.call("GET", `/containers/${id}/${path}`);
      counts.lost += status === 200 ? (text.match(/treasure\n/g)?.length ?? 0) : 0;
      counts.own += status === 200 ? (text.match(/own\n/g)?.length ?? 0) : 0;
      await door.call("DELETE", `/containers/${id}?force=1`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { ...counts, swaps: await swapping.stop() };
}
