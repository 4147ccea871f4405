import { basename, dirname } from "node:path";
import { hostFiles } from "../../engine/host/files.ts";
import type { WatchSession } from "../session.ts";
import { folderIdentity, watchFolders } from "./folders.ts";

/** Milliseconds between a change and the look at it: what is written in several steps is most often done by then. */
const settling = 50;

export interface EngineFilesFollower {
  /** Watches the folders of the Engine's files as they are now: one that was removed or replaced tells nothing any more. */
  refresh(): void;
  stop(): void;
}

/**
 * Looks at the Engine's files on this machine (its daemon.json, its sockets) as soon as one changes. The folders are watched,
 * because a file is most often replaced as a whole.
 */
export function followEngineFiles({
  inventory,
  publisher,
  work,
  listener,
}: WatchSession): EngineFilesFollower {
  let changed: string | undefined;
  const watches = watchFolders<string>(look, (folder, why) =>
    listener.say(`changes of the files in ${folder} are only seen by sweeps: ${why}`),
  );

  function refresh(): void {
    const wanted = wantedFolders(inventory.engineFiles());
    watches.follow(
      new Map([...wanted].map(([folder, names]) => [folder, (name: string) => names.get(name)])),
    );
  }

  function look(file: string): void {
    if (changed === undefined) {
      work.after(settling, () => {
        const path = changed ?? file;
        changed = undefined;
        refresh();
        if (inventory.lookAtEngine()) publisher.engine({ kind: "file", path });
      });
    }
    changed = file;
  }

  return { refresh, stop: watches.stop };
}

/** The nearest folder that exists for each file, and for what it is a link to; below it the name that leads to the file. */
function wantedFolders(
  files: readonly { readonly path: string; readonly at: string }[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const wanted = new Map<string, Map<string, string>>();
  for (const { path, at } of files) {
    for (const each of new Set([at, hostFiles.realPath(at) ?? at])) {
      let [folder, name] = [dirname(each), basename(each)];
      while (folder !== dirname(folder) && folderIdentity(folder) === undefined)
        [folder, name] = [dirname(folder), basename(folder)];
      const names = wanted.get(folder) ?? new Map<string, string>();
      names.set(name, path);
      wanted.set(folder, names);
    }
  }
  return wanted;
}
