import type { EngineClient } from "../../engine/client.ts";
import { readEngine } from "../../engine/read/read.ts";
import type { Cause } from "../change.ts";
import type { WatchSession } from "../session.ts";
import { look } from "./look.ts";
import { lookAtForeign } from "./sweep.ts";

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
  const reading = await readEngine(from, { containers: "all", images: [] }, { proc });
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
  const names = inventory.list().map(({ name }) => name);
  publisher.keepOnly(names, cause);
  listener.scanned("full", (performance.now() - started) / 1000);
  return true;
}
