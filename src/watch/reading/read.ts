import type { EngineClient } from "../../engine/client.ts";
import { isOfProof } from "../../engine/proof-register.ts";
import type { LiveContainer } from "../../engine/read/live-reading.ts";
import { readPart } from "../../engine/read/part.ts";
import { readEngine } from "../../engine/read/read.ts";
import type { Cause, EventCause } from "../change.ts";
import { changedLimits, type Loosened, loosenedLimits } from "../drift/drifts.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { WatchSession } from "../session.ts";
import { attributed, look } from "./look.ts";
import { lookAtForeign } from "./sweep.ts";

/** Reads a container again, and judges it and what is related to it. */
export async function readTouched(
  session: WatchSession,
  from: EngineClient,
  id: string,
  given: Cause,
): Promise<void> {
  const { inventory, publisher, starts, listener, work } = session;
  const started = performance.now();
  const known = new Set(inventory.execsIn(id).map(({ live }) => live.id));
  const reading = await readPart(from, [id], {
    host: inventory.host,
    images: inventory.images,
    peer: (reference) => inventory.peer(reference),
  });
  const news = reading.execs.flatMap((exec) => (known.has(exec.id) ? [] : [exec.id]));
  await starts.heard(news, work);
  if (work.isOver) return;
  session.whole?.fresh.add(id);
  const before = inventory.container(id);
  inventory.put(reading, known);
  for (const { reason } of reading.gaps) listener.say(reason);
  if (reading.lost !== undefined) {
    session.reconnect();
    return;
  }
  const now = reading.containers.find((each) => each.id === id);
  if (!now && reading.gaps.length > 0) return;
  if (!now) {
    if (!before && isBeginning(given) && !isOfProof({ name: given.actor.name ?? "", id })) {
      listener.say(
        `the container ${given.actor.name ?? id.slice(0, 12)} came and went before it could be read`,
      );
    }
    forgetSoon(session, id, given);
    return;
  }
  const cause = withLimits(given, before, now);
  const touched = [id, ...inventory.related([id])];
  look(session, touched, () => cause, 0);
  await hearUpdates(session, from, id);
  if (work.isOver) return;
  const loosened = before && isUpdate(cause) ? loosenedBy(before, now) : [];
  publisher.containers(touched, (each) => attributed(session, each, cause), { id, at: started, loosened });
  publisher.engine(cause);
  listener.scanned("part", (performance.now() - started) / 1000);
}

/** An update's event does not say what it changed. */
function withLimits(cause: Cause, before: LiveContainer | undefined, now: LiveContainer): Cause {
  const [was, is] = [before?.subject.views[0], now.subject.views[0]];
  if (!isUpdate(cause) || !was || !is) return cause;
  return { ...cause, limits: changedLimits(was, is) };
}

function loosenedBy(before: LiveContainer, now: LiveContainer): readonly Loosened[] {
  const [was, is] = [before.subject.views[0], now.subject.views[0]];
  return was && is ? loosenedLimits(was, is) : [];
}

function isUpdate(cause: Cause): cause is EventCause {
  return cause.kind === "event" && cause.action === "update";
}

/** Milliseconds for the event that tells of a container's end, where something else was told of it first. */
const untilEnd = 300;

/**
 * A container leaves its networks before the Engine tells that it died and went: those events are what took it away, and know
 * who asked for it.
 */
function forgetSoon(session: WatchSession, id: string, cause: Cause): void {
  const isEnd =
    cause.kind === "event" && cause.type === "container" && ["die", "destroy"].includes(cause.action);
  if (isEnd || !session.inventory.container(id)) {
    forget(session, id, cause);
    return;
  }
  session.work.after(untilEnd, () => {
    if (session.inventory.container(id)) forget(session, id, cause);
  });
}

/** An update that ended may be told later than the configuration that it left: where one is to blame, the Engine is asked. */
async function hearUpdates({ drifts }: WatchSession, from: EngineClient, id: string): Promise<void> {
  const since = drifts.doubtedSince(id);
  if (since === undefined) return;
  const updates = await from.eventsSince(since, { type: ["container"], container: [id], event: ["update"] });
  if (!updates.ok || updates.value.length > 0) drifts.updated(id);
}

/** Takes back what was told of a container that is gone. */
export function forget(
  { inventory, publisher, whole, pending }: WatchSession,
  id: string,
  cause: Cause,
): void {
  whole?.fresh.add(id);
  // Ids are never reused, so nothing more needs reading for this one.
  pending.containers.delete(id);
  pending.again.delete(id);
  const live = inventory.drop(id);
  if (!live) return;
  publisher.gone(live, cause);
  publisher.engine(cause);
}

/** A known one is reported by its findings, not as a new arrival. */
function isBeginning(cause: Cause): cause is EventCause {
  return cause.kind === "event" && cause.type === "container" && ["create", "start"].includes(cause.action);
}

/** Reads and judges the Engine and all that it runs. False where the Engine was lost on the way. */
export async function readWhole(
  session: WatchSession,
  from: EngineClient,
  cause: Cause,
  { proc, foreign }: { readonly proc: string; readonly foreign: boolean },
): Promise<boolean> {
  const { inventory, publisher, pending, listener, work } = session;
  const started = performance.now();
  const whole = { causes: new Map(pending.containers), fresh: new Set<string>() };
  session.whole = whole;
  const described = (seen: Parameters<Inventory["describe"]>[0]) => {
    inventory.describe(seen);
    work.wake();
  };
  const reading = await readEngine(from, { containers: "all", images: [] }, { proc, described });
  session.whole = undefined;
  if (work.isOver) return false;
  for (const { reason } of inventory.replace(reading, whole.fresh)) listener.say(reason);
  if (reading.lost !== undefined) {
    session.reconnect();
    return false;
  }
  const causeFor = (id: string) => whole.causes.get(id) ?? cause;
  const all = inventory.list();
  look(
    session,
    all.map(({ id }) => id),
    causeFor,
    0,
  );
  publisher.engine(cause);
  if (foreign && cause.kind === "start") lookAtForeign(session, cause, true);
  for (const { id } of all) {
    publisher.containers([id], causeFor, whole.fresh.has(id) ? undefined : { id, at: started });
    // A hundred containers take a while, and events must be taken off the Engine's hands meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
  }
  publisher.keepOnly(cause);
  listener.scanned("full", (performance.now() - started) / 1000);
  return true;
}
