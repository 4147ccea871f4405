import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { EngineClient } from "../../engine/client.ts";
import { containerFromInspect } from "../../engine/documents/inspect.ts";
import { cgroupFolders } from "../../kernel/cgroups/tree.ts";
import { bySweep, type Cause } from "../change.ts";
import { limitsOf } from "../drift/drifts.ts";
import type { KernelPlaces } from "../inventory/inventory.ts";
import type { WatchSession } from "../session.ts";
import { watchFolders } from "./folders.ts";
import { look } from "./look.ts";
import { add } from "./pending.ts";

/**
 * Milliseconds between a write and the look at it, between two looks at one container (a loop of writes costs no more), until the
 * Engine's answer is not waited for, and until the container is read although no event reports an update.
 */
const pauses = { settle: 50, between: 500, answer: 300, event: 5_000 };

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
 * as it does for any file. The Engine writes the same files, before the event of its update: where it says other limits than it
 * did, the look is the event's. `engine` gives the connection, undefined while there is none.
 */
export function followLimitFiles(
  session: WatchSession,
  places: KernelPlaces,
  engine: () => EngineClient | undefined,
): LimitFilesFollower {
  const { inventory, publisher, work, listener, pending, written } = session;
  /** The folders of each run of a container, by its first process. */
  const folders = new Map<string, { readonly pid: number; readonly folders: readonly string[] }>();
  const lookedAt = new Map<string, number>();

  async function lookAfter(id: string, cause: Cause): Promise<void> {
    lookedAt.set(id, performance.now());
    try {
      const isLeft = await isUpdating(id);
      if (work.isOver) return;
      if (isLeft) {
        work.after(pauses.event, () => add(pending.containers, id, bySweep));
        return;
      }
      look(session, [id], () => cause, 0);
      // A look in between may have seen the limit, and left it to this one.
      publisher.containers([id], () => cause);
    } finally {
      written.delete(id);
    }
  }

  /** Whether the Engine has other limits for the container than those that it was read with. */
  async function isUpdating(id: string): Promise<boolean> {
    const known = inventory.container(id)?.subject.views[0];
    const client = engine();
    if (!known || !client) return false;
    const asked = client.get(`/containers/${encodeURIComponent(id)}/json`);
    const answer = await Promise.race([asked, pause(pauses.answer, undefined, { ref: false })]);
    return answer?.ok === true && limitsOf(containerFromInspect(answer.value)) !== limitsOf(known);
  }

  const watches = watchFolders<{ readonly id: string; readonly folder: string }>(
    ({ id, folder }, name) => {
      if (written.has(id)) return;
      const cause = { kind: "file", path: join(folder, name) } as const;
      written.set(id, cause);
      const free = (lookedAt.get(id) ?? Number.NEGATIVE_INFINITY) + pauses.between - performance.now();
      work.after(Math.max(pauses.settle, free), () => {
        work.begin(`limits of ${id}`, () => lookAfter(id, cause));
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
