import { chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { textAt } from "../../../src/base/json.ts";
import { type Answered, type Door, openDoor } from "../../engine/attacks/door.ts";

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

export interface SwapResult {
  readonly mounts: number;
  /** Containers that saw their own folder, and those that saw what is outside. The others were refused or did not start. */
  readonly own: number;
  readonly lost: number;
  readonly swaps: number;
}

/**
 * Makes containers by the socket, so many at once, while a part of the path is exchanged, and looks at what each mounts. One in
 * `startsOneIn` is started; from the others the folder is copied, for which dockerd mounts it as for a start.
 */
export async function mountWhileSwapped(
  socketPath: string,
  image: string,
  { mounted, parts, targets }: SwapStage,
  part: keyof SwapStage["parts"],
  mounts: number,
  { atOnce = 1, startsOneIn = 1 } = {},
): Promise<SwapResult> {
  const swapping = swap(parts[part], targets[part]);
  const counts = { begun: 0, own: 0, lost: 0 };
  const one = async (): Promise<void> => {
    while (counts.begun < mounts) {
      counts.begun += 1;
      const seen = await seenIn(openDoor(socketPath), image, mounted, counts.begun % startsOneIn === 0);
      if (seen.includes("treasure")) counts.lost += 1;
      else if (seen.includes("own")) counts.own += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { mounts, own: counts.own, lost: counts.lost, swaps: await swapping.stop() };
}

/** What a container has of the folder; nothing where it is not made, or does not start. */
async function seenIn(door: Door, image: string, mounted: string, isStarted: boolean): Promise<string> {
  const made = await door.call("POST", "/containers/create", {
    Image: image,
    Cmd: ["sh", "-c", "ls /x; cat /x/secret"],
    HostConfig: { Binds: [`${mounted}:/x`], NetworkMode: "none" },
  });
  const id = textAt(made.json, "Id");
  if (id === undefined) return "";
  let seen = "";
  if (!isStarted) seen = await door.call("GET", `/containers/${id}/archive?path=/x`).then(textOfGood);
  else if ((await door.call("POST", `/containers/${id}/start`)).status === 204) {
    await door.call("POST", `/containers/${id}/wait`);
    seen = await door.call("GET", `/containers/${id}/logs?stdout=1&stderr=1`).then(textOfGood);
  }
  await door.call("DELETE", `/containers/${id}?force=1`);
  return seen;
}

/** An error names the path, in which the words are that are looked for. */
function textOfGood({ status, text }: Answered): string {
  return status === 200 ? text : "";
}
