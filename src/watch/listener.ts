import type { EngineEvent } from "../engine/event.ts";
import type { Change } from "./change.ts";
import type { WatchSight } from "./reading/intervals.ts";

/** Receives changes. It must not throw or take long. */
export interface WatchListener {
  changes(changes: readonly Change[]): void;
  /** Limits were raised by `docker update` and still are limits: news, and no findings. */
  loosened?(changes: readonly Change[]): void;
  /** Everything was read and judged for the first time; what it found has been told. */
  ready(sight: WatchSight): void;
  /** The Engine is out of reach, and tried again until it answers. Told once each time, also at first. */
  lost(reason: string): void;
  /** Something that an operator should know of the watch itself: a container could not be read, the Engine answers again. */
  say(text: string): void;
  event(event: EngineEvent): void;
  /** The kernel told of calls, and dropped so many that came too fast. */
  kernelEvents?(told: number, lost: number): void;
  /** So many containers are looked at every few seconds, since they make too many calls. */
  muted?(containers: number): void;
  /** An event could not be read, or a sweep found a change of a container that no event told of. */
  eventLost?(): void;
  /** A sweep began later than it was to, by more than the time between two. */
  sweepLate?(): void;
  scanned(what: "full" | "part" | "sweep", seconds: number): void;
}
