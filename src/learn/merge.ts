import { mergeDisks } from "./observe/disks.ts";
import type { Observation } from "./observe/observe.ts";
import type { Peaks } from "./observe/peaks.ts";
import type { Places, WrittenFolder } from "./observe/places.ts";
import type { Asked } from "./trace/tasks.ts";

/** What two times of watching showed together: every capability, call, port and folder of either, and the higher peaks. */
export function mergeObservations(one: Observation, other: Observation): Observation {
  return {
    peaks: mergePeaks(one.peaks, other.peaks),
    users: {
      main: other.users.main ?? one.users.main,
      others: unique([...one.users.others, ...other.users.others], ({ uid, gid }) => `${uid}:${gid}`),
    },
    network: {
      peers: unique([...one.network.peers, ...other.network.peers], String).toSorted(),
      sentBytes: most(one.network.sentBytes, other.network.sentBytes),
    },
    listens: unique([...one.listens, ...other.listens], String).toSorted(),
    startsAs: other.startsAs,
    places: one.places && other.places ? mergePlaces(one.places, other.places) : (other.places ?? one.places),
    mounted: unique([...one.mounted, ...other.mounted], String).toSorted(),
    asked: one.asked && other.asked ? mergeAsked(one.asked, other.asked) : (other.asked ?? one.asked),
  };
}

function mergePeaks(one: Peaks, other: Peaks): Peaks {
  return {
    memory: most(one.memory, other.memory),
    pids: most(one.pids, other.pids),
    cpus: most(one.cpus, other.cpus),
    disks: mergeDisks(one.disks, other.disks),
  };
}

function mergePlaces(one: Places, other: Places): Places {
  const data = mergeFolders(one.data, other.data);
  const isData = new Set(data.map(({ path }) => path));
  return {
    // What held data once may hold it again.
    scratch: mergeFolders(one.scratch, other.scratch).filter(({ path }) => !isData.has(path)),
    data,
    among: unique([...one.among, ...other.among], String).toSorted(),
  };
}

function mergeFolders(
  one: readonly WrittenFolder[],
  other: readonly WrittenFolder[],
): readonly WrittenFolder[] {
  const found = new Map(one.map((place) => [place.path, place]));
  for (const place of other) {
    const bytes = Math.max(place.bytes, found.get(place.path)?.bytes ?? 0);
    found.set(place.path, { ...place, bytes });
  }
  return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function mergeAsked(one: Asked, other: Asked): Asked {
  return {
    granted: new Map([...one.granted, ...other.granted]),
    denied: new Set([...one.denied, ...other.denied]),
    calls: new Set([...one.calls, ...other.calls]),
  };
}

function most(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}

function unique<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
