import type { Cause } from "../change.ts";
import type { Looked } from "../inventory/inventory.ts";
import type { WatchSession } from "../session.ts";

/** Milliseconds until a process that was just starting is looked at again, and how often. */
const settling = { wait: 40, attempts: 10 };

/** Looks at the kernel for these containers and judges what it shows otherwise than before. `attempt` counts from 0. */
export function lookAt(
  session: WatchSession,
  ids: readonly string[],
  cause: (id: string) => Cause,
  attempt: number,
): Looked {
  const looked = look(session, ids, cause, attempt);
  session.publisher.containers(looked.changed, (id) => attributed(session, id, cause(id)));
  return looked;
}

/** What brought a change of a container about: the Engine's event of an exec, where the kernel told of the same process. */
export function attributed({ inventory, starts }: WatchSession, id: string, cause: Cause): Cause {
  if (cause.kind !== "kernel") return cause;
  const exec = inventory.execsIn(id).find(({ live }) => live.pid === cause.pid);
  return (exec && starts.causeOf(exec.live)) ?? cause;
}

/** Looks, and leaves it to the caller to judge. In what is just starting it looks again. */
export function look(
  { inventory, starts, pending, work }: WatchSession,
  ids: readonly string[],
  cause: (id: string) => Cause,
  attempt: number,
): Looked {
  // An exec that is about to be read is no stranger.
  const isFinal = (id: string) => attempt >= settling.attempts && !starts.isOpen(id);
  const looked = inventory.lookAt(ids, isFinal);
  for (const id of looked.unsettled) {
    const again = { cause: cause(id), attempt: attempt + 1 };
    work.after(settling.wait, () => {
      // A sweep in between begins to count anew, and must not take the count back.
      const other = pending.again.get(id);
      if (!other) pending.again.set(id, again);
      else if (other.attempt < again.attempt) pending.again.set(id, { ...other, attempt: again.attempt });
    });
  }
  return looked;
}
