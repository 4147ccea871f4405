import { readFileSync } from "node:fs";
import { type IdsInside, idsInside } from "../../engine/host/container-process.ts";
import { processesOf } from "../../trial/state.ts";

/** Whom a process runs as: its effective ids, as its container numbers them. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
}

/** Whom the processes of a container were seen to run as. */
export interface Users {
  /** Its first process, when it was last looked at. */
  readonly main: ProcessUser | undefined;
  /** The others. */
  readonly others: readonly ProcessUser[];
}

export interface UserWatch {
  readonly sample: (pid: number) => void;
  readonly users: () => Users;
}

export function watchUsers(): UserWatch {
  let main: ProcessUser | undefined;
  const others = new Map<string, ProcessUser>();
  return {
    sample(pid) {
      const ids = idsInside(pid);
      main = userOf(pid, ids) ?? main;
      for (const each of processesOf(pid).slice(1)) {
        const user = userOf(each, ids);
        if (user) others.set(`${user.uid}:${user.gid}`, user);
      }
    },
    users: () => ({ main, others: [...others.values()] }),
  };
}

function userOf(pid: number, ids: IdsInside): ProcessUser | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "utf8");
    const uid = /^Uid:\t\d+\t(\d+)/m.exec(text)?.[1];
    const gid = /^Gid:\t\d+\t(\d+)/m.exec(text)?.[1];
    if (uid === undefined || gid === undefined) return undefined;
    return { uid: ids.uid(Number(uid)), gid: ids.gid(Number(gid)) };
  } catch {
    return undefined;
  }
}

/** The user that it could start as: what its first process ended as, or what all of its other processes are. */
export function endsAs({ main, others }: Users): ProcessUser | undefined {
  if (main && main.uid !== 0) return main;
  const plain = others.filter(({ uid }) => uid !== 0);
  return new Set(plain.map(({ uid }) => uid)).size === 1 ? plain[0] : undefined;
}

/** Whether a user that a container is started as is not root: no capability is given to it (capabilities(7)). */
export function isPlainUser(startsAs: string): boolean {
  return !/^(?:|0|root)(?::.*)?$/.test(startsAs);
}
