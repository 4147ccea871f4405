import type { EngineClient } from "../engine/client.ts";
import { readEngine } from "../engine/read.ts";
import type { Cause } from "./change.ts";
import type { Desk } from "./desk.ts";
import { look } from "./look.ts";

/** Reads and judges the Engine and all that it runs. False where the Engine was lost on the way. */
export async function readWhole(
  desk: Desk,
  from: EngineClient,
  cause: Cause,
  proc: string,
): Promise<boolean> {
  const { scene, teller, pending, listener, work } = desk;
  const started = performance.now();
  const whole = { causes: new Map(pending.containers), fresh: new Set<string>() };
  desk.whole = whole;
  const reading = await readEngine(from, { containers: "all", images: [] }, { proc });
  desk.whole = undefined;
  if (work.isOver) return false;
  for (const { reason } of scene.replace(reading, whole.fresh)) listener.say(reason);
  if (reading.lost !== undefined) {
    desk.reconnect();
    return false;
  }
  const causeFor = (id: string) => whole.causes.get(id) ?? cause;
  const all = scene.list();
  look(
    desk,
    all.map(({ id }) => id),
    causeFor,
    0,
  );
  teller.engine(cause);
  for (const { id } of all) {
    teller.containers([id], causeFor);
    // A hundred containers take a while, and events must be taken off the Engine's hands meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const names = scene.list().map(({ name }) => name);
  teller.keepOnly(names, cause);
  listener.scanned("full", (performance.now() - started) / 1000);
  return true;
}
