import type { Cause } from "./change.ts";
import type { Publisher } from "./changes/publisher.ts";
import type { Drifts } from "./drift/drifts.ts";
import type { Inventory } from "./inventory/inventory.ts";
import type { WatchListener } from "./listener.ts";
import type { ExecStarts } from "./reading/exec-starts.ts";
import type { Pending } from "./reading/pending.ts";
import type { Work } from "./work.ts";

/** What the parts of a watch share. */
export interface WatchSession {
  readonly inventory: Inventory;
  readonly publisher: Publisher;
  readonly drifts: Drifts;
  readonly starts: ExecStarts;
  readonly pending: Pending;
  readonly work: Work;
  readonly listener: WatchListener;
  /** The containers that events told of since the last sweep, and between the two before. */
  readonly told: { since: Set<string>; before: ReadonlySet<string> };
  /** Milliseconds of CPU that it took last to compare the Engine's list: the next sweep waits for them, too. */
  readonly list: { cpu: number };
  /** The file that was written by hand, by container, until its look is done: it is the cause for any look that comes first. */
  readonly written: Map<string, Cause>;
  /** While everything is read. */
  whole: WholeReading | undefined;
  /** The Engine does not answer: another connection is made, and that reads all again. */
  reconnect(): void;
}

/** What happens to containers while everything is read, by their ids. */
export interface WholeReading {
  /** What events told of them. */
  readonly causes: Map<string, Cause>;
  /** Containers that were read or removed on their own while everything is being read. */
  readonly fresh: Set<string>;
}
