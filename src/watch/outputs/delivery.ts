import type { Change } from "../change.ts";

/** Changes on their way to a receiver, in one message. */
export interface Delivery {
  /** The name of the watched host. */
  readonly host: string;
  readonly version: string;
  /** How many changes before these were dropped, since the queue was full. */
  readonly lost: number;
  readonly changes: readonly Delivered[];
}

export interface Delivered {
  /** The same at each attempt: who has seen it already leaves the change out. */
  readonly id: string;
  readonly change: Change;
}
