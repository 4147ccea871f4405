import { hostFiles } from "../../engine/host/files.ts";
import { apiSockets, type HostSight, seeHost } from "../../engine/host/host.ts";
import { usualSockets } from "../../engine/host/reach.ts";
import { blindEyes, type HostEyes, hostEyes } from "./host-path.ts";
import { mountedFrom } from "./mounted-from.ts";
import type { OwnFile } from "./own-files.ts";

/** Milliseconds after which an Engine that was not found is looked for again, and one that was is checked. */
const lookAgain = { blind: 5_000, seen: 60_000 };

const invisible =
  "the host's files are not visible from here; where the guard runs in a container, mount the host's root read-only and give --host-root";

/**
 * The guard's eyes on the host. With `root` they look below it. Without, they see the guard's own files, if the Engine's
 * process is found on this machine and sees the same ones; else nothing.
 */
export function openEyes(
  socketPath: string | undefined,
  root: string | undefined,
  own: () => readonly OwnFile[],
): HostEyes {
  if (root !== undefined) {
    const trimmed = trimmedRoot(root);
    const sockets = socketPath === undefined ? usualSockets : [...usualSockets, socketPath];
    return hostEyes(trimmed, () => sockets, onHost(trimmed, own));
  }
  if (socketPath === undefined)
    return blindEyes("the Engine is on another machine, whose files are not visible");
  let sight: HostSight | undefined;
  let until = 0;
  /** Of an Engine with mounts of its own, as rootlesskit makes them: paths are judged where that Engine mounts them. */
  let apart: HostEyes | undefined;
  const seeing = hostEyes("", () => (sight ? apiSockets(sight) : usualSockets), own);
  const blind = blindEyes(invisible, own);
  return {
    look(path) {
      if (Date.now() > until) {
        sight = seeHost(socketPath, "/proc", hostFiles);
        until = Date.now() + (sight ? lookAgain.seen : lookAgain.blind);
        apart = sight && !sight.sameFiles ? eyesBelow(sight, own) : undefined;
      }
      return sight?.sameFiles ? seeing.look(path) : (apart ?? blind).look(path);
    },
  };
}

/** What stands before a path of the host where the guard looks: nothing where its own root is the host's. */
export function trimmedRoot(root: string | undefined): string {
  return root?.replace(/(?<!\/)\/+$/, "") ?? "";
}

/** Through /proc/PID/root, which the Engine's user and root may follow; undefined where this guard may not. */
function eyesBelow(sight: HostSight, own: () => readonly OwnFile[]): HostEyes | undefined {
  if (hostFiles.stat(`${sight.root}/proc`) === undefined) return undefined;
  return hostEyes(sight.root, () => apiSockets(sight), own);
}

/** The guard's own files by their paths on the host, where it is in a container and they were mounted into it. */
function onHost(root: string, own: () => readonly OwnFile[]): () => readonly OwnFile[] {
  let known: readonly OwnFile[] | undefined;
  let made: readonly OwnFile[] = [];
  return () => {
    const now = own();
    if (now === known) return made;
    known = now;
    const mountinfo = hostFiles.read("/proc/self/mountinfo");
    const text = mountinfo.ok ? mountinfo.value : "";
    made = now.map(({ path, what }) => ({ path: mountedFrom(path, root, text) ?? path, what }));
    return made;
  };
}
