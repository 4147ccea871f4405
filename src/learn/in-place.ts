import { setTimeout as pause } from "node:timers/promises";
import { failed, ok, type Result } from "../base/result.ts";
import type { EngineClient } from "../engine/client.ts";
import { isHere, stateOf } from "../trial/state.ts";
import { type Observation, observer } from "./observe/observe.ts";
import { startTrace } from "./trace/trace.ts";

export interface Watched {
  readonly seen: Observation;
  /** Seconds. */
  readonly seconds: number;
  /** Why the kernel was not traced; undefined where it was. */
  readonly untraced: string | undefined;
  /** Events of the trace that came too fast. */
  readonly lost: number;
}

/** Watches a container that runs, and changes nothing of it. */
export async function watchContainer(
  reader: EngineClient,
  name: string,
  milliseconds: number,
  signal: AbortSignal,
): Promise<Result<Watched>> {
  const inspect = await reader.get(`/containers/${encodeURIComponent(name)}/json`);
  if (!inspect.ok)
    return failed(inspect.kind === "missing" ? `there is no container ${name}` : inspect.reason);
  const state = stateOf(inspect.value);
  if (!state.running) return failed(`${name} is not running`);
  if (!isHere(state))
    return failed(`${name} runs on another machine, and learn reads the kernel of this one`);
  const trace = startTrace();
  const look = observer(reader, trace.ok ? trace.value : undefined);
  const begun = Date.now();
  try {
    const states = new Map([[name, state]]);
    if (trace.ok) trace.value.join(name, state.pid);
    await look.watch.up?.(states, "first");
    await pause(milliseconds, undefined, { signal }).catch(() => {});
    if (!isHere(state)) return failed(`${name} ended while it was watched`);
    await look.watch.settled?.(states, "first");
  } finally {
    look.stop();
    if (trace.ok) trace.value.close();
  }
  const seen = look.observed().get(name);
  if (!seen) return failed(`${name} could not be watched`);
  return ok({
    seen,
    seconds: Math.round((Date.now() - begun) / 100) / 10,
    untraced: trace.ok ? undefined : trace.reason,
    lost: trace.ok ? trace.value.lost() : 0,
  });
}
