import { type FileOrigin, isFileOrigin } from "../../model/origin.ts";
import { flagsOf } from "./invocation.ts";
import { sourceOf, startOf, type TextFile, type UnitSurroundings } from "./unit.ts";
import type { Word } from "./words.ts";

/** The options, by their keys in daemon.json, that the arguments of a dockerd give. */
export function keysInFlags(words: readonly Word[]): ReadonlySet<string> {
  return new Set(flagsOf(words)?.given.keys());
}

/** Where dockerd's unit, or what it takes along, gives an option. */
export function placeInUnit(unit: TextFile, around: UnitSurroundings, key: string): FileOrigin | undefined {
  const sources = [unit, ...(around.dropIns ?? [])].map((each) => sourceOf(each));
  const given = startOf(sources, around.io)?.flags.given.get(key);
  return given && isFileOrigin(given.origin) ? given.origin : undefined;
}
