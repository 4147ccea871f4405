import { type FSWatcher, watch } from "node:fs";
import { hostFiles } from "../../engine/host/files.ts";

/** What a file's name in a folder stands for; undefined where it is of no interest. */
export type Names<T> = (name: string) => T | undefined;

export interface FolderWatches<T> {
  /** Watches these folders from now on. One that was removed or replaced is opened anew. */
  follow(wanted: ReadonlyMap<string, Names<T>>): void;
  stop(): void;
}

interface Watched<T> {
  readonly watcher: FSWatcher;
  readonly identity: string;
  names: Names<T>;
}

/**
 * Hears of files in folders: inotify(7) reports content, mode, owner, and a file that comes or goes. `fail` hears once why a folder
 * cannot be watched.
 */
export function watchFolders<T>(
  changed: (what: T, name: string) => void,
  fail: (folder: string, why: string) => void,
): FolderWatches<T> {
  const folders = new Map<string, Watched<T>>();
  let hasFailed = false;

  function open(folder: string, names: Names<T>): void {
    const identity = folderIdentity(folder);
    if (identity === undefined) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        const what = name === null ? undefined : folders.get(folder)?.names(name);
        if (what !== undefined) changed(what, name ?? "");
      });
      watcher.on("error", (error) => lose(folder, error));
      folders.set(folder, { watcher, identity, names });
    } catch (error) {
      lose(folder, error);
    }
  }

  function close(folder: string): void {
    folders.get(folder)?.watcher.close();
    folders.delete(folder);
  }

  function lose(folder: string, error: unknown): void {
    close(folder);
    if (hasFailed) return;
    hasFailed = true;
    fail(folder, error instanceof Error ? error.message : String(error));
  }

  return {
    follow(wanted) {
      for (const [folder, { identity }] of folders)
        if (!wanted.has(folder) || folderIdentity(folder) !== identity) close(folder);
      for (const [folder, names] of wanted) {
        const before = folders.get(folder);
        if (before) before.names = names;
        else open(folder, names);
      }
    },
    stop() {
      for (const folder of [...folders.keys()]) close(folder);
    },
  };
}

export function folderIdentity(folder: string): string | undefined {
  const status = hostFiles.stat(folder);
  return status?.isDirectory ? status.identity : undefined;
}
