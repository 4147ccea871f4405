import { compareSeverity } from "../severity.ts";
import { baseName, canonicalPath, isAtOrBelow, isPipe } from "./path.ts";
import { type Effect, type Gain, high, low, type Place, places } from "./place.ts";
import {
  etcPlaces,
  homePlaces,
  programPlaces,
  statePlaces,
  storePlace,
  stores,
  underTilde,
} from "./places-files.ts";
import { devPlaces, procPlaces, sysPlaces } from "./places-kernel.ts";
import { engineSocketNames, engineSockets, managerSockets } from "./places-sockets.ts";

/** A place that a path of the host leads to. */
export interface Reached extends Effect {
  readonly place: Place;
  /** What the container gains, `reading` where it can only read there. */
  readonly gives: Gain;
  /** How the path lies to the place: it is it, lies below it, or lies above it and holds it. */
  readonly how: "at" | "below" | "above";
}

export interface ReachOptions {
  readonly readOnly?: boolean;
  /** As the mount was written, for `~`. */
  readonly source?: string | undefined;
  /** Sockets that the engine listens on, beside the usual ones. */
  readonly sockets?: readonly string[];
  /** The engine's data root, beside the usual ones. */
  readonly dataRoot?: string | undefined;
  /** False where `ro` leaves the file systems below the path writable (Engine below 25, Linux below 5.12). */
  readonly isReadOnlyBelow?: boolean;
}

const everyPlace: readonly Place[] = [
  ...engineSockets,
  ...managerSockets,
  ...procPlaces,
  ...sysPlaces,
  ...devPlaces,
  ...etcPlaces,
  ...programPlaces,
  ...statePlaces,
  ...homePlaces,
];

/** Where engines listen by default. */
export const usualEngineSockets: readonly string[] = engineSockets
  .filter(({ isOptional, what }) => !isOptional && what !== "containerd's shims")
  .map(({ path }) => path);

/** Each place with its path in parts. */
type Parted = readonly [place: Place, parts: readonly string[]];
const table: readonly Parted[] = everyPlace.map((place) => [place, partsOf(place.path)]);
/** By the first part of their paths, for a mount is mostly of one. */
const byFirst = new Map<string, Parted[]>();
for (const entry of table) {
  const first = entry[1][0] ?? "";
  const known = byFirst.get(first);
  if (known) known.push(entry);
  else byFirst.set(first, [entry]);
}

/** What was found before: several controls ask about the same mount. */
const found = new Map<string, readonly Reached[]>();
const mostFound = 1_000;

/**
 * What a container gains that has this path of the host, worst first: from the place that the path is or lies in (the
 * closest one), and from every place below the path. Empty where it leads to nothing that is known.
 */
export function reach(hostPath: string, options: ReachOptions = {}): readonly Reached[] {
  const key = JSON.stringify([hostPath, options]);
  const known = found.get(key);
  if (known) return known;
  if (found.size >= mostFound) found.clear();
  const made = findReach(hostPath, options);
  found.set(key, made);
  return made;
}

function findReach(hostPath: string, options: ReachOptions): readonly Reached[] {
  if (isPipe(hostPath)) return namedSocket(hostPath.split(/[\\/]/).at(-1) ?? "", hostPath, options);
  const path = underTilde(options.source) ?? canonicalPath(hostPath);
  const own: readonly Parted[] = [
    ...(options.sockets ?? []).flatMap((socket) =>
      places("engine", "the Docker Engine", [canonicalPath(socket)], { isSocket: true }),
    ),
    ...(options.dataRoot === undefined ? [] : storePlace(canonicalPath(options.dataRoot))),
  ].map((place) => [place, partsOf(place.path)]);
  const parts = partsOf(path);
  const above: Reached[] = [];
  let closest: { readonly place: Place; readonly length: number; readonly how: "at" | "below" } | undefined;
  const near = parts[0] === undefined ? table : (byFirst.get(parts[0]) ?? []);
  for (const [place, placeParts] of own.length > 0 ? [...own, ...near] : near) {
    if (!agree(parts, placeParts)) continue;
    if (parts.length < placeParts.length) {
      if (!place.isOptional) above.push(...reached(place, "above", options));
    } else if (closest === undefined || placeParts.length > closest.length) {
      const how = parts.length === placeParts.length ? "at" : "below";
      closest = { place, length: placeParts.length, how };
    }
  }
  const named = namedSocket(baseName(path), path, options);
  const all = [
    ...(named.length > 0 && closest?.place.gives !== "engine" ? named : []),
    ...(closest === undefined ? namedFile(path, options) : reached(closest.place, closest.how, options)),
    ...above,
  ];
  return all.toSorted((a, b) => compareSeverity(b.severity, a.severity));
}

function partsOf(path: string): readonly string[] {
  return path.split("/").filter((part) => part !== "");
}

/** Whether one is the beginning of the other. */
function agree(parts: readonly string[], place: readonly string[]): boolean {
  const length = Math.min(parts.length, place.length);
  for (let index = 0; index < length; index += 1) {
    const name = place[index];
    if (name !== "*" && name !== parts[index]) return false;
  }
  return true;
}

function reached(place: Place, how: Reached["how"], options: ReachOptions): readonly Reached[] {
  const staysWritable = how === "above" && place.isMountPoint && options.isReadOnlyBelow === false;
  const isReadOnly = options.readOnly === true && !staysWritable;
  const effect = isReadOnly ? place.read : place.write;
  if (effect === undefined) return [];
  const gives = isReadOnly && !place.isSocket && place.gives !== "device" && place.gives !== "credentials";
  // A folder is rarely mounted for the keys that lie somewhere below it.
  const isAlong = isReadOnly && how === "above" && effect.severity === "high";
  const along = isAlong && (place.gives === "credentials" || place.gives === "account");
  const severity = along ? "medium" : effect.severity;
  return [{ ...effect, severity, place, how, gives: gives ? "reading" : place.gives }];
}

/** A socket of an engine by its name, in whatever folder. */
function namedSocket(name: string, path: string, options: ReachOptions): readonly Reached[] {
  const what = Object.hasOwn(engineSocketNames, name) ? engineSocketNames[name] : undefined;
  if (what === undefined) return [];
  return places("engine", what, [path], { isSocket: true }).flatMap((place) => reached(place, "at", options));
}

/** Files that say by their name what they are: SSH and GnuPG keys of anybody, an engine's settings. */
function namedFile(path: string, options: ReachOptions): readonly Reached[] {
  const place = /\/\.(?:ssh|gnupg)(?:\/|$)/.test(path)
    ? places("credentials", "a person's keys and credentials", [path])
    : /^(?:daemon\.json|containerd\.toml)$/.test(baseName(path))
      ? places("unit", "a container engine's settings", [path], {
          write: high("change what that engine runs as root"),
          read: low("read that engine's settings"),
        })
      : [];
  return place.flatMap((each) => reached(each, "at", options));
}

/**
 * The named volume's own folder, which the Engine manages: `/var/lib/docker/volumes/data/_data`. Another volume's is none: what
 * that one binds is mounted there while it is in use.
 */
export function isVolumeFolder(path: string, name: string, dataRoot: string | undefined): boolean {
  const roots = [...stores, ...(dataRoot === undefined ? [] : [canonicalPath(dataRoot)])];
  return roots.some((root) => {
    const below = isAtOrBelow(path, root) ? path.slice(root.length) : "";
    return isAtOrBelow(below.replace(/^\/\d+\.\d+(?=\/)/, ""), `/volumes/${name}/_data`);
  });
}
