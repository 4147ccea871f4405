import { type EngineEvent, timeOf } from "../../engine/event.ts";
import type { EventCause } from "../change.ts";

/** What an event asks for. */
export type Touch =
  /** Read and judge the container again, and those that share a namespace or volume with it. */
  | { readonly touch: "container"; readonly id: string }
  | { readonly touch: "gone"; readonly id: string }
  /** Likewise, where the container runs already. */
  | { readonly touch: "network"; readonly id: string }
  | { readonly touch: "exec"; readonly id: string; readonly exec: string }
  | { readonly touch: "exec-ended"; readonly id: string; readonly exec: string }
  /** The engine itself may be another now. */
  | { readonly touch: "engine" }
  | { readonly touch: "nothing" };

/** What happens to a container that can change what is judged; the rest (attach, kill, top, health_status, …) cannot. */
const telling = new Set(["create", "start", "update", "rename", "die", "unpause", "restore"]);

/** Which subjects an event touches. */
export function touchOf({ type, action, id, container, execId }: EngineEvent): Touch {
  if (type === "container") {
    if (action === "destroy") return { touch: "gone", id };
    if (action === "exec_start" && execId !== undefined) return { touch: "exec", id, exec: execId };
    if (action === "exec_die" && execId !== undefined) return { touch: "exec-ended", id, exec: execId };
    return telling.has(action) ? { touch: "container", id } : { touch: "nothing" };
  }
  if (type === "network" && (action === "connect" || action === "disconnect") && container !== undefined) {
    return { touch: "network", id: container };
  }
  if (type === "daemon" || type === "plugin") return { touch: "engine" };
  return { touch: "nothing" };
}

/** The event as the cause of a change. */
export function causeOf(event: EngineEvent, process: string | undefined, by?: EventCause["by"]): EventCause {
  const { type, action, id, name } = event;
  return {
    kind: "event",
    type,
    action,
    actor: { id, name: name ?? null },
    process: process ?? null,
    time: timeOf(event),
    ...(by !== undefined && { by }),
  };
}
