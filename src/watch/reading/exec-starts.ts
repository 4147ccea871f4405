import type { LiveExec } from "../../engine/read/live-reading.ts";
import type { Cause } from "../change.ts";
import type { Work } from "../work.ts";
import type { PendingExec } from "./pending.ts";

/**
 * The Engine's events of execs that start. The kernel may tell of the same process first, on a busy host long before the event
 * comes: anyone who finds an exec first, its event is the cause.
 */
export interface ExecStarts {
  take(id: string, start: PendingExec): void;
  /** The exec's event, until the kernel was looked at for it: what it gains later is another's doing. */
  causeOf(exec: Pick<LiveExec, "id" | "process">): Cause | undefined;
  /** Whether an exec of this container started that is not read yet. */
  isOpen(container: string): boolean;
  /** It was read, or cannot be. */
  read(id: string): void;
  /** Its processes are known. */
  settled(id: string): void;
  /** Waits a moment for the events of these execs, which the Engine sent before it started them. */
  heard(ids: readonly string[], work: Pick<Work, "sleep" | "isOver">): Promise<void>;
}

/** Milliseconds that an event is waited for, and between two looks whether it came. */
const patience = { longest: 300, between: 20 };

/** Starts that are kept. */
const most = 10_000;

export function openExecStarts(): ExecStarts {
  const starts = new Map<string, PendingExec & { readonly isRead: boolean }>();
  return {
    take(id, start) {
      if (starts.size >= most) for (const oldest of starts.keys()) if (starts.delete(oldest)) break;
      starts.set(id, { ...start, isRead: false });
    },
    causeOf: ({ id, process }) => starts.get(id)?.cause(process),
    isOpen: (container) => [...starts.values()].some((each) => each.container === container && !each.isRead),
    read(id) {
      const start = starts.get(id);
      if (start) starts.set(id, { ...start, isRead: true });
    },
    settled(id) {
      starts.delete(id);
    },
    async heard(ids, work) {
      const until = performance.now() + patience.longest;
      while (ids.some((id) => !starts.has(id)) && performance.now() < until && !work.isOver)
        await work.sleep(patience.between);
    },
  };
}
