import { type FSWatcher, watch } from "node:fs";
import { basename, dirname } from "node:path";
import { hostFiles } from "../../engine/host/files.ts";
import type { WatchSession } from "../session.ts";

/** Milliseconds between a change and the look at it: what is written in several steps is most often done by then. */
const settling = 50;

export interface EngineFilesFollower {
  /** Watches the folders of the Engine's files as they are now: one that was removed or replaced tells nothing any more. */
  refresh(): void;
  stop(): void;
}

interface Watched {
  readonly watcher: FSWatcher;
  readonly identity: string;
  /** What counts in the folder, with the Engine's file that it leads to. */
  names: ReadonlyMap<string, string>;
}

/**
 * Looks at the Engine's files on this machine (its daemon.json, its sockets) as soon as one changes: inotify(7) tells of content,
 * mode, owner, and of a file that comes or goes. The folders are watched, because a file is most often replaced as a whole.
 */
export function followEngineFiles({
  inventory,
  publisher,
  work,
  listener,
}: WatchSession): EngineFilesFollower {
  const folders = new Map<string, Watched>();
  let changed: string | undefined;
  let saidWhy = false;

  function refresh(): void {
    const wanted = wantedFolders(inventory.engineFiles());
    for (const [folder, { watcher, identity }] of folders) {
      if (wanted.has(folder) && identityOf(folder) === identity) continue;
      watcher.close();
      folders.delete(folder);
    }
    for (const [folder, names] of wanted) {
      const before = folders.get(folder);
      if (before) before.names = names;
      else open(folder, names);
    }
  }

  function open(folder: string, names: ReadonlyMap<string, string>): void {
    const identity = identityOf(folder);
    if (identity === undefined) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        const file = folders.get(folder)?.names.get(name ?? "");
        if (file !== undefined) look(file);
      });
      watcher.on("error", (error) => fail(folder, error));
      folders.set(folder, { watcher, identity, names });
    } catch (error) {
      fail(folder, error);
    }
  }

  function fail(folder: string, error: unknown): void {
    folders.get(folder)?.watcher.close();
    folders.delete(folder);
    if (saidWhy) return;
    saidWhy = true;
    const why = error instanceof Error ? error.message : String(error);
    listener.say(`changes of the files in ${folder} are only seen by sweeps: ${why}`);
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

  return {
    refresh,
    stop() {
      for (const { watcher } of folders.values()) watcher.close();
      folders.clear();
    },
  };
}

/** The nearest folder that exists for each file, and for what it is a link to; below it the name that leads to the file. */
function wantedFolders(
  files: readonly { readonly path: string; readonly at: string }[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const wanted = new Map<string, Map<string, string>>();
  for (const { path, at } of files) {
    for (const each of new Set([at, hostFiles.realPath(at) ?? at])) {
      let [folder, name] = [dirname(each), basename(each)];
      while (folder !== dirname(folder) && identityOf(folder) === undefined)
        [folder, name] = [dirname(folder), basename(folder)];
      const names = wanted.get(folder) ?? new Map<string, string>();
      names.set(name, path);
      wanted.set(folder, names);
    }
  }
  return wanted;
}

function identityOf(folder: string): string | undefined {
  const status = hostFiles.stat(folder);
  return status?.isDirectory ? status.identity : undefined;
}
