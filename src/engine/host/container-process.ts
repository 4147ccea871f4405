import { readFileSync, readlinkSync } from "node:fs";
import { isNamedAfter } from "../../model/container/named-after.ts";
import { isIdentity, parseIdMap, toInside } from "../../model/host/id-map.ts";

/** Whether a process of this machine is the container's: an Engine elsewhere has the number for another process. */
export function isProcessOf(id: string, pid: unknown): boolean {
  if (typeof pid !== "number" || pid <= 0 || id === "") return false;
  try {
    const cgroup = readFileSync(`/proc/${pid}/cgroup`, "utf8");
    return isNamedAfter(id, cgroup, readFileSync(`/proc/${pid}/mountinfo`, "utf8"));
  } catch {
    return false;
  }
}

/** Whom an id of the host's is within a container: Docker's `--user` and the ids in its files are numbers of its user namespace. */
export interface IdsInside {
  readonly uid: (id: number) => number;
  readonly gid: (id: number) => number;
}

/** What the kernel shows for an id that a namespace does not map (/proc/sys/kernel/overflowuid). */
const overflow = 65_534;

/** Of the user namespace of a container's first process. The kernel shows us ids as our own namespace numbers them. */
export function idsInside(pid: number): IdsInside {
  const of = (file: string) => {
    try {
      const folder = `/proc/${pid}`;
      if (readlinkSync(`${folder}/ns/user`) === readlinkSync("/proc/self/ns/user")) return (id: number) => id;
      const map = parseIdMap(readFileSync(`${folder}/${file}`, "utf8"));
      return (id: number) => (isIdentity(map) ? id : (toInside(map, id) ?? overflow));
    } catch {
      return (id: number) => id;
    }
  };
  return { uid: of("uid_map"), gid: of("gid_map") };
}
