import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isRecord } from "../base/json.ts";
import { failed, ok, type Result } from "../base/result.ts";
import { stateFolder } from "../base/state-folder.ts";
import { createFile } from "../fix/apply.ts";
import type { Observation } from "./observe/observe.ts";
import type { Places, WrittenFolder } from "./observe/places.ts";
import { mergeDisks, type Peaks } from "./observe/usage.ts";
import { mergeShown, nothingShown, type ShownNeeds } from "./request.ts";
import type { Asked } from "./trace/tasks.ts";

/** What was seen of a workload by earlier runs on this architecture. */
export interface Remembered {
  readonly runs: number;
  readonly seen: Observation;
  readonly shown: ShownNeeds;
}

const version = 4;

/** Where what is known of a workload is kept: `/srv/shop/compose.yaml#web`, `container:web`. */
function placeOf(subject: string): string {
  const name = subject.replace(/[^\w.-]+/g, "-").slice(-60);
  const hash = createHash("sha256").update(subject).digest("hex").slice(0, 12);
  return join(stateFolder(), "learn", `${name}-${hash}.json`);
}

/** Undefined where nothing is known yet. Fails where the file is none of ours. */
function recall(subject: string): Result<Remembered | undefined> {
  const path = placeOf(subject);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return ok(undefined);
  }
  try {
    const value: unknown = JSON.parse(text, revive);
    if (!isRecord(value) || value.version !== version || value.architecture !== process.arch)
      throw new Error();
    const { version: _, architecture: __, subject: ___, ...known } = value;
    // The file is written by `remember` alone, as its version says.
    return ok(known as unknown as Remembered);
  } catch {
    return failed(`${path} is not what this version writes: remove it to start over`);
  }
}

function remember(subject: string, known: Remembered): Result<void> {
  const path = placeOf(subject);
  const document = { version, architecture: process.arch, subject, ...known };
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    return failed(`${path} was not written: ${error instanceof Error ? error.message : error}`);
  }
  const made = createFile(path, `${JSON.stringify(document, spell, 2)}\n`);
  return made.ok ? made : failed(`${path} was not written: ${made.reason}`);
}

function spell(_: string, value: unknown): unknown {
  if (value instanceof Map) return { entries: [...value] };
  return value instanceof Set ? { items: [...value] } : value;
}

function revive(_: string, value: unknown): unknown {
  if (isRecord(value) && Array.isArray(value.entries)) return new Map(value.entries);
  return isRecord(value) && Array.isArray(value.items) ? new Set(value.items) : value;
}

/** What was seen now and before, kept for the next time. */
export function mergeRemembered(subject: string, seen: Observation): Result<Remembered> {
  const before = recall(subject);
  if (!before.ok) return before;
  const { value } = before;
  const both = value
    ? { ...value, runs: value.runs + 1, seen: mergeObservations(value.seen, seen) }
    : { runs: 1, seen, shown: nothingShown };
  const kept = remember(subject, both);
  return kept.ok ? ok(both) : kept;
}

/** Adds what trials showed to what is kept of a workload. */
export function rememberShown(subject: string, shown: ShownNeeds): Result<void> {
  const known = recall(subject);
  if (!known.ok) return known;
  const { value } = known;
  return value ? remember(subject, { ...value, shown: mergeShown(value.shown, shown) }) : ok(undefined);
}

/** What two times of watching showed together: every capability, call, port and folder of either, and the higher peaks. */
function mergeObservations(one: Observation, other: Observation): Observation {
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
    image: other.image,
    places: one.places && other.places ? mergePlaces(one.places, other.places) : (other.places ?? one.places),
    gains: other.gains ?? one.gains,
    mounted: unique([...one.mounted, ...other.mounted], String).toSorted(),
    asked: one.asked && other.asked ? mergeAsked(one.asked, other.asked) : (other.asked ?? one.asked),
  };
}

function mergePeaks(one: Peaks, other: Peaks): Peaks {
  return {
    memory: most(one.memory, other.memory),
    pids: most(one.pids, other.pids),
    ...((one.pidsSampled || other.pidsSampled) && { pidsSampled: true }),
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
    families: one.families && other.families && new Set([...one.families, ...other.families]),
  };
}

function most(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}

function unique<T>(items: readonly T[], key: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
