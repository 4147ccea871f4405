import { join } from "node:path";
import { cgroupFolders } from "../../kernel/cgroups/tree.ts";
import type { KernelPlaces } from "../inventory/inventory.ts";
import type { WatchSession } from "../session.ts";
import { watchFolders } from "./folders.ts";
import { lookAt } from "./look.ts";

/** Milliseconds between a write and the look at it, and between two looks at one container: a loop of writes costs no more. */
const pauses = { settle: 50, between: 500 };

/** Files of a cgroup that limit something. The rest are counters, and events that the kernel writes by itself. */
const limitFile =
  /^(?:memory|cpu|cpuset|pids|blkio|io|devices)\.(?!events|stat|usage|pressure|current|oom_control|numa)/;

export interface LimitFilesFollower {
  /** Watches the cgroups of the containers that run now. */
  refresh(): void;
  stop(): void;
}

/**
 * Looks at a container as soon as somebody writes a limit or a device rule into its cgroup: the kernel reports that to inotify(7)
 * as it does for any file.
 */
export function followLimitFiles(session: WatchSession, places: KernelPlaces): LimitFilesFollower {
  const { inventory, work, listener, written } = session;
  /** The folders of each run of a container, by its first process. */
  const folders = new Map<string, { readonly pid: number; readonly folders: readonly string[] }>();
  const lookedAt = new Map<string, number>();

  const watches = watchFolders<{ readonly id: string; readonly folder: string }>(
    ({ id, folder }, name) => {
      if (written.has(id)) return;
      const cause = { kind: "file", path: join(folder, name) } as const;
      written.set(id, cause);
      const free = (lookedAt.get(id) ?? Number.NEGATIVE_INFINITY) + pauses.between - performance.now();
      work.after(Math.max(pauses.settle, free), () => {
        lookedAt.set(id, performance.now());
        lookAt(session, [id], () => cause, 0);
        written.delete(id);
      });
    },
    (folder, why) => listener.say(`limits written into ${folder} are only seen by sweeps: ${why}`),
  );

  return {
    refresh() {
      const running = inventory.list().flatMap(({ id, pid }) => (pid === undefined ? [] : [{ id, pid }]));
      const ids = new Map(running.map(({ id, pid }) => [id, pid]));
      const ended = [...folders].filter(([id, { pid }]) => ids.get(id) !== pid);
      const begun = running.filter(({ id, pid }) => folders.get(id)?.pid !== pid);
      if (ended.length === 0 && begun.length === 0) return;
      for (const [id] of ended) folders.delete(id);
      for (const { id, pid } of begun) folders.set(id, { pid, folders: cgroupFolders(places, { id, pid }) });
      for (const id of lookedAt.keys()) if (!ids.has(id)) lookedAt.delete(id);
      watches.follow(
        new Map(
          [...folders].flatMap(([id, { folders: own }]) =>
            own.map((folder) => {
              const what = { id, folder };
              return [folder, (name: string) => (limitFile.test(name) ? what : undefined)] as const;
            }),
          ),
        ),
      );
    },
    stop: watches.stop,
  };
}
