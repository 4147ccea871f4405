import type { Origin } from "../../model/origin.ts";

/** One property that the kernel enforces less strictly than the Engine says. */
export interface Difference {
  /** Docker's name of it: `memory`, `pids-limit`, `mount /data`. */
  readonly field: string;
  readonly configured: string;
  readonly effective: string;
  readonly origins: readonly Origin[];
}
