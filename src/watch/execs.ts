import type { EngineClient } from "../engine/client.ts";
import { readExec, type ToldExec } from "../engine/read-part.ts";
import { valueOr } from "../model/fact.ts";
import type { Cause } from "./change.ts";
import type { Desk } from "./desk.ts";
import { lookAt } from "./look.ts";
import type { PendingExec } from "./pending.ts";

/** Milliseconds until an exec is asked for again whose process, or whose container, is not known yet. */
const waits = [30, 100, 400, 1_500, 5_000];

/** Asks until the exec is known: its process, and its container, may come a moment after its event. */
export async function readStartedExec(
  desk: Desk,
  from: EngineClient,
  id: string,
  { container, cause }: PendingExec,
): Promise<void> {
  const { scene, pending, work } = desk;
  for (const wait of [0, ...waits]) {
    if (wait > 0) await work.sleep(wait);
    if (work.isOver) return;
    const owner = scene.container(container);
    const view = owner?.subject.views[0];
    const told = owner && view ? await readExec(from, id, owner, view) : undefined;
    if (work.isOver || (owner && !told)) return;
    const isOver = told?.over === true || pending.endedExecs.has(id);
    if (!told || (told.pid === 0 && !isOver)) continue;
    tell(desk, told, cause(told.process), isOver);
    return;
  }
}

function tell(desk: Desk, exec: ToldExec, cause: Cause, isOver: boolean): void {
  const { scene, teller, pending } = desk;
  const owner = scene.container(exec.containerId);
  if (!owner) return;
  scene.putExec(exec);
  // Before the kernel is looked at, which may find it gone already.
  teller.execs(owner, cause);
  // What holds no more than its container can wait for the sweep: health checks come by the hundred.
  if (!isOver && isPrivileged(exec)) lookAt(desk, [owner.id], () => cause, 0);
  // The event of its end, where that has come, is the better cause.
  if (isOver && !pending.endedExecs.has(exec.id)) endExec(desk, exec.id, owner.id, cause);
}

/** Takes back what was told of an exec that has ended. */
export function endExec({ scene, teller }: Desk, id: string, container: string, cause: Cause): void {
  scene.dropExec(id);
  const owner = scene.container(container);
  if (owner) teller.execs(owner, cause);
}

function isPrivileged({ subject }: ToldExec): boolean {
  return subject.views.some((view) => valueOr(view.privileged, true) === true);
}
