import type { EngineClient } from "../engine/client.ts";
import { readPart } from "../engine/read-part.ts";
import type { Cause, EventCause } from "./change.ts";
import type { Desk } from "./desk.ts";
import { look } from "./look.ts";

/** Reads a container again, and judges it and what is related to it. */
export async function readTouched(desk: Desk, from: EngineClient, id: string, cause: Cause): Promise<void> {
  const { scene, teller, listener, work } = desk;
  const started = performance.now();
  const reading = await readPart(from, [id], {
    host: scene.host,
    images: scene.images,
    peer: (reference) => scene.peer(reference),
  });
  if (work.isOver) return;
  desk.whole?.fresh.add(id);
  const before = scene.container(id);
  scene.put(reading);
  for (const { reason } of reading.gaps) listener.say(reason);
  if (reading.lost !== undefined) {
    desk.reconnect();
    return;
  }
  const now = reading.containers.find((each) => each.id === id);
  if (!now && reading.gaps.length > 0) return;
  if (!now) {
    if (!before && isBeginning(cause)) {
      listener.say(
        `the container ${cause.actor.name ?? id.slice(0, 12)} came and went before it could be read`,
      );
    }
    forget(desk, id, cause);
    return;
  }
  if (before && before.name !== now.name) teller.gone(before.name, cause);
  const touched = [id, ...scene.related([id])];
  look(desk, touched, () => cause, 0);
  teller.containers(touched, () => cause);
  teller.engine(cause);
  listener.scanned("part", (performance.now() - started) / 1000);
}

/** Takes back what was told of a container that is gone. */
export function forget({ scene, teller, whole, pending }: Desk, id: string, cause: Cause): void {
  whole?.fresh.add(id);
  // Ids are never used again, so what else is to be looked into of it can be left.
  pending.containers.delete(id);
  pending.again.delete(id);
  const live = scene.drop(id);
  if (!live) return;
  teller.gone(live.name, cause);
  teller.engine(cause);
}

/** One that was known already is told by its findings, and is no surprise. */
function isBeginning(cause: Cause): cause is EventCause {
  return cause.kind === "event" && cause.type === "container" && ["create", "start"].includes(cause.action);
}
