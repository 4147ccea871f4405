import type { HostFiles } from "./files.ts";

/** Where this very program stands. */
export interface Standing {
  /** The id of the container that it runs in, as the runtime mounted it; undefined outside, or where it does not show. */
  readonly container: string | undefined;
  readonly isInside: boolean;
}

/**
 * By what the runtime put over this program's own file system: Docker mounts /etc/hostname from the folder of the container
 * (moby: daemon/container_operations_unix.go), Podman from its own. Nobody in the container can take that for another's.
 */
export function readStanding(files: HostFiles): Standing {
  const own = files.read("/proc/self/mountinfo");
  const lines = own.ok ? own.value.split("\n").map((line) => line.split(" ")) : [];
  const ids = lines.flatMap(([, , , root = "", target]) =>
    target === "/etc/hostname" || target === "/etc/resolv.conf"
      ? (/\/(?:overlay-)?containers\/([0-9a-f]{64})\//.exec(root)?.[1] ?? [])
      : [],
  );
  const container = ids[0];
  const isMarked = ["/.dockerenv", "/run/.containerenv"].some((path) => files.stat(path) !== undefined);
  return { container, isInside: container !== undefined || isMarked };
}

/** Whether processes are those of the machine: the kernel gives its first PID namespace this number (include/linux/proc_ns.h). */
export function isFirstPidNamespace(files: HostFiles): boolean {
  return files.readLink("/proc/self/ns/pid") === "pid:[4026531836]";
}
