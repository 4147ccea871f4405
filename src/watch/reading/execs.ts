import type { EngineClient } from "../../engine/client.ts";
import { readExec, type ToldExec } from "../../engine/read/part.ts";
import { valueOr } from "../../model/fact.ts";
import type { Cause } from "../change.ts";
import type { WatchSession } from "../session.ts";
import { lookAt } from "./look.ts";
import type { PendingExec } from "./pending.ts";

/** Milliseconds until an exec is asked for again whose process, or whose container, is not known yet. */
const waits = [30, 100, 400, 1_500, 5_000];

/** Asks until the exec is known: its process, and its container, may come a moment after its event. */
export async function readStartedExec(
  session: WatchSession,
  from: EngineClient,
  id: string,
  exec: PendingExec,
): Promise<void> {
  try {
    await readUntilKnown(session, from, id, exec);
  } finally {
    session.starts.read(id);
  }
}

async function readUntilKnown(
  session: WatchSession,
  from: EngineClient,
  id: string,
  { container, cause }: PendingExec,
): Promise<void> {
  const { inventory, pending, work } = session;
  for (const wait of [0, ...waits]) {
    if (wait > 0) await work.sleep(wait);
    if (work.isOver) return;
    const owner = inventory.container(container);
    const view = owner?.subject.views[0];
    const told = owner && view ? await readExec(from, id, owner, view) : undefined;
    if (work.isOver || (owner && !told)) return;
    const isOver = told?.over === true || pending.endedExecs.has(id);
    if (!told || (told.pid === 0 && !isOver)) continue;
    tell(session, told, cause(told.process), isOver);
    return;
  }
}

function tell(session: WatchSession, exec: ToldExec, cause: Cause, isOver: boolean): void {
  const { inventory, publisher, pending } = session;
  const owner = inventory.container(exec.containerId);
  if (!owner) return;
  inventory.putExec(exec);
  // Before the kernel is looked at, which may find it gone already.
  publisher.execs(owner, cause);
  // An exec with no more rights than its container can wait for the sweep: health checks come by the hundred.
  if (!isOver && isPrivileged(exec)) lookAt(session, [owner.id], () => cause, 0);
  // The event of its end, where that has come, is the better cause.
  if (isOver && !pending.endedExecs.has(exec.id)) endExec(session, exec.id, owner.id, cause);
}

/** Takes back what was told of an exec that has ended. */
export function endExec(
  { inventory, publisher, starts }: WatchSession,
  id: string,
  container: string,
  cause: Cause,
): void {
  inventory.dropExec(id);
  starts.settled(id);
  const owner = inventory.container(container);
  if (owner) publisher.execs(owner, cause);
}

function isPrivileged({ subject }: ToldExec): boolean {
  return subject.views.some((view) => valueOr(view.privileged, true) === true);
}
